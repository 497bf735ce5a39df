"""Every link of the built book leads to a page, an anchor, a file or an explorer's state."""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from resnet_lab.explorers import ALL


class Page(HTMLParser):
    """A page's anchors and explorers, and everything that it points to."""

    def __init__(self, html):
        super().__init__()
        self.anchors, self.links = {"", "top"}, []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {
            attributes[name] for name in ("id", "name", "data-explorer") if attributes.get(name)
        }
        self.links += [
            attributes[name]
            for name in ("href", "src", "action")
            if attributes.get(name) is not None
        ]
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.links.append(attributes["content"].partition("url=")[2])


def pages(book):
    """The book's pages; its _static folder holds templates besides."""
    return sorted(
        path.resolve()
        for path in book.rglob("*.html")
        if "_static" not in path.relative_to(book).parts
    )


@pytest.fixture(scope="module")
def parsed(book):
    found = {path: Page(path.read_text(encoding="utf-8")) for path in pages(book)}
    assert len(found) > 15
    return found


def fault(link, path, pages):
    """What is wrong with a link of the page at `path`, or None."""
    parts = urlsplit(link)
    if parts.scheme in ("http", "https"):
        fits = "." in parts.netloc and not set(link) & set(' <>"{}|\\^`') and "//" not in parts.path
        return None if fits else "is no address"
    if parts.scheme == "mailto":
        return None if "@" in parts.path else "is no address"
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        return "has a scheme that no reader needs"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target not in pages:
        return None if target.is_file() else "leads nowhere"
    anchor, _, state = unquote(parts.fragment).partition("?")
    if anchor not in pages[target].anchors:
        return "leads to no anchor of that page"
    if state:
        try:
            ALL[anchor].check(ALL[anchor].read(state))
        except (KeyError, ValueError) as error:
            return f"is no state of that explorer: {error}"


def test_every_link_leads_somewhere(parsed):
    links = [(path, link) for path, page in parsed.items() for link in page.links]
    faults = [
        f"{path.name}: {link} {wrong}"
        for path, link in links
        if (wrong := fault(link, path, parsed))
    ]
    outside = sorted({link for _, link in links if urlsplit(link).scheme in ("http", "https")})
    print(f"{len(links)} links; to other hosts:", *outside, sep="\n  ")
    assert len(links) > 500 and not faults


def test_a_broken_link_is_found(parsed):
    path = next(path for path in parsed if path.stem == "05-output-sizes")
    good = [
        "06-receptive-fields.html",
        "#output-size?kernel=3&stride=2",
        "intro.html#family",
        "https://arxiv.org/abs/1512.03385",
    ]
    bad = [
        "06-receptive-field.html",
        "#no-such-anchor",
        "#output-size?kernel=99",
        "intro.html#output-size",
        "https://arxiv",
        "javascript:void(0)",
    ]
    assert [bool(fault(link, path, parsed)) for link in good + bad] == [False] * len(good) + [
        True
    ] * len(bad)
