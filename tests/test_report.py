"""What a build says and what fails it, on a book of two chapters."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from everything import EVERYTHING

ROOT = Path(__file__).parent.parent
CONFIG = f"""
title: A book
execute: {{execute_notebooks: cache}}
sphinx:
  local_extensions: {{_ext.report: "{ROOT}", _ext.execution: "{ROOT}"}}
"""


@pytest.fixture
def build(tmp_path):
    """A function that builds two chapters, the second with some code, and returns how it ended."""
    (tmp_path / "_config.yml").write_text(CONFIG)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: one\nchapters: [{file: two}]\n")

    def run(code, strict):
        for name, source in (("one", "print(1)"), ("two", code)):
            cells = [nbformat.v4.new_markdown_cell(f"# {name}"), nbformat.v4.new_code_cell(source)]
            notebook = nbformat.v4.new_notebook(cells=cells)
            for cell in cells:  # the same text is the same file
                cell["id"] = cell["cell_type"]
            notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python"}
            nbformat.write(notebook, tmp_path / f"{name}.ipynb")
        environment = {name: value for name, value in os.environ.items() if name != "STRICT"}
        if strict:
            environment["STRICT"] = "1"
        options = ["-W", "--keep-going"] if strict else []
        code = "import sys; from jupyter_book.cli.main import main; main()"
        command = [sys.executable, "-c", code, "build", ".", "--quiet", *options]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    return run


def test_one_line_a_chapter_and_none_for_a_cached_one(build):
    built = build("2", strict=False)
    assert built.returncode == 0
    lines = built.stderr.splitlines()
    assert sorted(line.split()[0] for line in lines) == ["one", "two"]
    assert all(float(line.split()[1]) > 0 and line.endswith(" s") for line in lines)

    again = build("3", strict=False)
    assert [line.split()[0] for line in again.stderr.splitlines()] == ["two"]


def test_stderr_fails_a_strict_build_alone(build):
    code = "import sys; print('a library warns', file=sys.stderr)"
    tolerant = build(code, strict=False)
    assert tolerant.returncode == 0 and "a library warns" not in tolerant.stderr

    strict = build(code, strict=True)  # of what the first build has cached
    assert strict.returncode != 0
    assert "two  wrote to stderr:\na library warns" in strict.stderr


@pytest.mark.parametrize("strict", [False, True] if EVERYTHING else [False])
def test_a_cell_that_raises_fails_the_build_in_full(build, strict):
    built = build("def third(x):\n    return x / 0\nthird(1)", strict)
    assert built.returncode != 0
    assert "two  FAILED" in built.stderr and "ZeroDivisionError" in built.stderr
    assert "one  " in built.stderr  # the others are built all the same


def test_a_kernel_that_does_not_start_is_tried_once_more(build, tmp_path, monkeypatch):
    """Two that start at the same time may choose the same port: one of them ends at once."""
    fails_once = tmp_path / "fails_once.py"
    fails_once.write_text(
        "import os, sys\n"
        "from ipykernel import kernelapp\n"
        f"try: os.mkdir({str(tmp_path / 'failed')!r})\n"
        "except FileExistsError: kernelapp.launch_new_instance()\n"
        "else: sys.exit('Address already in use')\n"
    )
    kernel = tmp_path / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    argv = [sys.executable, str(fails_once), "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": argv, "display_name": "Python", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))

    built = build("2", strict=True)
    assert (tmp_path / "failed").exists()
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "_build" / "html" / "two.html").exists()
