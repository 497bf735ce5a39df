"""What a built page loads and how soon it answers; what it shows to whom has no JavaScript."""

import gzip
from html.parser import HTMLParser

import pytest
from browsing import CHANGES, pages_with_explorers, settled, watched
from everything import EVERYTHING

# The page's layout shifts, added up, and a reader who moves something before anything is there.
HASTE = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({type: "layout-shift", buffered: true});
    const move = () => document.querySelector(".rl-explorer [type=reset]")?.click();
    addEventListener("DOMContentLoaded", move);"""


def addresses(opened):
    """The addresses that a page asks for from now on."""
    asked = set()
    opened.on("request", lambda request: asked.add(request.url.split("?")[0]))
    return asked


@pytest.mark.parametrize("origin", ["file", "http"] if EVERYTHING else ["http"], indirect=True)
def test_the_budget_of_a_page(browser, book, origin):
    """Bytes as a server would compress them, time to the first answer, layout shift, trouble."""
    for name in pages_with_explorers(book):
        opened = watched(browser, origin)
        asked = addresses(opened)
        opened.add_init_script(HASTE)
        opened.goto(f"{origin}/{name}")
        opened.wait_for_function(f"{CHANGES}.length")
        settled(opened.locator(".rl-explorer").first)
        loaded, shifted, (_, start, duration) = opened.evaluate(
            f"[performance.getEntriesByType('navigation')[0].loadEventEnd, shifted, {CHANGES}[0]]"
        )
        files = [each.removeprefix(origin + "/") for each in asked if each.startswith(origin)]
        weight = {file: len(gzip.compress((book / file).read_bytes())) for file in files}
        live = sum(size for file, size in weight.items() if "resnet_lab/" in file and ".js" in file)
        print(
            f"{origin.split(':')[0]} {name}: loaded after {loaded:.0f} ms, "
            f"first answer {start + duration - loaded:.0f} ms later; "
            f"{sum(weight.values()) / 1000:.0f} KB compressed, "
            f"{live / 1000:.0f} of them for the Python in the page; layout shift {shifted:.3f}; "
            f"errors and requests to others: {len(opened.trouble)}"
        )
        assert not opened.trouble
        assert shifted < 0.05
        most = 640_000 if "14-inside" in name else 620_000  # its stored pictures are maps
        assert live < 450_000 and sum(weight.values()) < most
        opened.close()


def test_without_javascript_the_start_view_is_there(browser, book):
    context = browser.new_context(java_script_enabled=False)
    for name in pages_with_explorers(book):
        opened = context.new_page()
        opened.goto(f"{book.as_uri()}/{name}")
        for figure in opened.locator(".rl-explorer").all():
            assert (
                figure.locator("input, select").first.is_disabled()
                and figure.locator(".rl-view").inner_text().strip()
            )
    context.close()


def test_no_page_of_the_book_names_another_host(book):
    """Scripts, styles, fonts and pictures are the book's own; links may lead anywhere."""

    class Loads(HTMLParser):
        def handle_starttag(self, tag, attributes):
            attributes = dict(attributes)
            self.found += [attributes.get("src")] * (tag != "a") + [attributes.get("href")] * (
                tag == "link"
            )

    for path in book.rglob("*.html"):
        parser = Loads()
        parser.found = []
        parser.feed(path.read_text(encoding="utf-8"))
        assert not [
            url for url in parser.found if url and url.startswith(("http:", "https:", "//"))
        ], path
        for word in (
            "thebe",
            "require.min.js",
            "unpkg",
            "jsdelivr",
            "widget-state+json",
            "widget-view+json",
        ):
            assert word not in path.read_text(encoding="utf-8"), f"{path} mentions {word}"
