"""Which of the package's modules a page runs: explorers and exercises, and all that they import."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import resnet_lab

PACKAGE = Path(resnet_lab.__file__).parent
PAGE = Path(__file__).parent / "page"
STARTS = ("explorers", "exercises")


class Module(NamedTuple):
    source: str
    is_package: bool = False


def page_modules() -> dict[str, Module]:
    """Every module of the bundle by its full name; the last one starts the others."""
    return {
        "__future__": Module("annotations = None"),
        "dataclasses": Module((PAGE / "dataclasses.py").read_text(encoding="utf-8")),
        **package_modules(PACKAGE, STARTS),
        "page": Module((PAGE / "entry.py").read_text(encoding="utf-8")),
    }


def package_modules(package: Path, starts: Iterable[str]) -> dict[str, Module]:
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
        found[name] = Module(file.read_text(encoding="utf-8"), is_package)
        parent = name.rpartition(".")[0]
        home = name if is_package else parent
        imported = imports(ast.parse(found[name].source).body, home)
        waiting += [each for each in (parent, *imported) if each.startswith(package.name)]
    return found


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
