"""Cells of chapters that a page can change and run, with the package's own Python.

A cell gets a button where it and what it needs of the cells before it use nothing that pages do
not have. What happens when it is pressed is in `static/cells.js` and `page/cells.py`.
"""

from __future__ import annotations

import ast
import builtins
import json
import symtable
from collections.abc import Iterable, Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from resnet_lab.exercises.checking import escape

from .page_modules import offered

GIVEN = {*dir(builtins), "display", "__name__"}
CHANGES = {
    "add",
    "append",
    "clear",
    "extend",
    "insert",
    "pop",
    "remove",
    "reverse",
    "sort",
    "update",
}


def add_buttons(app: Sphinx, doctree: nodes.document) -> None:
    """Under the code of every cell that a page can run and that shows something."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    before = dict(enumerate(runnable_cells(path.read_text(encoding="utf-8"))))
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") != "cell_code" or before[cell["cell_index"]] is None:
            continue
        parts = {part.get("nb_element"): part for part in cell.children}
        if {"cell_code_source", "cell_code_output"} <= set(parts):
            needed = escape(before[cell["cell_index"]] or "")
            button = (
                f'<button type="button" class="rl-edit" data-before="{needed}" hidden>'
                "Edit and run</button>"
            )
            parts["cell_code_source"] += nodes.raw("", button, format="html")


def runnable_cells(notebook: str) -> Iterator[str | None]:
    """`runnable` for the cells of a notebook as they stand in its file, Markdown among them."""
    cells = json.loads(notebook)["cells"]
    code = [cell["cell_type"] == "code" for cell in cells]
    found = runnable(
        ["".join(cell["source"]) for cell, is_code in zip(cells, code, strict=True) if is_code],
        offered(),
    )
    return (next(found) if is_code else None for is_code in code)


def runnable(sources: Iterable[str], there: Iterable[str]) -> Iterator[str | None]:
    """For each cell, the statements before it that it needs, or None where a page cannot run it.

    Args:
        sources: a notebook's code cells, in order.
        there: the full names of what pages can import.

    Example:
        >>> cells = ["import torch\\nfrom math import pi\\nr = 2", "print(pi * r)", "torch.rand(r)"]
        >>> list(runnable(cells, ["math.pi"]))
        [None, 'from math import pi\\nr = 2', None]
    """
    names, before = set(there), list[Statement]()
    for source in sources:
        try:
            own = [Statement(node) for node in statements(source)]
        except SyntaxError:  # a magic of Jupyter
            own = []
        yield needed(own, before, names) if own else None
        before += own


def statements(source: str) -> Iterator[ast.stmt]:
    """The statements of a cell, with one import each."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            yield from [ast.Import([name]) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            yield from [ast.ImportFrom(node.module, [name], node.level) for name in node.names]
        else:
            yield node


class Statement:
    """A statement of a notebook: the names that it reads, sets and changes, and its imports."""

    def __init__(self, node: ast.stmt) -> None:
        self.text = ast.unparse(node)
        self.reads, self.sets = names_of(node)
        inside = list(ast.walk(node))
        self.changes = {name for each in inside for name in changed(each)}
        self.imports = {name for each in inside for name in imported(each)}


def names_of(node: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement reads before it sets them, and those that it sets."""
    if not (inner := parts(node)):
        alike = Generators().visit(ast.parse(ast.unparse(node)))
        table = symtable.symtable(ast.unparse(alike), "", "exec")
        symbols = table.get_symbols()
        reads = {name.get_name() for name in symbols if name.is_referenced()} | from_within(table)
        return reads, {
            name.get_name() for name in symbols if name.is_assigned() or name.is_imported()
        }
    reads, sets = set[str](), set[str]()
    for each in inner:
        more, new = names_of(each)
        reads |= more - sets
        sets |= new
    return reads, sets


class Generators(ast.NodeTransformer):
    """Comprehensions as generators, which keep their names to themselves in every Python."""

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    visit_SetComp = visit_ListComp  # noqa: N815

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)


def parts(node: ast.stmt) -> list[ast.stmt]:
    """A compound statement as simple ones, in the order in which they run."""
    if isinstance(node, ast.For):
        return [ast.Assign([node.target], node.iter, lineno=0), *node.body, *node.orelse]
    if isinstance(node, (ast.If, ast.While)):
        return [ast.Expr(node.test), *node.body, *node.orelse]
    if isinstance(node, ast.With):
        return [*(ast.Expr(item.context_expr) for item in node.items), *node.body]
    if isinstance(node, ast.Try):
        handlers = [each for handler in node.handlers for each in handler.body]
        return [*node.body, *handlers, *node.orelse, *node.finalbody]
    return []


def from_within(table: symtable.SymbolTable) -> set[str]:
    """The notebook's names that a table's functions and comprehensions read."""
    found: set[str] = set()
    for child in table.get_children():
        found |= {name.get_name() for name in child.get_symbols() if name.is_global()}
        found |= from_within(child)
    return found


def changed(node: ast.AST) -> Iterator[str]:
    """The name of what a node changes in place: `x[0] = 1`, `x.size = 1`, `x.append(1)`."""
    place = None
    if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
        place = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        place = node.func.value if node.func.attr in CHANGES else None
    if isinstance(place, ast.Name):
        yield place.id


def imported(node: ast.AST) -> Iterator[str]:
    """The full names of what a node imports."""
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{name.name}" for name in node.names)


def needed(own: list[Statement], before: list[Statement], there: set[str]) -> str | None:
    """The statements of `before` that `own` needs, or None where something is not there."""
    wanted, chosen = set[str](), list[Statement]()
    for statement in reversed(own):
        wanted = wanted - statement.sets | statement.reads
    for statement in reversed(before):
        if wanted & (statement.sets | statement.changes):
            chosen.insert(0, statement)
            wanted = wanted - statement.sets | statement.reads
    imports = {name for statement in (*own, *chosen) for name in statement.imports}
    if wanted - GIVEN or imports - there:
        return None
    return "\n".join([statement.text for statement in chosen])


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", add_buttons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
