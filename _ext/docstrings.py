"""Formulas in docstrings, which read well as text, become TeX for the reference page."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

BEGINS = re.compile(r"(?P<indent> *)\.\. math::")
SIGNS = {"²": "^2", "³": "^3", "½": r"\tfrac12 "}


def tex(formula: str) -> str:
    """A formula with subscripts of several letters upright, powers as powers, wide gaps kept."""
    formula = re.sub(r"_(\w{2,})", r"_{\\text{\1}}", formula)
    for sign, word in SIGNS.items():
        formula = formula.replace(sign, word)
    return re.sub(" {2,}", r"\\quad ", formula)


def set_formulas(
    app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]
) -> None:
    """Rewrite what stands in a `math` directive, on its line or indented below it."""
    deep = 0
    for place, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if begins := BEGINS.match(line):
            deep = indent + 1
            lines[place] = begins[0] + " " + tex(line[begins.end() :].strip())
        elif deep and line.strip():
            deep = deep * (indent >= deep)
            lines[place] = line[:indent] + tex(line[indent:]) if deep else line


def keep_colons(
    app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]
) -> None:
    """Keep napoleon from taking what stands before a property's first colon for a type."""
    if what == "property" and lines:
        lines[:0] = ["..", ""]  # an empty comment, without a colon


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", keep_colons, priority=400)
    # After napoleon, which has the sections laid out by then.
    app.connect("autodoc-process-docstring", set_formulas, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
