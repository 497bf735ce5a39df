"""The chapters and the pages around them as text, for the tests that read them."""

import json
import re
from pathlib import Path

import pytest
from everything import EVERYTHING

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(ROOT.glob("chapters/[0-9]*.ipynb"))
PAGES = [*sorted(ROOT.glob("chapters/*.ipynb")), *sorted(ROOT.glob("chapters/*.md"))]
PAGES.append(ROOT / "README.md")
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


def some_notebooks(*quick):
    """All notebooks as parameters; those that are not quick are skipped, but with everything."""
    slow = pytest.mark.skipif(not EVERYTHING, reason="RESNET_LAB_EVERYTHING=1 runs every notebook")
    return [
        pytest.param(path, id=path.stem, marks=[] if path.stem in quick else slow)
        for path in sorted(ROOT.glob("chapters/*.ipynb"))
    ]


def numbered(number):
    """The chapter with this number."""
    return next(chapter for chapter in CHAPTERS if chapter.stem[:2] == f"{int(number):02d}")


def cells(chapter, kind):
    """The sources of a notebook's cells of one kind; a page of Markdown is one cell."""
    if chapter.suffix == ".md":
        return [chapter.read_text(encoding="utf-8")] * (kind == "markdown")
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def section(chapter, heading):
    """The text and code under a heading, down to the next of its rank; None without it.

    Links are their text.
    """
    lines, inside, rank, fenced = [], False, 0, False
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for line in "".join(cell["source"]).split("\n"):
            fenced ^= line.startswith("```")
            marks, _, title = line.partition(" ")
            if cell["cell_type"] == "markdown" and not fenced and marks and set(marks) == {"#"}:
                if inside and len(marks) <= rank:
                    return "\n".join(lines)
                if title == heading:
                    inside, rank = True, len(marks)
            elif inside:
                lines.append(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line).replace("{,}", ","))
    return "\n".join(lines) if inside else None
