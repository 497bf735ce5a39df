"""Explorers in the built page: moved with the mouse and the keyboard, held against CPython, and timed; the stand-in `dataclasses`."""

import csv
import dataclasses
import functools
import gzip
import http.server
import importlib.util
import sys
import threading

import pytest
from hypothesis import given, strategies

from resnet_lab import page, resnet, trace
from resnet_lab.explorers import ALL
from test_explorers import EVERY, states

# These run in the page. An explorer's state as its inputs have it, once the view shows that state:
STATE = """figure => {
    const state = [...figure.querySelector("form").elements].filter((input) => input.name && (input.type !== "radio" || input.checked))
        .map((input) => input.name + "=" + (input.type === "checkbox" ? input.checked : input.value)).join("&");
    return figure.dataset.live === state && state; }"""
# its view, some HTML as the browser would write it back, and the sliders whose read-out is not their value:
SHOWN = """([figure, html]) => [
    figure.querySelector(".rl-view").innerHTML, Object.assign(document.createElement("div"), {innerHTML: html}).innerHTML,
    [...figure.querySelectorAll("output")].filter((output) => output.value !== document.getElementById(output.htmlFor).value).length]"""
# and every change so far: of which explorer, when, and how long from the event to the picture.
CHANGES = "performance.getEntriesByName('explorer').map(({startTime, duration, detail}) => [detail, startTime, duration])"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *message):
        pass


@pytest.fixture(params=["file", "http"])
def origin(request, book):
    """Where the book is opened from: a disk, or a server."""
    if request.param == "file":
        yield book.as_uri()
        return
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=book)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def pages_with_explorers(book):
    found = [
        path.relative_to(book).as_posix()
        for path in sorted(book.rglob("*.html"))
        if 'class="rl-explorer"' in path.read_text(encoding="utf-8")
    ]
    assert found
    return found


def watched(browser, origin, **options):
    """A page that notes errors and requests to anywhere but the book."""
    opened = browser.new_page(**options)
    opened.trouble = []
    opened.on("pageerror", lambda error: opened.trouble.append(f"error: {error}"))
    opened.on(
        "console",
        lambda message: (
            opened.trouble.append(f"console: {message.text}") if message.type == "error" else None
        ),
    )
    opened.on(
        "request",
        lambda request: (
            opened.trouble.append(f"request: {request.url}")
            if not request.url.startswith((origin, "data:", "blob:"))
            else None
        ),
    )
    opened.on("requestfailed", lambda request: opened.trouble.append(f"failed: {request.url}"))
    opened.on(
        "response",
        lambda response: (
            opened.trouble.append(f"{response.status}: {response.url}")
            if response.status >= 400
            else None
        ),
    )
    return opened


def settled(figure):
    """Wait until the view shows what the inputs say, and hold it against CPython. Returns that state as a link has it."""
    handle = figure.element_handle()
    state = figure.page.wait_for_function(STATE, arg=handle).json_value()
    explorer = ALL[handle.get_attribute("data-explorer")]
    shown, expected, wrong = figure.page.evaluate(
        SHOWN, [handle, explorer.render(explorer.read(state))]
    )
    assert shown == expected and not wrong, f"{explorer.name} at {state}"
    return state


def wait_until(opened, true):
    for _ in range(1000):
        if true():
            return
        opened.wait_for_timeout(10)
    raise TimeoutError("it did not happen within ten seconds")


def shows(figure, values, but=None):
    """Wait until an explorer has these values (one of them apart) and shows CPython's view of them. Returns its values."""
    read = ALL[figure.get_attribute("data-explorer")].read
    wait_until(
        figure.page,
        lambda: (
            {**read(figure.get_attribute("data-live") or "=")} | ({but: 0} if but else {})
            == values | ({but: 0} if but else {})
        ),
    )
    return read(settled(figure))


def said(figure, beginning):
    """Wait until an explorer says a sentence that begins so; return what follows "Copied: "."""
    status = figure.locator("[role=status]")
    wait_until(figure.page, lambda: status.inner_text().startswith(beginning))
    return status.inner_text().removeprefix("Copied: ")


def moves(figure):
    """Every way to move a control of this explorer: a text that names it, and a function that does it."""
    for key, kind in figure.evaluate(
        "figure => [...figure.querySelectorAll('[name]')].map((input) => [input.id, input.type])"
    ):
        control = figure.page.locator(f"[id='{key}']")
        low = "input => input.selectedIndex === 0 || input.selectedIndex === undefined && 2 * input.value < +input.min + +input.max"
        if kind == "range":
            yield (
                f"{key}, mouse",
                lambda: control.click(
                    position={
                        "x": control.bounding_box()["width"]
                        * (0.7 if control.evaluate(low) else 0.3),
                        "y": 8,
                    }
                ),
            )
            yield (
                f"{key}, keyboard",
                lambda: control.press("ArrowRight" if control.evaluate(low) else "ArrowLeft"),
            )
        elif kind == "select-one":
            # A list's options open outside the page, where a test cannot point at them.
            yield (
                f"{key}, choice",
                lambda: control.select_option(index=1 if control.evaluate(low) else 0),
            )
            yield (
                f"{key}, keyboard",
                lambda: control.press("ArrowDown" if control.evaluate(low) else "ArrowUp"),
            )
        elif kind == "checkbox":
            yield f"{key}, mouse", lambda: control.click()
            yield f"{key}, keyboard", lambda: control.press("Space")
        elif control.is_checked():
            yield f"{key}, keyboard", lambda: control.press("ArrowRight")
        else:
            yield f"{key}, mouse", lambda: figure.locator(f"label[for='{key}']").click()


def test_every_control_of_every_explorer_moves(browser, book, origin):
    times = []
    for name in pages_with_explorers(book):
        opened = watched(browser, origin)
        opened.goto(f"{origin}/{name}")
        for figure in opened.locator(".rl-explorer").all():
            figure.locator("[type=reset]").click()
            before = settled(figure)
            opened.wait_for_timeout(500)  # nobody moves a thing as soon as it is there
            for what, move in moves(figure):
                move()
                after = settled(figure)
                assert after != before, f"nothing moved: {what}"
                before = after
        # The first change waited for Python to start; the others are what a reader feels.
        times += opened.evaluate(CHANGES)[1:]
        assert not opened.trouble, f"{name}: {opened.trouble}"
        opened.close()
    medians = []
    for explorer in sorted({detail for detail, _, _ in times}):
        took = sorted(duration for detail, _, duration in times if detail == explorer)
        medians.append(took[len(took) // 2])
        print(
            f"{origin.split(':')[0]} {explorer}: control to picture, median {medians[-1]:.1f} ms, p95 {took[int(len(took) * 0.95)]:.1f} ms, "
            f"at most {took[-1]:.1f} ms of {len(took)}"
        )
    # The goal is one frame, 16 ms; the bound leaves room for a machine that does other things at the same time.
    assert sorted(medians)[len(medians) // 2] < 100


# The page's layout shifts, added up, and a reader who moves something before anything is there.
HASTE = """
    window.shifted = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifted += entry.value; }).observe({type: "layout-shift", buffered: true});
    addEventListener("DOMContentLoaded", () => document.querySelector(".rl-explorer [type=reset]")?.click());"""


def test_the_budget_of_a_page(browser, book, origin):
    """Bytes as a server would compress them, time to the first answer of the first explorer, what moved on its own, and what went wrong."""
    for name in pages_with_explorers(book):
        opened, files = watched(browser, origin), set()
        opened.on(
            "request",
            lambda request: files.add(request.url.removeprefix(origin + "/").split("?")[0]),
        )
        opened.add_init_script(HASTE)
        opened.goto(f"{origin}/{name}")
        opened.wait_for_function(f"{CHANGES}.length")
        settled(opened.locator(".rl-explorer").first)
        loaded, shifted, (_, start, duration) = opened.evaluate(
            f"[performance.getEntriesByType('navigation')[0].loadEventEnd, shifted, {CHANGES}[0]]"
        )
        weight = {
            file: len(gzip.compress((book / file).read_bytes()))
            for file in files
            if not file.startswith("data:")
        }
        live = sum(size for file, size in weight.items() if "brython" in file or "bundle" in file)
        print(
            f"{origin.split(':')[0]} {name}: loaded after {loaded:.0f} ms, first answer {start + duration - loaded:.0f} ms later; "
            f"{sum(weight.values()) / 1000:.0f} KB compressed, {live / 1000:.0f} of them for the Python in the page; "
            f"layout shift {shifted:.3f}; errors and requests to others: {len(opened.trouble)}"
        )
        assert not opened.trouble
        assert shifted < 0.05
        assert live < 450_000 and sum(weight.values()) < 620_000
        opened.close()


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
    for values, html in zip(wanted, got):
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
        assert (
            said(figure, "Copied: " + explorer.code(wanted)[:5])
            == gallery.evaluate("navigator.clipboard.readText()")
            == explorer.code(wanted)
        )
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
        const slider = document.getElementById("output-size-size"), drawn = () => performance.getEntriesByName("explorer").length;
        await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
        const before = drawn();
        for (let size = 1; size <= 50; size++) { slider.value = size; slider.dispatchEvent(new Event("input", {bubbles: true})); }
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
    """Scripts, styles, fonts and pictures are the book's own; links in the text may lead anywhere."""
    from html.parser import HTMLParser

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


# ------------------------------------------------------------------------------------------ the stand-in dataclasses


def with_stand_in():
    """The package's modules that define dataclasses, loaded anew with the page's stand-in for `dataclasses`."""
    kept = {
        name: module
        for name, module in sys.modules.items()
        if name.split(".")[0] in ("resnet_lab", "dataclasses")
    }
    spec = importlib.util.spec_from_file_location("dataclasses", page.PAGE / "dataclasses.py")
    stand_in = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    for name in kept:
        del sys.modules[name]
    sys.modules["dataclasses"] = stand_in
    try:
        import resnet_lab.explorers

        return stand_in, {
            name: module for name, module in sys.modules.items() if name.startswith("resnet_lab")
        }
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "resnet_lab"]:
            del sys.modules[name]
        sys.modules.update(kept)


STAND_IN, THEIRS = with_stand_in()
PAIRS = [
    (kind, getattr(THEIRS[kind.__module__], kind.__name__))
    for name in page.page_modules()
    if name in sys.modules and name.startswith("resnet_lab")
    for kind in vars(sys.modules[name]).values()
    if isinstance(kind, type) and kind.__module__ == name and "__dataclass_fields__" in vars(kind)
]


def outcome(call):
    """What a call gives: a value that can be compared, or the kind of error and, for ValueError, its sentence."""
    try:
        return call()
    except Exception as error:
        return error.__class__.__name__, str(error) if isinstance(error, ValueError) else ""


@pytest.mark.parametrize("real, theirs", PAIRS, ids=[real.__qualname__ for real, _ in PAIRS])
@given(data=strategies.data())
def test_the_stand_in_is_as_the_real_one(real, theirs, data):
    """Same signature, repr, equality, hash, freezing and replacement, for every dataclass that the page runs."""
    names = [field.name for field in dataclasses.fields(real)]
    assert list(theirs.__dataclass_fields__) == names
    value = strategies.one_of(
        strategies.integers(-3, 300),
        strategies.sampled_from(["basic", "A", "B", "2d", None, True, (), (1, 2), [3]]),
    )
    arguments = data.draw(strategies.lists(value, max_size=len(names) + 1))
    keywords = data.draw(strategies.dictionaries(strategies.sampled_from(names), value, max_size=3))
    ours, other = (
        outcome(lambda: real(*arguments, **keywords)),
        outcome(lambda: theirs(*arguments, **keywords)),
    )
    if isinstance(ours, tuple):
        assert other == ours
        return

    def text(value):
        return outcome(lambda: repr(value))

    assert text(other) == text(ours)
    assert [getattr(other, name) for name in names] == [getattr(ours, name) for name in names]
    assert (other == theirs(*arguments, **keywords)) is True and (other == ours) is False
    assert outcome(lambda: hash(other) == hash(theirs(*arguments, **keywords))) == outcome(
        lambda: hash(ours) == hash(real(*arguments, **keywords))
    )
    name, new = data.draw(strategies.sampled_from(names)), data.draw(value)
    assert text(outcome(lambda: STAND_IN.replace(other, **{name: new}))) == text(
        outcome(lambda: dataclasses.replace(ours, **{name: new}))
    )
    assert outcome(lambda: setattr(other, name, new)) == outcome(lambda: setattr(ours, name, new))
    assert text(other) == text(ours)


def test_there_are_dataclasses_to_compare():
    assert {real.__name__ for real, _ in PAIRS} >= {
        "Layer",
        "Block",
        "ResNet",
        "ReceptiveField",
        "Row",
        "Trace",
        "Range",
        "Choice",
        "Switch",
    }


def test_the_stand_in_refuses_what_it_cannot_do():
    with pytest.raises(TypeError):
        STAND_IN.dataclass(order=True)
