"""A chapter in the classic notebook 6.5 with ipywidgets 7.7: explorer, exercises, no PyTorch."""

import pytest
from classic import classic  # noqa: F401 - a fixture
from notebook_controls import Notebook

from chapters import ROOT
from resnet_lab.explorers import ALL

pytestmark = pytest.mark.slow
CELL = ".code_cell:has-text('exercise(\"{}\")')"


@pytest.fixture(scope="module")
def notebook(classic):  # noqa: F811
    """The chapter on output sizes, run from top to bottom."""
    name = classic.add_chapter(next(ROOT.glob("chapters/*-output-sizes.ipynb")))
    with classic.open(name) as page:
        errors = classic.run_all(page)
        # What needs PyTorch says so; nothing else fails.
        assert errors and all("torch" in error or "'nn'" in error for error in errors), errors
        yield page


def test_every_control_moves_the_picture_beside_it(notebook):
    explorer = Notebook(notebook, "output-size")
    explorer.settle()
    controls, view = explorer.box(".rl-controls"), explorer.box("div.rl-view")
    assert controls["x"] + controls["width"] <= view["x"] and abs(controls["y"] - view["y"]) < 20
    assert 300 < explorer.box("div.rl-view svg")["width"] <= 481
    for control in explorer.controls:
        for move in (control.by_mouse, control.by_keyboard):
            explorer.moves(control, move)
    explorer.button("Copy as Python").click()
    explorer.root.locator(".rl-said", has_text="Copied: rl.").wait_for()
    explorer.button("Reset").click()
    explorer.settle_at(ALL["output-size"].start)


def test_an_answer_is_wrong_then_right_with_enter(notebook):
    cell = notebook.locator(CELL.format("5.1"))
    assert "151" not in cell.inner_text()
    field = cell.locator("input[type=text]")
    field.fill("150")
    field.press("Enter")
    cell.get_by_text("150 is not it. That is the number of steps.").wait_for()
    notebook.wait_for_timeout(600)
    field.press("Backspace")
    field.press("1")
    field.press("Enter")
    cell.get_by_text("Right: 151.").wait_for()


def test_a_choice_code_and_a_solution(notebook):
    cell = notebook.locator(CELL.format("5.3"))
    assert "A step that has no room" not in cell.inner_text()
    cell.get_by_text("(b) The number is rounded down").click()
    cell.get_by_role("button", name="Check").click()
    cell.get_by_text("Right: (b).").wait_for()
    cell.get_by_role("button", name="Solution").click()
    cell.get_by_text("A step that has no room").wait_for()
    cell = notebook.locator(CELL.format("5.6"))
    right = "return (n + 2*p - d*(k - 1) - 1) // s + 1"
    for body, says in (("while True: pass", "was stopped"), (right, "Right: 7 of 7")):
        cell.locator("textarea:visible").last.fill(f"def output_size(n, k, s, p, d):\n    {body}")
        cell.get_by_role("button", name="Check").click()
        cell.get_by_text(says).wait_for()
