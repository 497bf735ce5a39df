"""Explorers in the built page: moved with mouse and keyboard, held against CPython, and timed."""

import csv

import pytest
from browsing import CHANGES, pages_with_explorers, said, settled, shows, wait_until, watched
from everything import EVERYTHING, only_with_everything
from test_explorers import EVERY, states

from resnet_lab import resnet, trace
from resnet_lab.explorers import ALL

# Whether an input is in its lower half, so that it had better be moved up.
LOW = """input => input.selectedIndex === 0
    || input.selectedIndex === undefined && 2 * input.value < +input.min + +input.max"""


def moves(figure, every):
    """Ways to move each control of this explorer: a text that names it, and a function.

    Unless every one is wanted, a control has its first way and the next its last.
    """
    keys = figure.evaluate(
        "figure => [...figure.querySelectorAll('[name]')].map((input) => [input.id, input.type])"
    )
    for number, (key, kind) in enumerate(keys):
        control = figure.page.locator(f"[id='{key}']")
        label = figure.locator(f"label[for='{key}']")
        found = [(f"{key}, {by}", move) for by, move in ways(control, kind, label)]
        yield from found if every else [found[-(number % 2)]]


def ways(control, kind, label):
    """By what a control can be moved, and how."""

    def to(up, down):
        return up if control.evaluate(LOW) else down

    def point():
        width = control.bounding_box()["width"]
        control.click(position={"x": width * to(0.7, 0.3), "y": 8})

    if kind == "range":
        yield "mouse", point
        yield "keyboard", lambda: control.press(to("ArrowRight", "ArrowLeft"))
    elif kind == "select-one":
        # A list's options open outside the page, where a test cannot point at them.
        yield "choice", lambda: control.select_option(index=to(1, 0))
        yield "keyboard", lambda: control.press(to("ArrowDown", "ArrowUp"))
    elif kind == "textarea":
        yield "keyboard", lambda: control.fill("vgg16")
    elif kind == "checkbox":
        yield "mouse", control.click
        yield "keyboard", lambda: control.press("Space")
    elif control.is_checked():
        yield "keyboard", lambda: control.press("ArrowRight")
    else:
        yield "mouse", label.click


def test_every_control_of_every_explorer_moves(browser, book, origin):
    """From a disk; from a server, where a page loads in the same way, on one.

    With everything each control moves in all its ways and on every page, else in one way and once.
    """
    times, pages, moved = [], pages_with_explorers(book), set()
    for name in pages if EVERYTHING or origin.startswith("file") else pages[-1:]:
        opened = watched(browser, origin)
        opened.goto(f"{origin}/{name}")
        for figure in opened.locator(".rl-explorer").all():
            explorer = figure.get_attribute("data-explorer")
            if explorer in moved and not EVERYTHING:
                continue
            moved.add(explorer)
            figure.locator("[type=reset]").click()
            before = settled(figure)
            opened.wait_for_timeout(500)  # nobody moves a thing as soon as it is there
            for what, move in moves(figure, EVERYTHING):
                move()
                after = settled(figure)
                assert after != before, f"nothing moved: {what}"
                before = after
        # The first change waited for Python to start; the others are what a reader feels.
        times += opened.evaluate(CHANGES)[1:]
        assert not opened.trouble, f"{name}: {opened.trouble}"
        opened.close()
    # The goal is one frame, 16 ms; the bound leaves room for a machine that has more to do.
    assert median_answer(times, origin.split(":")[0]) < 100


def median_answer(times, where):
    """The median of all explorers' medians in milliseconds; prints each with its p95."""
    medians = []
    for explorer in sorted({detail for detail, _, _ in times}):
        took = sorted(duration for detail, _, duration in times if detail == explorer)
        medians.append(took[len(took) // 2])
        print(
            f"{where} {explorer}: control to picture, median {medians[-1]:.1f} ms, "
            f"p95 {took[int(len(took) * 0.95)]:.1f} ms, at most {took[-1]:.1f} ms of {len(took)}"
        )
    return sorted(medians)[len(medians) // 2]


@only_with_everything
def test_answers_of_a_processor_four_times_slower(browser, book):
    """As on a phone: the first answer of every page, and a slider moved step by step."""
    times, first = [], []
    for name in pages_with_explorers(book):
        opened = watched(browser, book.as_uri())
        opened.context.new_cdp_session(opened).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        opened.goto(f"{book.as_uri()}/{name}")
        loaded = opened.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        for figure in opened.locator(".rl-explorer").all():
            figure.locator("[type=reset]").click()
            settled(figure)
            opened.wait_for_timeout(500)
            for slider in figure.locator("[type=range]").all()[:6]:
                key = "ArrowRight" if slider.evaluate(LOW) else "ArrowLeft"
                for _ in range(4):
                    slider.press(key)
                    settled(figure)
        changes = opened.evaluate(CHANGES)
        first.append(changes[0][1] + changes[0][2] - loaded)
        times += changes[1:]
        opened.close()
    print(f"four times slower: first answers {min(first):.0f} to {max(first):.0f} ms after loading")
    # The goal is two frames, 33 ms.
    assert median_answer(times, "four times slower") < 200


@pytest.fixture(scope="module")
def gallery(browser, page_of):
    """All explorers on one page, whether a chapter has them or not."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.url_of = page_of(
        "".join(explorer.to_html() for explorer in ALL.values()), translated=True
    ).as_uri()
    opened.goto(opened.url_of)
    opened.locator("input").first.focus()
    opened.wait_for_function("window.resnet_lab")
    yield opened
    context.close()


@EVERY
def test_the_page_renders_what_cpython_renders(gallery, explorer):
    wanted = states(explorer, 40, seed=2)
    got = gallery.evaluate(
        "([name, links]) => links.map((link) => resnet_lab.render(name, link))",
        [explorer.name, [explorer.write(each) for each in wanted]],
    )
    for values, html in zip(wanted, got, strict=True):
        assert html == explorer.render(values), values
    if explorer.python:
        got = gallery.evaluate(
            "([name, links]) => links.map((link) => resnet_lab.code(name, link))",
            [explorer.name, [explorer.write(each) for each in wanted]],
        )
        assert got == [explorer.code(each) for each in wanted]


@EVERY
def test_a_link_brings_back_a_state(gallery, explorer):
    wanted, figure = (
        states(explorer, 1, seed=3)[0],
        gallery.locator(f"[data-explorer='{explorer.name}']"),
    )
    gallery.evaluate(
        "hash => { location.hash = hash; }", f"#{explorer.name}?{explorer.write(wanted)}"
    )
    shows(figure, wanted)
    assert figure.evaluate("figure => figure.getBoundingClientRect().top < innerHeight")
    figure.locator("[data-copy=link]").click()
    copied = said(figure, "Copied: ")
    assert gallery.evaluate("navigator.clipboard.readText()") == copied == gallery.url
    address, _, state = copied.partition("#")
    assert address == gallery.url_of and state.startswith(f"{explorer.name}?")
    assert explorer.read(state.partition("?")[2]) == wanted
    if explorer.python:
        figure.locator("[data-copy=code]").click()
        code = explorer.code(wanted)
        assert said(figure, "Copied: " + code[:5]) == code.split("\n")[0]
        assert gallery.evaluate("navigator.clipboard.readText()") == code
    figure.locator("[type=reset]").click()
    shows(figure, explorer.value)


def test_a_table_is_copied_for_a_text_and_for_a_spreadsheet(gallery):
    figure = gallery.locator("[data-explorer=family]")
    figure.locator("[type=reset]").click()
    table = trace(resnet(50), (3, 224, 224))
    figure.locator("[data-copy=markdown]").click()
    said(figure, "Copied: |")
    head, rule, *rows = [
        line.strip("|").split("|")
        for line in gallery.evaluate("navigator.clipboard.readText()").split("\n")
    ]
    assert [cell.strip() for cell in head] == ["", "output", "parameters", "MACs", "field"] and set(
        "".join(rule)
    ) == set(" -:")
    assert [cell.strip() for cell in rows[-1]] == [
        "total",
        "50 layers",
        f"{table.params:,}",
        f"{table.macs:,}",
        f"{table.receptive_field:,}",
    ]
    figure.locator("[data-copy=csv]").click()
    said(figure, "Copied: ,output")
    rows = list(csv.reader(gallery.evaluate("navigator.clipboard.readText()").split("\n")))
    assert [row[0] for row in rows[-3:]] == ["avgpool", "fc", "total"] and [
        len(row) for row in rows
    ] == [5] * len(rows)
    assert [int(cell) for cell in rows[-1][2:]] == [table.params, table.macs, table.receptive_field]


@EVERY
def test_presets_set_their_values(gallery, explorer):
    figure, values = gallery.locator(f"[data-explorer='{explorer.name}']"), explorer.value
    figure.locator("[type=reset]").click()
    for text, changes in explorer.presets.items():
        figure.get_by_role("button", name=text, exact=True).click()
        values.update(changes)
        shows(figure, values)


def test_a_bad_link_is_forgiven(gallery):
    figure, start = gallery.locator("[data-explorer=output-size]"), ALL["output-size"].value
    figure.locator("[type=reset]").click()
    gallery.evaluate(
        "location.hash = '#output-size?kernel=99&stride=x&size=20&unknown=1&ceil_mode=maybe'"
    )
    shown = shows(figure, {**start, "kernel": 11, "size": 20}, but="stride")
    assert 1 <= shown["stride"] <= 5


def test_many_changes_in_one_frame_are_drawn_twice_at_most(gallery):
    drawn = gallery.evaluate("""async () => {
        const slider = document.getElementById("output-size-size");
        const drawn = () => performance.getEntriesByName("explorer").length;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const before = drawn();
        for (let size = 1; size <= 50; size++) {
            slider.value = size;
            slider.dispatchEvent(new Event("input", {bubbles: true}));
        }
        await new Promise((done) => setTimeout(done, 300));
        return drawn() - before; }""")
    assert 1 <= drawn <= 2
    assert settled(gallery.locator("[data-explorer=output-size]")).startswith("size=50&")


def test_the_result_is_announced(gallery):
    slider = gallery.locator("#output-size-kernel")
    slider.press("Home")
    figure = gallery.locator("[data-explorer=output-size]")
    settled(figure)
    wait_until(
        gallery,
        lambda: said(figure, "") == figure.locator("[role=img]").get_attribute("aria-label"),
    )
