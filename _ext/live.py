"""Explorers and exercises live in built pages.

A page with one of them gets one small script, `explorers.js`. When a reader comes near, it fetches
Brython and those of the package's own torch-free modules that this page needs: it runs the very
same Python. All of it comes from installed packages and is served with the book: nothing is asked
of another host, and a book opened from a disk works as well.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from resnet_lab.draw import palette

from . import brython_bundle, job_scripts, sheets
from .page_modules import PACKAGE, page_modules, page_parts

STATIC = Path(__file__).parent / "static"
EXPLORERS_CSS = PACKAGE / "explorers" / "explorers.css"
FILES = (
    *[STATIC / name for name in ("book.css", "explorers.js", "cells.js", "another.js")],
    EXPLORERS_CSS,
)
STYLES = ("palette.css", "explorers.css", "book.css")


def write_assets(app: Sphinx) -> None:
    """Put what pages load into the book: our files, the bundle and Brython."""
    if app.builder.format != "html":
        return
    brython_bundle.check()
    folder = Path(app.outdir, "_static", "resnet_lab")
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        shutil.copy(file, folder)
    folder.joinpath("brython.js").write_text(brython_bundle.brython_js(), encoding="utf-8")
    job_scripts.write_scripts(folder)
    job_scripts.write_recorded(folder)
    folder.joinpath("palette.css").write_text(palette.css(), encoding="utf-8")
    parts, ending = page_parts(), f"-{app.config.resnet_lab_version}.js"
    if not (folder / f"exercises{ending}").exists():
        for old in folder.glob("*-*.js"):
            if old.name.partition("-")[0] in parts:
                old.unlink()
        sheets.write_sheets(folder, app.config.resnet_lab_version)
        translated = brython_bundle.translate(page_modules())
        for name, modules in parts.items():
            ready = {each: translated[each] for each in modules}
            script = brython_bundle.bundle(modules, ready)
            (folder / f"{name}{ending}").write_text(script, encoding="utf-8")


def add_script(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Load the script on pages that have an explorer or an exercise, and what these need."""
    body = context.get("body", "")
    if 'class="rl-e' in body:
        found = re.findall('<figure class="rl-explorer" data-explorer="([a-z-]+)"', body)
        parts = ["base", *dict.fromkeys([name.replace("-", "_") for name in found])]
        parts += ["exercises"] * ('class="rl-exercise"' in body)
        files = [f"{part}-{app.config.resnet_lab_version}.js" for part in parts]
        data = {"data-engine": "brython.js", "data-bundle": " ".join(files)}
        if 'class="rl-edit"' in body:
            data["data-cells"] = f"cells-{app.config.resnet_lab_version}.js"
        if drawn := re.search(r'id="exercise-(\d+)-\d+"', body):
            name = sheets.file_name(int(drawn[1]), app.config.resnet_lab_version)
            data["data-sheets"] = name
        app.add_js_file("resnet_lab/explorers.js", loading_method="defer", **data)


def forget_widgets(app: Sphinx, env: BuildEnvironment) -> None:
    """Drop the state and the manager of ipywidgets, which myst-nb would embed.

    Pages have native inputs instead.
    """
    for data in env.nb_metadata.values():  # type: ignore[attr-defined]
        scripts = data.get("js_files", {})
        data["js_files"] = {
            name: file for name, file in scripts.items() if "ipywidgets" not in name
        }


def version() -> str:
    """Another one for any change of what pages load: with it Sphinx writes every page anew."""
    sources = [module.source for module in page_modules().values()]
    sources += [
        file.read_text(encoding="utf-8")
        for file in (
            *FILES,
            *job_scripts.modules(job_scripts.RUNNER),
            *[Path(module.__file__) for module in (brython_bundle, sheets)],
            job_scripts.HOST,
            job_scripts.PICTURES,
            *sorted((PACKAGE / "exercises").glob("*.py")),
        )
    ]
    return hashlib.sha256("".join([*sources, palette.css()]).encode()).hexdigest()[:10]


def setup(app: Sphinx) -> dict[str, bool]:
    os.environ["RESNET_LAB_PAGE"] = "1"  # the kernels show the pages' form of explorers
    os.environ["RESNET_LAB_PROGRESS"] = "0"
    app.add_config_value("resnet_lab_version", version(), "html")
    for style in STYLES:
        app.add_css_file(f"resnet_lab/{style}")
    app.connect("builder-inited", write_assets)
    app.connect("env-updated", forget_widgets)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
