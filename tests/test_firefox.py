"""The pages in Firefox: what runs there gives the numbers that Chromium, node and CPython give."""

import pytest
from browsing import SHOWN, STATE, pages_with_explorers, served
from engine_node import run_jobs
from everything import EVERYTHING
from firefox import started
from test_inside_page import node  # noqa: F401 - a fixture
from test_probe_pages import EXPLORERS

from resnet_lab import explorers
from resnet_lab.explorers import ALL

RUN = {"race": {}, **EXPLORERS}
SHOWS = """(name, html) => document.querySelector(`[data-explorer=${name}] .rl-view`).innerHTML
    === Object.assign(document.createElement("div"), {innerHTML: html}).innerHTML"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    with started(tmp_path_factory.mktemp("profile")) as firefox:
        yield firefox
        assert not firefox.trouble


@pytest.fixture(scope="module")
def page(page_of):
    names = [*RUN, "inside"]
    path = page_of("".join([ALL[name].to_html() for name in names]), translated=True)
    from _ext import job_scripts

    job_scripts.write_recorded(path.parent)
    return path


@pytest.mark.parametrize("scheme, name", [("file", name) for name in RUN] + [("http", "race")])
def test_a_job_ends_as_under_node(firefox, page, scheme, name):
    """By mouse from a disk, by keyboard from a server."""
    explorer = ALL[name]
    values = explorer.check({**explorer.start, **RUN[name]})
    start = f"[data-explorer={name}] [data-job=start]"
    with served(page.parent) as origin:
        address = page.as_uri() if scheme == "file" else f"{origin}/{page.name}"
        firefox.open(f"{address}#{name}?{explorer.write(values)}")
        live = f"document.querySelector('[data-explorer={name}]').dataset.live"
        firefox.until(f"link => {live} === link", explorer.write(values))
        firefox.click(start) if scheme == "file" else firefox.press(start, "Enter")
        bar = f"document.querySelector('[data-explorer={name}] progress').value === 1"
        firefox.until(bar, seconds=300)
    data = {}
    if name == "gradients":
        from resnet_lab.probe_runner import garments_text

        data = {"garments": garments_text()}
    ((results, _),) = run_jobs({"job": explorer.job(**values), "data": data})
    firefox.until(SHOWS, name, explorer.render(values, results[-1]), seconds=10)
    assert not firefox.trouble


def test_inside_a_trained_network_as_under_node(firefox, page, node):  # noqa: F811
    firefox.open(page.as_uri())
    firefox.click("[data-explorer=inside] [data-job=start]")
    firefox.until(SHOWS, "inside", node(explorers.inside.start))
    assert not firefox.trouble


def test_sliders_of_the_book_move_the_picture(firefox, book):
    """Each range of the first explorer of some pages, by one step; the view is CPython's."""
    pages = pages_with_explorers(book)
    for name in pages if EVERYTHING else pages[:3]:
        firefox.open(f"{book.as_uri()}/{name}")
        found = "document.querySelector('.rl-explorer')"
        explorer = ALL[firefox.evaluate(f"{found}.dataset.explorer")]
        ranges = firefox.evaluate(f"[...{found}.querySelectorAll('[type=range]')].map((i) => i.id)")
        before = None
        for key in ranges:
            firefox.press(f"[id='{key}']", "ArrowRight")
            firefox.until(f"({STATE})({found})")
            state = firefox.evaluate(f"({STATE})({found})")
            assert state != before, key
            before, html = state, explorer.render(explorer.read(state))
            shown, expected, wrong = firefox.evaluate(f"html => ({SHOWN})([{found}, html])", html)
            assert shown == expected and not wrong, f"{explorer.name} at {state}"
        assert not firefox.trouble, name
