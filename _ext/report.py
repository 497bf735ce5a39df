"""What a build says, and what fails it.

A cell that raises is printed in full and fails the build. With `STRICT=1` in the environment, what
a cell writes to stderr is an error, too; without it such lines are left out of the pages, for a
reader can do nothing about the warning of some library.
"""

import os
import sys
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.config import Config

# A kernel warns at every start that it speaks over TCP: on one's own machine as it should be.
KERNEL_SETTINGS = "c = get_config()\nc.IPKernelApp.log_level = 40\n"


def say(line: str) -> None:
    """Print a line where `make book` shows it: Jupyter Book's own chatter is on stdout."""
    print(line, file=sys.stderr, flush=True)


def choose_strictness(app: Sphinx, config: Config) -> None:
    config["nb_output_stderr"] = "error" if os.environ.get("STRICT") else "remove"


def settle_kernels(app: Sphinx) -> None:
    """Give the chapters an IPython of their own: quiet, and without a reader's start-up files."""
    folder = Path(app.outdir).parent / ".ipython"
    settings = folder / "profile_default" / "ipython_kernel_config.py"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(KERNEL_SETTINGS, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(folder)


def report_chapter(app: Sphinx, doctree: nodes.document) -> None:
    """Say what failed in the chapter just read, and what it wrote to stderr."""
    docname = app.env.docname
    run = NbMetadataCollector.get_exec_data(app.env, docname)
    if run and not run["succeeded"]:
        say(f"{docname}  FAILED\n{run['traceback']}")
        app.statuscode = 1
    for block in doctree.findall(nodes.literal_block):
        if "stderr" in block["classes"]:
            say(f"{docname}  wrote to stderr:\n{block.astext()}")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", choose_strictness)
    app.connect("builder-inited", settle_kernels)
    app.connect("doctree-read", report_chapter)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
