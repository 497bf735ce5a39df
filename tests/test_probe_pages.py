"""Explorers that look into networks, in a page: their ends are those under node."""

import pytest
from browsing import wait_until, watched
from engine_node import run_jobs

from resnet_lab import explorers

EXPLORERS = {
    "gradients": {"depth": 8, "initialisation": "large", "activation": "ReLU"},
    "paths": {"depth": 8},
    "landscape": {"depth": 8},
}
LONG = """
window.tasks = [];
new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({type: "longtask"});"""


@pytest.fixture(scope="module")
def opened(browser, page_of):
    html = "".join([getattr(explorers, name).to_html() for name in EXPLORERS])
    path = page_of(html, translated=True)
    opened = watched(browser, path.parent.as_uri())
    opened.add_init_script(LONG)
    opened.goto(path.as_uri())
    opened.locator("form").first.scroll_into_view_if_needed()
    opened.wait_for_function("window.resnet_lab", timeout=120_000)
    yield opened
    assert not opened.trouble
    opened.close()


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_end_in_a_page_is_that_under_node(opened, name):
    explorer = getattr(explorers, name)
    figure = opened.locator(f"[data-explorer={name}]")
    link = explorer.write(explorer.check(EXPLORERS[name]))
    opened.evaluate("link => { location.hash = link; }", f"{name}?{link}")
    wait_until(opened, lambda: figure.get_attribute("data-live") == link)
    opened.evaluate("tasks.length = 0")
    start = figure.locator("[data-job=start]")
    start.focus()
    opened.keyboard.press("Enter")
    bar = figure.locator("progress")
    opened.wait_for_function("bar => bar.value === 1", arg=bar.element_handle(), timeout=180_000)
    from resnet_lab.probe_runner import garments_text

    values = explorer.check(EXPLORERS[name])
    data = {"garments": garments_text()} if name == "gradients" else {}
    ((results, _),) = run_jobs({"job": explorer.job(**values), "data": data})
    expected = opened.evaluate(
        "html => Object.assign(document.createElement('div'), {innerHTML: html}).innerHTML",
        explorer.render(values, results[-1]),
    )
    view = figure.locator(".rl-view")
    wait_until(opened, lambda: view.inner_html() == expected)
    longest = max(opened.evaluate("tasks"), default=0)
    print(f"{name}: longest task of the page while it runs: {longest:.0f} ms")
    said = figure.locator("[role=status]")
    wait_until(opened, lambda: said.inner_text() in opened.evaluate(LABELS, name))
    # A control that changes the job ends it.
    figure.locator("[name=seed]").focus()
    opened.keyboard.press("ArrowRight")
    wait_until(opened, lambda: view.inner_html() != expected)
    assert bar.evaluate("bar => bar.value") == 0


LABELS = """name => [...document.querySelectorAll(`[data-explorer=${name}] [role=img]`)]
    .map((picture) => picture.getAttribute("aria-label"))"""
