"""Training in JupyterLab as a reader meets it: the bar, the curves, the stop button, going on."""

import re
from contextlib import contextmanager

import pytest
from jupyter import lab  # noqa: F401 - a fixture

pytest.importorskip("torch")

SET_UP = """
import torch
import resnet_lab as rl
from resnet_lab.data import load
from resnet_lab.models import build
from resnet_lab.progress import live_curves
from resnet_lab.training import Recipe, fit

torch.set_num_threads(1)
data = load("digits")
recipe = Recipe(steps=40_000, batch=32, eval_every=20_000, crop=0)

def model():
    return build(rl.cifar_resnet(8, in_channels=1))
"""


def run(page, cell):
    """Run a cell as a reader does."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def interrupt(page):
    page.locator("[data-jp-item-name=interrupt]").first.click()


@contextmanager
def started(lab, name, line):  # noqa: F811
    """A page, and its cell in which that line trains."""
    with lab.open(lab.write(name, SET_UP, line)) as page:
        first, second = page.locator(".jp-CodeCell").all()
        run(page, first)
        first.locator(".jp-InputPrompt", has_text="[1]").wait_for()
        run(page, second)
        yield page, second


def numbers(text):
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]


def test_a_run_is_stopped_with_a_sentence_and_goes_on_from_there(lab):  # noqa: F811
    line = 'history = fit(model(), data, recipe, folder="first")'
    with started(lab, "stop.ipynb", line) as (page, cell):
        bar = cell.locator(".jp-OutputArea-output .widget-hbox").first
        said = re.compile(  # with tqdm's own spaces
            r"/40000\s\[\d\d:\d\d<[\d:]+,\s[\d,]+\simages/s,\sloss\s\d+\.\d+,\serror\s\d+\.\d%"
        )
        bar.get_by_text(said).wait_for()
        shown = cell.locator(".widget-hbox .widget-html").last
        before = numbers(shown.inner_text())[0]
        page.wait_for_function(
            "([shown, before]) => parseInt(shown.textContent.trim()) > before",
            arg=[shown.element_handle(), before],
        )

        interrupt(page)
        sentence = cell.get_by_text("Stopped after step")
        sentence.wait_for()
        step, all_of_them = numbers(sentence.inner_text())[:2]
        assert before < step < all_of_them == 40_000
        assert (
            sentence.inner_text()
            .strip()
            .endswith("first/checkpoint.pt has all of them, and the same line goes on from there.")
        )
        assert "Traceback" not in cell.inner_text() and "Interrupt" not in cell.inner_text()

        run(page, cell)
        goes_on = cell.get_by_text("from here on")
        goes_on.wait_for()
        assert numbers(goes_on.inner_text())[:2] == [step, 40_000]
        bar.get_by_text(said).wait_for()
        assert numbers(shown.inner_text())[0] >= step
        interrupt(page)
        cell.get_by_text("Stopped after step").wait_for()


def test_curves_grow_from_the_first_seconds_on(lab):  # noqa: F811
    line = "history = fit(model(), data, recipe, callback=live_curves(0.3))"
    with started(lab, "curves.ipynb", line) as (page, cell):
        state = cell.locator("p", has_text=re.compile(r"step [\d,]+ of 40,000 · training loss"))
        state.wait_for()
        words = state.inner_text()
        assert re.search(r"images/s · .* left", words), words
        before = numbers(words)[0]
        page.wait_for_function(
            "([cell, before]) => Number(cell.textContent.match(/step ([\\d,]+) of/)[1]"
            ".replace(',', '')) > before + 20",
            arg=[cell.locator(".jp-OutputArea").element_handle(), before],
        )
        pictures = cell.locator("svg.rl-svg")
        assert pictures.count() == 2
        first, second = [picture.bounding_box() for picture in pictures.all()]
        assert abs(first["y"] - second["y"]) < 2 and 250 < first["width"] <= 481
        interrupt(page)
        stopped = cell.get_by_text("Stopped after step")
        stopped.wait_for()
        assert "Traceback" not in cell.inner_text()
        # The curves end where the run was stopped.
        page.wait_for_function(
            "([cell, step]) => cell.textContent.includes(`step ${step} of 40,000`)",
            arg=[
                cell.locator(".jp-OutputArea").element_handle(),
                f"{numbers(stopped.inner_text())[0]:,}",
            ],
        )


def test_a_figure_is_no_wider_than_in_the_page(lab):  # noqa: F811
    """Jupyter's own rule would let it fill the window."""
    drawn = (
        "from matplotlib import pyplot as plt\nfrom resnet_lab.figures import show\n"
        "figure, axes = plt.subplots()\nshow(figure, 'Two empty axes')"
    )
    with lab.open(
        lab.write("figure.ipynb", drawn), viewport={"width": 1400, "height": 900}
    ) as page:
        lab.run_all(page)
        assert page.locator("svg.rl-plot").bounding_box()["width"] == 34 * 16
