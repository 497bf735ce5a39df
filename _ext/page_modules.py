"""Which of the package's modules a page runs: explorers and exercises, and all that they import."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import resnet_lab
from resnet_lab.explorers import ALL

PACKAGE = Path(resnet_lab.__file__).parent
PAGE = Path(__file__).parent / "page"
EXPLORERS = [name.replace("-", "_") for name in ALL]  # each has a file named as its link
# In a page these packages bring nothing by themselves: each module is asked for by its own name.
EMPTY = ("resnet_lab.draw", "resnet_lab.explorers")
FROM_FILES = {"resnet_lab.recorded.why_it_works"}  # reads one, which a page does not have
SHARED_BY = 5


class Module(NamedTuple):
    source: str
    is_package: bool = False


def page_modules() -> dict[str, Module]:
    """Every module that any page runs, by its full name; the last one starts all others."""
    found = {name: module for part in page_parts().values() for name, module in part.items()}
    own = ("page_exercises", "page_cells")
    starts = [name for name in found if name.rpartition(".")[2] in (*EXPLORERS, *own)]
    everything = "".join([f"import {name}\n" for name in ("page", *starts)])
    return {**found, "page_everything": Module(everything)}


@cache
def page_parts() -> dict[str, dict[str, Module]]:
    """What pages load: "base", and what each explorer, the exercises and the cells need more.

    Modules that several of them need are in the base. The last module of a part starts it.
    """
    starts = {name: f"explorers.{name}" for name in EXPLORERS}
    needed = {name: package_modules(PACKAGE, [start], read) for name, start in starts.items()}
    needed["exercises"] = {
        **package_modules(PACKAGE, ["exercises"], read),
        "page_exercises": own("exercises.py"),
    }
    count: dict[str, int] = {}
    for modules in needed.values():
        for name in modules:
            count[name] = count.get(name, 0) + 1
    every = {name: module for modules in needed.values() for name, module in modules.items()}
    base = {name: module for name, module in every.items() if count[name] >= SHARED_BY}
    parts = {
        "base": {
            "__future__": Module("annotations = None"),
            "dataclasses": own("dataclasses.py"),
            "json": own("json.py"),
            **base,
            **package_modules(PACKAGE, ["explorers.explorer"], read),
            "page": own("entry.py"),
        }
    }
    for name, modules in needed.items():
        more = {each: module for each, module in modules.items() if each not in parts["base"]}
        start = f"resnet_lab.explorers.{name}" if name in EXPLORERS else "page_exercises"
        parts[name] = {each: more[each] for each in sorted(more, key=lambda one: one == start)}
    parts["cells"] = {
        "math": own("math.py"),
        "IPython": Module("", is_package=True),
        "IPython.display": own("display.py"),
        **package_modules(PACKAGE, [*free_modules(), "exercises.checking"], read),
        "page_offered": Module(drawings() + f"NAMES = {sorted(offered())}\n"),
        "page_cells": own("cells.py"),
    }
    for name in parts["base"]:
        parts["cells"].pop(name, None)
    return parts


@cache
def free_modules() -> tuple[str, ...]:
    """The package's modules for cells: those that import nothing but others and a dataclass."""
    names = [
        ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
        for folder in (PACKAGE, PACKAGE / "draw")
        for file in sorted(folder.glob("*.py"))
        if not file.stem.startswith("__")
    ]
    modules = package_modules(PACKAGE, names)
    imported = {
        name: imports_of(module.source, home_of(name, module)) for name, module in modules.items()
    }
    brought, free = ("resnet_lab", "__future__", "dataclasses"), set(modules)

    def fits(name: str) -> bool:
        return all(
            each.split(".")[0] in brought and (each in free or each not in modules)
            for each in imported[name]
        )

    while unfit := {name for name in free if not fits(name)}:
        free -= unfit
    return tuple(name for name in names if f"{PACKAGE.name}.{name}" in free)


@cache
def offered() -> frozenset[str]:
    """The full names of all that a cell can import in a page: modules, and what is in them."""
    names = {f"resnet_lab.draw.{name}" for name in exports()}
    names |= {f"resnet_lab.{name}" for name in resnet_lab.__all__}
    own_modules = {"math": own("math.py"), "IPython.display": own("display.py")}
    free = package_modules(PACKAGE, free_modules())
    for name, module in {**free, **own_modules}.items():
        names |= {name} | {f"{name}.{each}" for each in defined(module.source)}
    return frozenset(names | {"resnet_lab", "resnet_lab.draw"}) - FROM_FILES


def defined(source: str) -> Iterator[str]:
    """The names that a module defines for others."""
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            inside = [each for target in node.targets for each in ast.walk(target)]
            names = [each.id for each in inside if isinstance(each, ast.Name)]
        else:
            continue
        yield from [name for name in names if not name.startswith("_")]


def drawings() -> str:
    """Statements that put into `resnet_lab.draw`, which is empty in a page, what it offers."""
    return "import resnet_lab.draw\n" + "".join(
        [
            f"import {home}\nresnet_lab.draw.{name} = {home}.{name}\n"
            for name, home in exports().items()
        ]
    )


def own(name: str) -> Module:
    """A module that is for pages alone."""
    return Module((PAGE / name).read_text(encoding="utf-8"))


@cache
def read(name: str, file: Path) -> str:
    """A module as pages have it: it asks the drawings' modules for what it takes from `draw`.

    >>> "from resnet_lab.draw.charts import chart as draw_chart" in read(
    ...     "resnet_lab.explorers.race", PACKAGE / "explorers" / "race.py"
    ... )
    True
    """
    if name in EMPTY:
        return ""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    direct = Direct()
    direct.visit(tree)
    homes = exports()
    added = [
        ast.ImportFrom(homes[used], [ast.alias(used, f"draw_{used}")], 0)
        for used in sorted(direct.used)
    ]
    place = direct.place(tree)
    tree.body[place:place] = added
    return ast.unparse(ast.fix_missing_locations(tree))


@cache
def exports() -> dict[str, str]:
    """The module of each name that `draw` offers."""
    tree = ast.parse((PACKAGE / "draw" / "__init__.py").read_text(encoding="utf-8"))
    return {
        alias.name: f"resnet_lab.draw.{node.module}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }


class Direct(ast.NodeTransformer):
    """`draw.chart` becomes `draw_chart`, and `used` knows of "chart"."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.imported = False

    def place(self, tree: ast.Module) -> int:
        """Where imports may be put: behind the docstring and what comes from the future."""
        found = 0
        for index, node in enumerate(tree.body[:3]):
            future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
            if future or isinstance(node, ast.Expr):
                found = index + 1
        return found

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:  # noqa: N802
        if node.module is None and node.level:
            others = [alias for alias in node.names if alias.name != "draw"]
            self.imported = self.imported or others != node.names
            node.names = others
        return node if node.names else None

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        if self.imported and isinstance(node.value, ast.Name) and node.value.id == "draw":
            self.used.add(node.attr)
            return ast.copy_location(ast.Name(f"draw_{node.attr}", node.ctx), node)
        return node


def as_it_is(name: str, file: Path) -> str:
    return file.read_text(encoding="utf-8")


def package_modules(
    package: Path, starts: Iterable[str], read: Callable[[str, Path], str] = as_it_is
) -> dict[str, Module]:
    """The modules of a package that are loaded when those in `starts` are imported.

    Imports inside functions are left out: they are for notebooks. So is what only a type checker
    imports.
    """
    found: dict[str, Module] = {}
    waiting = [f"{package.name}.{name}" for name in starts]
    while waiting:
        name = waiting.pop()
        path = package.parent.joinpath(*name.split("."))
        is_package = path.is_dir()
        file = path / "__init__.py" if is_package else path.with_suffix(".py")
        # A name in `from .module import name` may be a module or anything else.
        if name in found or not file.is_file():
            continue
        found[name] = Module(read(name, file), is_package)
        parent = name.rpartition(".")[0]
        imported = imports_of(found[name].source, home_of(name, found[name]))
        waiting += [each for each in (parent, *imported) if each.startswith(package.name)]
    return found


def home_of(name: str, module: Module) -> str:
    """The package that a module's relative imports start from."""
    return name if module.is_package else name.rpartition(".")[0]


@cache
def imports_of(source: str, home: str) -> tuple[str, ...]:
    return tuple(imports(ast.parse(source).body, home))


def imports(body: list[ast.stmt], home: str) -> Iterator[str]:
    """The full names that statements import when a module of the package `home` starts."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = home.split(".")[: 1 - node.level or None] if node.level else []
            module = ".".join([*parts, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If):
            yield from imports([] if for_type_checkers(node) else node.body, home)
            yield from imports(node.orelse, home)
        elif isinstance(node, ast.Try):
            yield from imports([*node.body, *node.orelse, *node.finalbody], home)


def for_type_checkers(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def lean(source: str) -> str:
    """A module without what no page needs: docstrings and annotations.

    A class keeps its own annotations, which make the fields of a dataclass.
    """
    return ast.unparse(ast.fix_missing_locations(Lean().visit(ast.parse(source))))


class Lean(ast.NodeTransformer):
    def __init__(self) -> None:
        self.fields: set[ast.stmt] = set()

    def visit_Module(self, node: ast.Module) -> ast.AST:  # noqa: N802, ast's own names
        return self.without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:  # noqa: N802
        self.fields |= {each for each in node.body if isinstance(each, ast.AnnAssign)}
        return self.without_docstring(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # noqa: N802
        node.returns = None
        return self.without_docstring(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:  # noqa: N802
        if node in self.fields:
            return self.generic_visit(node)
        if node.value is None:
            return None
        return self.generic_visit(ast.Assign(targets=[node.target], value=node.value))

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:  # noqa: N802
        if not for_type_checkers(node):
            return self.generic_visit(node)
        otherwise = ast.Module(body=node.orelse, type_ignores=[])
        self.generic_visit(otherwise)
        return otherwise.body

    def without_docstring(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> ast.AST:
        if ast.get_docstring(node) is not None:
            del node.body[0]
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node
