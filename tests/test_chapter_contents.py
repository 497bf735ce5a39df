"""What each chapter must hold, and its rhythm. Nothing is executed."""

import ast
import json
import re
from pathlib import Path

import pytest

from chapters import PAGES, cells, each_chapter, numbered, section
from resnet_lab import explorers


def items():
    """Chapter, heading, what it is, and terms to be found, of each item in must_be_there.txt."""
    text = Path(__file__).with_name("must_be_there.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = []
    for line in lines:
        if not line.startswith(" "):
            number, heading = line.split(" | ")
            found.append((int(number), heading, "", []))
        elif not line.startswith("    "):
            found[-1] = (*found[-1][:2], line.strip(), [])
        else:
            found[-1][3].extend(line.strip().split(" | "))
    return found


@pytest.mark.parametrize("item", items(), ids=lambda item: f"{item[0]}: {item[2]}")
def test_what_must_be_there_is_there(item):
    number, heading, _, terms = item
    text = section(numbered(number), heading)
    assert text is not None, f"chapter {number} has no heading {heading!r}"
    assert terms and [term for term in terms if term not in text] == []


def test_each_mistake_has_its_cell_its_correction_and_its_source():
    chapter = numbered(18)
    headings = re.findall(r"(?m)^## (\d+\. .*)$", "\n".join(cells(chapter, "markdown")))
    assert [heading.partition(".")[0] for heading in headings] == [
        str(number) for number in range(1, 19)
    ]
    for heading in headings:
        text = section(chapter, heading)
        for part in ("**The mistake.**", "assert ", "**Put right.**", "*Source:*"):
            assert part in text, (heading, part)


@each_chapter
def test_a_chapter_opens_with_a_question_and_a_promise_and_closes_in_order(chapter):
    opening, text = cells(chapter, "markdown")[0], "\n\n".join(cells(chapter, "markdown"))
    title, question, promise = (
        opening.partition("\n")[0],
        *opening.split("**After this chapter you can**"),
    )
    assert title.startswith("# ") and "?" in question
    assert len(re.findall(r"(?m)^- .*[;.]$", promise)) >= 3 and promise.rstrip().endswith(".")
    assert re.findall(r"(?m)^## (.*)$", text)[-4:] == [
        "Exercises",
        "Summary",
        "Go further",
        "Sources",
    ]


@each_chapter
def test_code_fits_the_page(chapter):
    for source in cells(chapter, "code"):
        lines = source.splitlines()
        assert len(lines) <= 30, lines[0]
        assert [line for line in lines if len(line) > 76] == []


# A section measures where its code trains a network or looks at the clock; it reports in a table
# if it prints in a loop.
MEASURES = re.compile(r"\b(?:fit|train|learn|evaluate|signals|effective|perf_counter|profile)\(")
SHOWS = re.compile(r"(?m)^(?:show\(|HTML\(|explorers\.|display\()")


def sections(chapter):
    """The headings of the second rank, each with the cells under it that a reader sees."""
    found = {"": []}
    for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for heading in re.findall(r"(?m)^## (.*)$", source):
                found[heading] = []
        elif "remove-cell" not in cell["metadata"].get("tags", []):
            found[list(found)[-1]].append(source)
    return found


def prints_in_a_loop(source):
    loops = [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.For, ast.While))]
    return any(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
        for loop in loops
        for node in ast.walk(loop)
    )


@each_chapter
def test_a_section_that_reports_a_measurement_shows_it(chapter):
    if chapter.stem.startswith("18"):
        return  # a list of short tests, each of one number
    bare = [
        heading
        for heading, found in sections(chapter).items()
        if any(MEASURES.search(re.sub(r"def \w+\(", "", source)) for source in found)
        and any(map(prints_in_a_loop, found))
        and not any(map(SHOWS.search, found))
    ]
    assert bare == []


@each_chapter
def test_exercises_say_how_hard_they_are(chapter):
    asked = [text for text in cells(chapter, "markdown") if text.startswith("**Exercise ")]
    marks = [
        re.search(r"^\*\*Exercise [\d.]+\*\* \*\((easy|medium|hard)\)\* ", text) for text in asked
    ]
    assert all(marks) or not any(marks)
    if all(marks):
        assert {mark[1] for mark in marks} >= {"easy", "medium"}


def test_no_page_speaks_of_what_has_not_been_measured():
    for page in PAGES:
        assert "not measured" not in "\n".join(cells(page, "markdown")), page.name


@each_chapter
def test_a_chapter_shows_the_explorers_that_name_it(chapter):
    last_lines = [source.rstrip().rpartition("\n")[2] for source in cells(chapter, "code")]
    shown = [line.partition(".")[2] for line in last_lines if line.startswith("explorers.")]
    every = explorers.ALL.values()
    own = {each.name.replace("-", "_") for each in every if each.chapter == chapter.stem}
    assert own <= set(shown)
    assert all(isinstance(getattr(explorers, name), explorers.Explorer) for name in shown)


@each_chapter
def test_cases_of_code_and_choices_among_numbers_are_computed(chapter):
    """Answers that are numbers are looked at in tests/test_exercises.py."""

    def is_number(option):
        return isinstance(option, ast.Constant) and re.fullmatch(r"[\d.,]+", option.value)

    for source in cells(chapter, "code"):
        for call in [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]:
            given = {keyword.arg: keyword.value for keyword in call.keywords} | dict(
                enumerate(call.args)
            )
            kind, computed = getattr(call.func, "id", ""), None
            if kind == "Code":
                computed = given.get("cases", given.get(4))
            elif kind == "Choice" and all(
                map(is_number, getattr(given.get("options", given.get(2)), "elts", [None]))
            ):
                computed = given.get("answer", given.get(3))
            assert computed is None or any(
                isinstance(node, ast.Name) for node in ast.walk(computed)
            ), source
