"""What several tests share: a browser, the built book, and a page with the book's own script."""

import fcntl
import functools
import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # for _ext, which is not installed


def pytest_configure():
    """Ctrl-C does what it does in a terminal: whoever starts tests in the background ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONG = {"browser", "book", "page_of", "firefox", "compared"}  # fixtures of long tests


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Long files first: of two processes, none is left at the end with one of them."""
    long = {item.path for item in items if LONG & set(item.fixturenames)}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, with nothing of its own that asks the network."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="the browser tests need playwright"
    )
    installed = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    with sync_api.sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(
                executable_path=installed,
                args=[
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                ],
            )
        except sync_api.Error as error:
            pytest.skip(
                "the browser tests need Chromium, for instance from `apt-get install chromium`: "
                f"{error}"
            )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def book():
    """The folder of the built book, brought up to date first."""
    with (ROOT / "Makefile").open() as lock:  # of several processes, one builds
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = subprocess.run(
            ["make", "book"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={**os.environ, "MAKEFLAGS": ""},
        )
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    return ROOT / "_build" / "html"


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


@pytest.fixture(scope="session")
def page_of(tmp_path_factory):
    """A function that puts HTML into a page with the book's own script and styles.

    It returns the page's path.
    """
    pytest.importorskip("brython", reason="live pages need brython")
    from _ext import brython_bundle, job_scripts, live
    from _ext.page_modules import page_modules

    modules = page_modules()
    translated_modules = functools.cache(lambda: brython_bundle.translate(modules))

    def write(html, translated=False):
        folder = tmp_path_factory.mktemp("page")
        for file in live.FILES:
            shutil.copy(file, folder)
        (folder / "brython.js").write_text(brython_bundle.brython_js(), encoding="utf-8")
        (folder / "palette.css").write_text(live.palette.css(), encoding="utf-8")
        job_scripts.write_scripts(folder)
        ready = translated_modules() if translated else {}
        script = brython_bundle.bundle(modules, ready)
        (folder / "bundle.js").write_text(script, encoding="utf-8")
        path = folder / "index.html"
        path.write_text(
            "<!doctype html><html lang=en data-theme=light><meta charset=utf-8>"
            "<title>A page</title><link rel=icon href='data:,'>"
            + "".join([f"<link rel=stylesheet href={style}>" for style in live.STYLES])
            + f"<body>{html}<script src=explorers.js data-engine=brython.js data-bundle=bundle.js "
            "defer></script>",
            encoding="utf-8",
        )
        return path

    return write


@pytest.fixture
def fresh():
    """A function that runs code in a Python of its own and returns what it prints."""

    def run(code):
        return subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    return run


@pytest.fixture(scope="module")
def one_thread():
    """PyTorch on one thread for a module whose networks are too small to share out."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
