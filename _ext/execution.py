"""The chapters that have changed run side by side before Sphinx reads them one after the other.

Their outputs go into the cache, where Jupyter Book finds them. A chapter that fails is not kept
there: it runs once more when it is read, and `report` prints its traceback.
"""

import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import active_children
from pathlib import Path

import attr
import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from .report import say

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
KERNELS = min(CORES, 4)


def run_changed_chapters(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Fill the cache, as myst_nb does, for every notebook among `docnames` that is not in it."""
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path)
    changed = []
    for path in [Path(env.doc2path(docname)) for docname in docnames]:
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                changed.append((path, notebook))
    # Each kernel gets its share of the cores, or they wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", str(CORES // KERNELS))

    pool = ProcessPoolExecutor(KERNELS)
    running = {
        pool.submit(run, path, notebook, config.execution_timeout): path
        for path, notebook in changed
    }
    try:
        for done in as_completed(running):
            path, result = running[done], done.result()
            if result.err is None:
                data = {"execution_seconds": result.time}
                bundle = CacheBundleIn(result.nb, str(path), data=data)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
                say(f"{env.path2doc(path)}  {result.time:.1f} s")
    except BaseException:  # Ctrl-C: their kernels end with them
        for process in active_children():
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def run(path: Path, notebook: nbformat.NotebookNode, timeout: int) -> ExecutionResult:
    """Run a notebook where it lies; its outputs are in the result."""
    try:
        result = single_nb_execution(notebook, str(path.parent), timeout, allow_errors=False)
    except RuntimeError as error:  # no kernel, for instance: two have chosen the same port
        result = ExecutionResult(notebook, str(path.parent), time=0, err=error)
    # An exception may not survive the way back; that there was one is enough.
    return attr.evolve(result, err=result.err and RuntimeError(str(result.err)))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("env-before-read-docs", run_changed_chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
