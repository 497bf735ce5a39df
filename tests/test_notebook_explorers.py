"""Explorers in JupyterLab, driven in a headless browser by mouse and keyboard."""

from pathlib import Path
from statistics import median

import pytest
from jupyter import lab  # noqa: F401 - a fixture

CHAPTERS = Path(__file__).parents[1] / "chapters"
EXPLORER = ".rl-notebook"
# The milliseconds from the next key to the change of the picture that it causes.
WATCH = """(view) => { window.took = new Promise((done) => {
    addEventListener("keydown", ({timeStamp}) => {
        new MutationObserver((_, observer) => {
            observer.disconnect();
            done(performance.now() - timeStamp);
        }).observe(view, {childList: true, subtree: true, characterData: true});
    }, {capture: true, once: true});
}); }"""


def press(page, target, key):
    """Press a key on a control; the milliseconds until its picture has changed."""
    page.locator(f"{EXPLORER} div.rl-view").first.evaluate(WATCH)
    target.press(key)
    return page.evaluate("window.took")


@pytest.mark.parametrize("chapter", ["05-output-sizes", "10-resnet-family"])
def test_every_control_moves_the_picture(lab, chapter):  # noqa: F811
    (name,) = lab.add(CHAPTERS / f"{chapter}.ipynb")
    with lab.open(name) as page:
        lab.run_all(page)
        explorer = page.locator(EXPLORER).first
        explorer.scroll_into_view_if_needed()
        controls, view = explorer.locator(".rl-controls").first, explorer.locator("div.rl-view")
        left, right, picture = explorer.evaluate(
            "(explorer) => ['.rl-controls', 'div.rl-view', 'div.rl-view svg']"
            ".map((part) => explorer.querySelector(part).getBoundingClientRect().toJSON())"
        )
        assert left["right"] <= right["left"] and abs(left["top"] - right["top"]) < 20
        assert 300 < picture["width"] <= 481

        took = []
        for slider in controls.locator("[role=slider]").all():
            took.append(press(page, slider, "ArrowRight"))
            took.append(press(page, slider, "ArrowLeft"))
        for choice in controls.locator(".widget-toggle-buttons").all():
            before = view.inner_html()
            choice.locator("button:not(.mod-active)").last.click()
            page.wait_for_function(
                "([view, html]) => view.innerHTML !== html", arg=[view.element_handle(), before]
            )
        print(f"{chapter}: control to picture {median(took):.0f} ms of {len(took)}")
        assert median(took) < 100

        explorer.get_by_role("button", name="Copy as Python").click()
        page.wait_for_function("document.querySelector('.rl-said').textContent.trim()")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("rl.")
        explorer.get_by_role("button", name="Copy table", exact=True).press("Enter")
        page.wait_for_function("document.querySelector('.rl-said').textContent.includes('|')")
        assert page.evaluate("navigator.clipboard.readText()").startswith("|")

        explorer.get_by_role("button", name="Reset").click()
        preset = explorer.locator(".rl-presets button").nth(3)
        before = view.inner_html()
        preset.click()
        page.wait_for_function(
            "([view, html]) => view.innerHTML !== html", arg=[view.element_handle(), before]
        )


def test_two_views_are_in_step(lab):  # noqa: F811
    name = lab.write(
        "two.ipynb",
        "from resnet_lab import explorers\nexplorers.output_size",
        "explorers.output_size",
        "explorers.output_size.value = {'kernel': 5}",
    )
    with lab.open(name) as page:
        lab.run_all(page)
        first, second = page.locator(EXPLORER).all()
        first.locator("[role=slider]").first.press("ArrowRight")
        page.wait_for_function(
            "[...document.querySelectorAll('.rl-notebook [role=slider]')]"
            ".filter((slider) => slider.ariaValueNow === '15.0').length === 2"
        )
        assert first.locator("div.rl-view").inner_html() == (
            second.locator("div.rl-view").inner_html()
        )
        assert "11 5" not in second.inner_text()
