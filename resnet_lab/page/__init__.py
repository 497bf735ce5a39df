"""A Sphinx extension that makes explorers and exercises live in built pages: list `resnet_lab.page` among a book's extensions.

A page with one of them gets one small script, `explorers.js`. When a reader comes near, it fetches Brython and a bundle of
the package's own torch-free modules, so that the page runs the very same Python. All of it comes from installed packages
and is served with the book: nothing is asked of another host, and a book opened from a disk works as well.
"""

import ast
import hashlib
import json
import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

PAGE = Path(__file__).parent
BRYTHON = Path(find_spec("brython").origin).parent / "data" / "brython.js"
FILES = ("book.css", "explorers.css", "explorers.js")

# What explorers.js calls. A state is written as in a link: "kernel=3&stride=2"; a record is an exercise's, as JSON.
ENTRY = """
from browser import window
from javascript import JSON
from resnet_lab.exercises import check
from resnet_lab.explorers import ALL
window.resnet_lab = {
    "render": lambda name, state: ALL[name].render(ALL[name].read(state)),
    "code": lambda name, state: ALL[name].code(ALL[name].read(state)),
    "check": lambda record, answer: (lambda result: [result.state, result.text])(check(JSON.parse(record), answer)),
}
"""

# What the translation holds for tracebacks alone: indentation, the line of every statement and, made anew in every call, the
# place of every expression. Without it the bundle is a fifth smaller and quicker.
TRACES = re.compile(
    r"(?<!\\)\n\s*(?:(?:\$B\.set_lineno\(frame, \d+\);?|frame\.positions = \[\[[\d,\[\]]*\]\])(?=\n))?"
)


def page_modules() -> dict:
    """Name and source of every module that the page runs: explorers and exercises, and all that they import at their start."""
    modules = {
        "__future__": "annotations = None",
        "dataclasses": (PAGE / "dataclasses.py").read_text(encoding="utf-8"),
    }
    waiting = ["resnet_lab", "resnet_lab.explorers", "resnet_lab.exercises"]
    while waiting:
        name = waiting.pop()
        if name not in modules:
            path = PAGE.parents[1].joinpath(*name.split("."))
            package = path.is_dir()
            path = path / "__init__.py" if package else path.with_suffix(".py")
            modules[name] = path.read_text(encoding="utf-8")
            for node in ast.parse(modules[name]).body:
                if isinstance(node, ast.ImportFrom) and node.level:
                    parts = name.split(".")
                    base = ".".join(parts[: len(parts) - node.level + package])
                    found = [node.module] if node.module else [alias.name for alias in node.names]
                    waiting += [f"{base}.{each}" for each in found]
    return {**modules, "page": ENTRY}


def translate(modules: dict) -> dict:
    """JavaScript for each module, made by Brython itself in an engine without a page: it starts four times as fast."""
    from py_mini_racer import MiniRacer

    with MiniRacer() as engine:
        # The few names of a browser that brython.js asks for while it loads.
        engine.eval("""var self = globalThis, window = globalThis, console = {log() {}, info() {}, warn() {}};
            var location = {href: "http://book/", origin: "http://book", pathname: "/"};
            function URL(url) { this.pathname = url; this.search = this.hash = ""; }
            function addEventListener() {}""")
        engine.eval(BRYTHON.read_text(encoding="utf-8"))
        engine.eval("""__BRYTHON__.parse_options();
            function translate(name, source) {
                const B = __BRYTHON__, filename = "VFS." + name + ".py";
                B.url2name[filename] = name;
                B.imported[name] = B.module.$factory(name, "", name.split(".").slice(0, -1).join("."));
                return B.py2js({src: source, filename, imported: true}, B.imported[name], name, B.builtins_scope).to_js();
            }""")
        return {
            name: TRACES.sub(
                "\n", engine.eval(f"translate({json.dumps(name)}, {json.dumps(lean(source))})")
            )
            for name, source in modules.items()
        }


def lean(source: str) -> str:
    """A module without its docstrings, which no page shows."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            and ast.get_docstring(node) is not None
        ):
            node.body[0].value.value = ""
    return ast.unparse(tree)


def bundle(modules: dict, translated: dict) -> str:
    """The script that gives the page's modules to Brython and starts them. What is not translated starts as source."""
    packages = {name.rpartition(".")[0] for name in modules}
    files = {
        name: [".py", "" if name in translated else source, [], *[1] * (name in packages)]
        for name, source in modules.items()
    }
    ready = {name: [script] if name in packages else script for name, script in translated.items()}
    return (
        f"__BRYTHON__.loadBrythonPackage({json.dumps(files)});\n"
        f"Object.assign(__BRYTHON__.precompiled, {json.dumps(ready)});\n"
        "__BRYTHON__.importModule('page');\n"
    )


def write_assets(app):
    """Put what pages load into the book: our files, the bundle and Brython."""
    if app.builder.format != "html":
        return
    ours = Path(app.outdir, "_static", "resnet_lab")
    ours.mkdir(parents=True, exist_ok=True)
    for file in (*[PAGE / file for file in FILES], BRYTHON):
        shutil.copy(file, ours)
    if not (ours / app.config.resnet_lab_bundle).exists():
        for old in ours.glob("bundle-*.js"):
            old.unlink()
        modules = page_modules()
        ours.joinpath(app.config.resnet_lab_bundle).write_text(
            bundle(modules, translate(modules)), encoding="utf-8"
        )


def add_script(app, pagename, templatename, context, doctree):
    """Load the script on pages that have an explorer or an exercise."""
    if 'class="rl-ex' in context.get("body", ""):
        app.add_js_file(
            "resnet_lab/explorers.js",
            loading_method="defer",
            **{"data-engine": "brython.js", "data-bundle": app.config.resnet_lab_bundle},
        )


def mend_roles(app, pagename, templatename, context, doctree):
    """What screen readers stumble over: a table's heading without a word is a cell, a reference is an item of its list."""
    if "body" in context:
        body = re.sub(r'<th class="head[^>]*><p></p></th>', "<td></td>", context["body"])
        context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def forget_widgets(app, env):
    """Drop the state of ipywidgets that myst-nb would embed, and its widget manager: pages have native inputs."""
    for data in env.nb_metadata.values():
        data["js_files"] = {
            name: file
            for name, file in data.get("js_files", {}).items()
            if "ipywidgets" not in name
        }


def drop_icons(app, exception):
    """The theme loads every icon of Font Awesome, half a megabyte compressed; book.css draws the few it shows."""
    icons, style = [
        Path(app.outdir, "_static", file)
        for file in ("scripts/fontawesome.js", "styles/pydata-sphinx-theme.css")
    ]
    if icons.exists():
        icons.write_text("")
        style.write_text(
            re.sub(r"[^{}]*\.fa-[^{}]*\{[^{}]*\}", "", style.read_text(encoding="utf-8")),
            encoding="utf-8",
        )


def setup(app):
    # The kernels that execute the chapters inherit it: in them an exercise puts out the page's form.
    os.environ["RESNET_LAB_BOOK"] = "1"
    # A change of anything a page loads changes this value, and with it Sphinx writes every page anew.
    sources = [
        *page_modules().values(),
        *[(PAGE / file).read_text(encoding="utf-8") for file in FILES],
    ]
    version = hashlib.sha256("".join(sources).encode()).hexdigest()[:10]
    app.setup_extension("resnet_lab.page.formulas")
    app.add_config_value("resnet_lab_bundle", f"bundle-{version}.js", "html")
    app.config.templates_path.append(str(PAGE / "templates"))
    app.add_css_file("resnet_lab/explorers.css")
    app.add_css_file("resnet_lab/book.css")
    app.connect("builder-inited", write_assets)
    app.connect("env-updated", forget_widgets)
    app.connect("html-page-context", add_script)
    app.connect("html-page-context", mend_roles)
    app.connect("build-finished", drop_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
