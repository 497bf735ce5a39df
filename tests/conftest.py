"""What several tests share: a browser, the built book, and a page with the book's own script around some HTML."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


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
                f"the browser tests need Chromium, for instance from `apt-get install chromium`: {error}"
            )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def book():
    """The folder of the built book, brought up to date first."""
    built = subprocess.run(
        ["make", "book"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "MAKEFLAGS": ""},
    )
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def page_of(tmp_path_factory):
    """A function that puts HTML into a page with the book's own script and styles, and returns the page's path."""
    pytest.importorskip("brython", reason="live pages need brython")
    from resnet_lab import page

    def write(html, translated=False):
        folder, modules = tmp_path_factory.mktemp("page"), page.page_modules()
        for file in (*[page.PAGE / file for file in page.FILES], page.BRYTHON):
            shutil.copy(file, folder)
        (folder / "bundle.js").write_text(
            page.bundle(modules, page.translate(modules) if translated else {}), encoding="utf-8"
        )
        path = folder / "index.html"
        path.write_text(
            "<!doctype html><html lang=en data-theme=light><meta charset=utf-8><title>A page</title>"
            "<link rel=stylesheet href=explorers.css><link rel=stylesheet href=book.css>"
            f"<body>{html}<script src=explorers.js data-engine=brython.js data-bundle=bundle.js defer></script>",
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
