"""What a cell of a chapter needs of the cells before it, and whether a page can run it."""

import io
import json
from contextlib import redirect_stdout

import pytest

from _ext.cells import runnable, runnable_cells
from _ext.page_modules import offered
from chapters import each_chapter

THERE = ("math", "math.pi", "resnet_lab", "resnet_lab.trace")


@pytest.mark.parametrize(
    "cells, before",
    [
        (["x = 1", "y = 2", "print(y)"], "y = 2"),
        (["x = 1", "x = x + 1", "print(x)"], "x = 1\nx = x + 1"),
        (["x = 1", "x = 5", "print(x)"], "x = 5"),
        (["xs = []", "xs.append(1)", "print(xs)"], "xs = []\nxs.append(1)"),
        (["xs = {}", "xs['a'] = 1", "xs"], "xs = {}\nxs['a'] = 1"),
        (["k = torch", "for k in (1, 2):\n    print(k)"], ""),
        (["a = 1", "def f(x):\n    return x + a", "f(2)"], "a = 1\ndef f(x):\n    return x + a"),
        (["i = torch", "[i for i in (1, 2)]"], ""),
        (["i = k = torch", "{k: i for i, k in zip((1, 2), (3, 4))}"], ""),
        (["import torch\nimport math", "math.sqrt(2)"], "import math"),
        (["import torch", "torch.rand(2)"], None),
        (["from resnet_lab import trace, build", "trace"], "from resnet_lab import trace"),
        (["from resnet_lab import trace, build", "build"], None),
        (["x = 1", "%timeit x"], None),
        (["x = 1\nif x:\n    y = 2", "y"], "x = 1\nif x:\n    y = 2"),
    ],
)
def test_what_the_last_cell_needs(cells, before):
    assert list(runnable(cells, THERE))[-1] == before


@each_chapter
def test_a_cell_runs_with_nothing_but_what_it_needs(chapter):
    """Its assertions hold as well; the pages' tests look at what it shows."""
    notebook = chapter.read_text(encoding="utf-8")
    for cell, before in zip(json.loads(notebook)["cells"], runnable_cells(notebook), strict=True):
        source = "".join(cell["source"])
        if before is not None and "explorers" not in source and "exercise(" not in source:
            with redirect_stdout(io.StringIO()):
                exec(f"{before}\n{source}", {"__name__": "__main__"})


def test_what_pages_offer_is_there_and_needs_no_pytorch(fresh):
    code = """
import importlib, sys
from _ext.page_modules import offered
for name in sorted(offered()):
    if not name.startswith("IPython"):
        parent, _, last = name.rpartition(".")
        try:
            importlib.import_module(name)
        except ImportError:
            assert hasattr(importlib.import_module(parent), last), name
print("torch" in sys.modules or "numpy" in sys.modules)
"""
    assert fresh(code) == "False"
    assert {"resnet_lab.trace", "resnet_lab.draw.network", "math.log"} <= offered()
