"""A JupyterLab for tests: a server of its own, and a notebook in it that a headless browser drives.

`from jupyter import lab` gives a test module the fixture. Notebooks are copied into the server's
folder first, since autosave writes them back.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A notebook that is run before it has its kernel is asked which one it wants.
READY = """() => {
    const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
    return session?.kernel?.connectionStatus === "connected"
        && session.kernel.status === "idle"; }"""
IDLE = """() => {
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
    return prompts.length && prompts.every((prompt) => !prompt.textContent.includes("*"))
        && prompts.some((prompt) => /\\d/.test(prompt.textContent)); }"""


class Lab:
    """A running server. `folder` is its root; `open` gives a notebook in a page of its own."""

    def __init__(self, folder: Path, address: str, browser):
        self.folder, self.address, self.browser = folder, address, browser
        self.opened = 0

    def add(self, *notebooks: Path) -> list:
        """Copies of notebooks in the server's folder; their names."""
        return [Path(shutil.copy(notebook, self.folder)).name for notebook in notebooks]

    def write(self, name: str, *cells: str) -> str:
        """A new notebook of code cells; its name."""
        nbformat = pytest.importorskip("nbformat")
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, self.folder / name)
        return name

    @contextmanager
    def open(self, name: str, dark: bool = False, **options):
        """The page of a notebook, once its cells are there.

        Args:
            name: as `add` and `write` return it.
            dark: with JupyterLab's dark theme.
            options: of playwright's `new_context`; without them the window is 1400 by 900.
        """
        options = {"viewport": {"width": 1400, "height": 900}, **options}
        context = self.browser.new_context(
            permissions=["clipboard-read", "clipboard-write"], **options
        )
        try:
            page = context.new_page()
            self.opened += 1
            page.goto(f"{self.address}/lab/workspaces/{self.opened}/tree/{name}?reset")
            page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
            page.wait_for_function(READY, timeout=60_000)
            self.command(page, "application:toggle-left-area")
            if dark:
                self.command(page, "apputils:change-theme", theme="JupyterLab Dark")
                page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
            yield page
        finally:
            context.close()

    def command(self, page, name: str, **options):
        """Run one of JupyterLab's own commands."""
        page.evaluate(
            "([name, options]) =>"
            " window.jupyterapp.commands.execute(name, options).then(() => null)",
            [name, options],
        )

    def run_all(self, page, timeout: float = 120):
        """Run every cell, and wait until none is running. Raises AssertionError if one failed."""
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(IDLE, timeout=1000 * timeout)
        failed = page.locator(".jp-OutputArea-output[data-mime-type$='stderr'] .ansi-red-fg")
        assert not failed.count(), failed.first.inner_text()


@contextmanager
def served(folder: Path, python: str, *flags: str):
    """The address of a Jupyter server (`python -m ...flags`) whose settings all lie in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    places += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    own = {place: str(folder / ".jupyter" / place.lower()) for place in places}
    for place in own.values():
        Path(place).mkdir(parents=True)
    settings = Path(own["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab", "apputils-extension")
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    log = folder / ".jupyter" / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [python, "-m", *flags, "--no-browser", "--ip=127.0.0.1", f"--port={port}"],
            cwd=folder,
            env={**os.environ, **own, "PYTHONPATH": paths},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.1)
        else:
            raise AssertionError("the Jupyter server did not answer:\n" + log.read_text())
        yield address
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """A `Lab` with nothing in it, in a folder of its own."""
    pytest.importorskip("jupyterlab", reason="needs JupyterLab")
    pytest.importorskip("ipywidgets", reason="needs ipywidgets")
    folder = tmp_path_factory.mktemp("lab")
    flags = ["--ServerApp.port_retries=0", "--allow-root", f"--ServerApp.root_dir={folder}"]
    flags += ["--IdentityProvider.token=", "--ServerApp.password=", "--expose-app-in-browser"]
    with served(folder, sys.executable, "jupyterlab", *flags) as address:
        yield Lab(folder, address, browser)
