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
PATIENCE = 240_000  # milliseconds, for what takes two seconds where nothing else runs
# A notebook that is run before it has its kernel is asked which one it wants.
READY = """() => {
    const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
    return session?.kernel?.connectionStatus === "connected"
        && session.kernel.status === "idle"; }"""
# The cells are asked, as those that are off the screen may have no element. An error ends the rest.
DONE = """() => {
    const widget = window.jupyterapp.shell.currentWidget;
    const cells = widget.content.widgets.map((cell) => cell.model)
        .filter((cell) => cell.type === "code" && cell.sharedModel.source.trim());
    const outputs = cells.flatMap((cell) => cell.outputs.toJSON());
    const failed = outputs.filter((output) => output.output_type === "error");
    const ran = cells.every((cell) => cell.executionCount && cell.executionState !== "running");
    return widget.sessionContext.session.kernel.status === "idle" && (ran || failed.length)
        && {failed: failed.map((output) => `${output.ename}: ${output.evalue}`)}; }"""


class Server:
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
    def page(self, **options):
        """An empty page that may use the clipboard; without `options` it is 1400 by 900."""
        options = {"viewport": {"width": 1400, "height": 900}, **options}
        context = self.browser.new_context(
            permissions=["clipboard-read", "clipboard-write"], **options
        )
        try:
            self.opened += 1
            context.set_default_timeout(PATIENCE)
            yield context.new_page()
        finally:
            context.close()


class Lab(Server):
    """JupyterLab."""

    @contextmanager
    def open(self, name: str, dark: bool = False, **options):
        """The page of a notebook, once its cells and its kernel are there.

        Args:
            name: as `add` and `write` return it.
            dark: with JupyterLab's dark theme.
            options: of playwright's `new_context`.
        """
        with self.page(**options) as page:
            page.goto(f"{self.address}/lab/workspaces/{self.opened}/tree/{name}?reset")
            page.wait_for_selector(".jp-Notebook .jp-Cell")
            page.wait_for_function(READY)
            self.command(page, "application:toggle-left-area")
            theme = f"JupyterLab {'Dark' if dark else 'Light'}"
            self.command(page, "apputils:change-theme", theme=theme)
            light = str(not dark).lower()
            page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
            yield page
            page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")

    def command(self, page, name: str, **options):
        """Run one of JupyterLab's own commands."""
        page.evaluate(
            "([name, options]) =>"
            " window.jupyterapp.commands.execute(name, options).then(() => null)",
            [name, options],
        )

    def run_all(self, page, timeout: float = 300):
        """Run every cell, and wait until all have run. Raises AssertionError if one failed."""
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        done = page.wait_for_function(DONE, timeout=1000 * timeout).json_value()
        assert not done["failed"], done["failed"]


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
        end = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < end:
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
