"""A chapter on paper: text, pictures, addresses; no bars, no controls, nothing cut off."""

SHOWN = """selector => [...document.querySelectorAll(selector)]
    .filter((each) => each.getClientRects().length).length"""
CUT_OFF = """[...document.querySelectorAll("article pre")]
    .filter((pre) => pre.scrollWidth > pre.clientWidth + 1).length"""
COLOURS = """[getComputedStyle(document.body).backgroundColor,
             getComputedStyle(document.querySelector("article p")).color]"""


def test_a_chapter_on_paper(browser, book):
    opened = browser.new_page(
        color_scheme="dark", viewport={"width": 680, "height": 1000}
    )  # A4 with its margins
    opened.goto(book.joinpath("chapters", "05-output-sizes.html").as_uri())
    screen = {
        selector: opened.evaluate(SHOWN, selector)
        for selector in (".rl-controls", ".rl-actions", "button", ".prev-next-area a")
    }
    assert all(screen.values()), screen
    opened.emulate_media(media="print")
    for selector in (
        *screen,
        ".bd-sidebar-primary",
        ".bd-sidebar-secondary",
        "#jb-print-docs-body",
        "summary",
    ):
        assert not opened.evaluate(SHOWN, selector), selector
    assert opened.evaluate(SHOWN, "article h1") == 1 and opened.evaluate(SHOWN, ".rl-view svg") == 1
    assert opened.evaluate(CUT_OFF) == 0
    paper, ink = (
        [int(part) for part in colour[4:-1].split(",")] for colour in opened.evaluate(COLOURS)
    )
    assert min(paper) == 255 and max(ink) < 60
    link = opened.locator("article a[href^='https://arxiv.org']").first
    assert link.get_attribute("href") in link.evaluate(
        "link => getComputedStyle(link, '::after').content"
    )
    opened.close()
