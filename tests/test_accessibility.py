"""Each built page, light and wide, dark and narrow: axe-core finds nothing, pictures have words."""

from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest
from everything import EVERYTHING
from test_links import pages

# Pages of every sort, with a race, fields, plots, photographs and a trained network: on these
# contrast is measured, and they are looked at in the dark. Contrast takes half the time.
EVERY_SORT = "intro 06-receptive-fields 13-training 14-inside-a-trained-network".split()

# Thousands of coloured words, of each of which axe-core would compute the contrast.
PLAIN_CODE = """for (const code of document.querySelectorAll(".highlight pre, .sig em"))
    code.textContent = code.textContent;"""


@pytest.fixture(scope="module")
def axe():
    """axe-core, as its Python package carries it."""
    found = find_spec("axe_playwright_python")
    if not found:
        pytest.skip("the accessibility tests need axe-core: `pip install axe-playwright-python`")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def violations(opened, axe, where="*", contrast=True):
    """What axe-core finds: the rule, the page's element, and what is wrong with it."""
    opened.evaluate(axe)
    found = opened.evaluate(
        """([where, enabled]) => axe.run(
            where === "*" || !document.querySelector(where) ? document : {include: [where]},
            {resultTypes: ["violations"], rules: {"color-contrast": {enabled}}})""",
        [where, contrast],
    )
    assert found["passes"]  # it has looked
    return [
        f"{rule['id']}: {node['target'][-1]}: {node['failureSummary'].splitlines()[1].strip()}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("mode, width", [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(browser, book, axe, mode, width):
    context = browser.new_context(
        color_scheme=mode, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    found = {}
    for path in pages(book):
        if path.name == "index.html":  # it only leads on to the first page
            continue
        contrast = path.stem in EVERY_SORT or EVERYTHING
        if mode == "dark" and not contrast:
            continue
        opened = context.new_page()
        opened.goto(path.as_uri())
        assert opened.evaluate("document.documentElement.dataset.theme") == mode
        # Code has the colours of one page, and text in the dark; pictures have their own.
        known = mode == "dark" and path.stem != "13-training"
        if path.stem != "13-training":
            opened.evaluate(PLAIN_CODE)
        where = "figure, .cell_output, form" if known else "*"
        found[path.stem] = violations(opened, axe, where, contrast)
        opened.close()
    context.close()
    assert len(found) > 15 or mode == "dark" and len(found) >= len(EVERY_SORT)
    assert not [f"{page}: {violation}" for page, each in found.items() for violation in each]


def test_axe_would_find_a_mistake(browser, axe):
    opened = browser.new_page()
    opened.set_content(
        "<html lang=en><title>A page</title><main><h1>A page</h1><img src=a.png>"
        "<p style='color: #bbb'>Pale</p></main>"
    )
    assert {each.split(":")[0] for each in violations(opened, axe)} == {
        "image-alt",
        "color-contrast",
    }
    opened.close()


class Pictures(HTMLParser):
    """The text alternative of every <img> and of every outermost <svg> that is no decoration."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.depth = [], 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.texts.append(attributes.get("alt") or "")
        elif tag == "svg":
            if not self.depth and attributes.get("aria-hidden") != "true":
                self.texts.append(
                    attributes.get("aria-label") or "" if attributes.get("role") == "img" else ""
                )
            self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= tag == "svg"


def test_every_picture_says_what_it_shows(book):
    count = 0
    for path in pages(book):
        article = path.read_text(encoding="utf-8").partition("<article")[
            2
        ]  # beside it there is only the logo
        for text in Pictures(article).texts:
            count += 1
            assert len(text) > 2 and not text.endswith((".png", ".svg", ".jpg")), (
                f"{path.name}: {text!r}"
            )
    assert count > 50
