"""The classic notebook 6.5 with ipywidgets 7.7, as Colab's widgets are, for tests.

It needs an old Python, 3.10, and an environment of its own, without PyTorch, which pip fills once
and pytest's cache keeps. `from classic import classic` gives a test module the fixture.
"""

import glob
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from jupyter import Server, served

WANTED = ("notebook==6.5.*", "ipywidgets==7.7.*", "matplotlib")
# Cells that run before the widgets are there show none.
READY = """() => {
    const {_fully_loaded, kernel} = window.Jupyter?.notebook ?? {};
    return _fully_loaded && kernel?.is_connected() && kernel.widget_manager; }"""
DONE = """() => {
    const cells = Jupyter.notebook.get_cells()
        .filter((cell) => cell.cell_type === "code" && cell.get_text().trim());
    return !Jupyter.notebook.kernel_busy
        && cells.every((cell) => Number.isInteger(cell.input_prompt_number)); }"""
ERRORS = """() => Jupyter.notebook.get_cells().filter((cell) => cell.cell_type === "code")
    .flatMap((cell) => cell.output_area.outputs)
    .filter((output) => output.output_type === "error")
    .map((output) => `${output.ename}: ${output.evalue}`)"""


class Classic(Server):
    """The classic notebook."""

    def add_chapter(self, path: Path) -> str:
        """A copy of a chapter whose cells run although others, for want of PyTorch, do not."""
        chapter = nbformat.read(path, 4)
        for cell in chapter.cells:
            cell.metadata.setdefault("tags", []).append("raises-exception")
        nbformat.write(chapter, self.folder / path.name)
        return path.name

    @contextmanager
    def open(self, name: str, **options):
        """The page of a notebook, once its cells and its kernel are there."""
        with self.page(**options) as page:
            page.goto(f"{self.address}/notebooks/{name}")
            page.wait_for_function(READY)
            yield page

    def run_all(self, page) -> list:
        """Run every cell, and wait until all have run; the errors there were."""
        page.locator("#celllink").click()
        page.locator("#run_all_cells a").click()
        page.wait_for_function(DONE)
        return page.evaluate(ERRORS)


def python310():
    """A Python 3.10 that can make environments, by name or from pyenv; None if there is none."""
    known = glob.glob(os.path.expanduser("~/.pyenv/versions/3.10.*/bin/python"))
    for python in filter(None, [shutil.which("python3.10"), *sorted(known)]):
        tried = subprocess.run([python, "-c", "import ensurepip"], capture_output=True)
        if tried.returncode == 0:
            return python
    return None


def environment(cache) -> str:
    """The Python of the environment, which is made where there is none; skips if that cannot be."""
    folder = Path(cache.mkdir("classic-notebook"), "environment")
    python, done = folder / "bin" / "python", folder / "done"
    if not done.exists() or done.read_text() != " ".join(WANTED):
        base = python310()
        if base is None:
            pytest.skip("the classic notebook needs Python 3.10, as python3.10 or from pyenv")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([base, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        got = subprocess.run([*pip, *WANTED], capture_output=True, text=True)
        if got.returncode:
            pytest.skip(f"pip cannot fetch {' and '.join(WANTED)}: {got.stderr[-300:]}")
        done.write_text(" ".join(WANTED))
    return str(python)


@pytest.fixture(scope="module")
def classic(browser, tmp_path_factory, request):
    """A `Classic` with nothing in it. Its kernel has the package and no PyTorch."""
    if not hasattr(request.config, "cache"):
        pytest.skip("the environment of the classic notebook is kept in pytest's cache")
    python = environment(request.config.cache)
    folder = tmp_path_factory.mktemp("classic")
    flags = ["--NotebookApp.token=", "--NotebookApp.password=", "--NotebookApp.port_retries=0"]
    flags += ["--allow-root", f"--notebook-dir={folder}"]
    with served(folder, python, "notebook", *flags) as address:
        yield Classic(folder, address, browser)
