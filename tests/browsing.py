"""What the tests of built pages share: a page that notes trouble, and explorers that settle."""

import functools
import http.server
import threading
from contextlib import contextmanager

from resnet_lab.explorers import ALL

# These run in the page. An explorer's state as its inputs have it, once the view shows that state:
STATE = """figure => {
    const state = [...figure.querySelector("form").elements]
        .filter((input) => input.name && (input.type !== "radio" || input.checked))
        .map((input) => `${input.name}=${input.type === "checkbox" ? input.checked : input.value}`)
        .join("&");
    return figure.dataset.live === state && state;
}"""
# its view, some HTML as the browser would write it back, and the sliders whose read-out is wrong:
SHOWN = """([figure, html]) => [
    figure.querySelector(".rl-view").innerHTML,
    Object.assign(document.createElement("div"), {innerHTML: html}).innerHTML,
    [...figure.querySelectorAll("output")]
        .filter((output) => output.value !== document.getElementById(output.htmlFor).value).length,
]"""
# and every change so far: of which explorer, when, and how long from the event to the picture.
CHANGES = (
    "performance.getEntriesByName('explorer')"
    ".map(({startTime, duration, detail}) => [detail, startTime, duration])"
)


def pages_with_explorers(book):
    found = [
        path.relative_to(book).as_posix()
        for path in sorted(book.rglob("*.html"))
        if 'class="rl-explorer"' in path.read_text(encoding="utf-8")
    ]
    assert found
    return found


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *message):
        pass


@contextmanager
def served(folder):
    """A server of the files in a folder; gives its address."""
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def watched(browser, origin, **options):
    """A page that notes errors, warnings and requests to anywhere but the book."""
    opened = browser.new_page(**options)
    opened.trouble = []
    opened.on("pageerror", lambda error: opened.trouble.append(f"error: {error}"))
    opened.on(
        "console",
        lambda message: (
            opened.trouble.append(f"console: {message.text}")
            if message.type in ("error", "warning")
            else None
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
    """Wait until the view shows what the inputs say, and hold it against CPython.

    Returns that state as a link has it.
    """
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
    """Wait until an explorer has these values, one of them apart, and shows CPython's view of them.

    Returns its values.
    """
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
