"""Exercises in JupyterLab, in a headless browser: answered wrong, then right, with the keyboard."""

import pytest
from jupyter import ROOT, lab  # noqa: F401

from resnet_lab.exercises import exercise

CELL = ".jp-CodeCell:has-text('exercise(\"{}\")')"


@pytest.fixture(scope="module")
def notebook(lab):  # noqa: F811
    """Chapter 5, run from top to bottom."""
    with lab.open(lab.add(ROOT / "chapters" / "05-output-sizes.ipynb")[0]) as page:
        lab.run_all(page)
        yield page


def verdict(cell, mark):
    """What the form says, once its mark is there."""
    cell.locator(f"[role=status]:has(b:text-is('{mark}'))").wait_for(timeout=20_000)
    return cell.locator("[role=status]").inner_text()


def test_a_number_is_answered_wrong_and_right_with_enter(notebook):
    cell = notebook.locator(CELL.format("5.1"))
    assert "151" not in cell.inner_text()
    field = cell.get_by_label("Answer to exercise 5.1")
    field.press_sequentially("150")
    field.press("Enter")
    assert "150 is not it. That is the number of steps." in verdict(cell, "✗")
    notebook.wait_for_timeout(600)
    field.press("Backspace")
    cell.locator("[role=status]").wait_for(state="detached")
    field.press("1")
    field.press("Enter")
    assert "Right: 151." in verdict(cell, "✓")
    colour = cell.locator("[role=status] b").evaluate("mark => getComputedStyle(mark).color")
    assert colour != cell.locator("[role=status]").evaluate("each => getComputedStyle(each).color")


def test_a_choice_and_its_solution(notebook):
    cell = notebook.locator(CELL.format("5.3"))
    assert "A step that has no room" not in cell.inner_text()
    cell.get_by_text("(a) Nothing").click()
    cell.get_by_role("button", name="Check").click()
    assert "(a) is not it." in verdict(cell, "✗")
    notebook.wait_for_timeout(600)
    cell.get_by_text("(b) The number is rounded down").click()
    cell.get_by_role("button", name="Check").click()
    assert "Right: (b)." in verdict(cell, "✓")
    cell.get_by_role("button", name="Solution").click()
    cell.get_by_text("A step that has no room").wait_for()


def test_another_one(notebook):
    cell, other = notebook.locator(CELL.format("5.2")), exercise("5.2", seed=1)
    cell.get_by_role("button", name="Another one").click()
    cell.get_by_text(other.question).wait_for()
    field = cell.get_by_label("Answer to exercise 5.2")
    for answer, mark in ((other.record["slips"][0][0], "✗"), (other.record["answer"], "✓")):
        notebook.wait_for_timeout(600)
        field.fill(str(answer))
        field.press("Enter")
        assert str(answer) in verdict(cell, mark)


def test_code_that_does_not_end_is_stopped_and_the_kernel_answers_on(notebook):
    cell = notebook.locator(CELL.format("5.6"))
    field = cell.get_by_label("Answer to exercise 5.6")
    for body, mark, says in (
        ("while True: pass", "✗", "was stopped"),
        ("return (n + 2*p - d*(k - 1) - 1) // s + 1", "✓", "Right: 7 of 7"),
    ):
        field.fill(f"def output_size(n, k, s, p, d):\n    {body}")
        cell.get_by_role("button", name="Check").click()
        assert says in verdict(cell, mark)


def test_the_form_stands_under_its_question_in_every_exercise(notebook):
    for place in range(1, 8):
        question = notebook.locator(".jp-RenderedMarkdown strong", has_text=f"Exercise 5.{place}.")
        question.scroll_into_view_if_needed()
        form = notebook.locator(CELL.format(f"5.{place}")).locator(".widget-vbox").first
        form.wait_for()
        assert 0 < form.bounding_box()["y"] - question.bounding_box()["y"] < 250
