"""All that depends on Brython's insides: a page's modules as one script, translated beforehand.

A page that had to translate them itself would start four times as slowly. No release of Brython
promises the names used here, so `check` tries each assumption when a build starts, and says in a
sentence which one no longer holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

from .page_modules import Module, lean

if TYPE_CHECKING:
    from py_mini_racer import MiniRacer

KNOWN = "3.15.*"
# What is called here, and in explorers.js, of the object that brython.js makes.
FUNCTIONS = ("parse_options", "py2js", "loadBrythonPackage", "importModule", "module.$factory")
FUNCTIONS += ("unpacker", "$getattr_pep657", "get_class", "get_dict", "search_in_mro")
FUNCTIONS += ("$is_member", "builtins.sum", "builtins.str.tp_funcs.join", "builtins.dict.$contains")
TABLES = ("url2name", "imported", "precompiled", "builtins_scope")

# The few names of a browser that brython.js asks for while it loads ...
BROWSER = """
    var self = globalThis, window = globalThis, console = {log() {}, info() {}, warn() {}};
    var location = {href: "http://book/", origin: "http://book", pathname: "/"};
    function URL(url) { this.pathname = url; this.search = this.hash = ""; }
    function addEventListener() {}"""
# ... and while it runs a module.
PAGE = "class Event {} class CustomEvent {} class Node {} var document = {dispatchEvent() {}};"
TRANSLATE = """
    __BRYTHON__.parse_options();
    function translate(name, home, source) {
        const B = __BRYTHON__, filename = "VFS." + name + ".py";
        B.url2name[filename] = name;
        B.imported[name] = B.module.$factory(name, "", home);
        const code = {src: source, filename, imported: true};
        return B.py2js(code, B.imported[name], name, B.builtins_scope).to_js();
    }"""

# What programs do all the time, and Brython by long ways round: reading what an object itself
# holds, unless its class describes the name (a property); taking a tuple or a list apart; looking
# for a text among texts, joining them, adding up whole numbers. All else goes the long way.
QUICKER = """
(B => {
    const {dict, tuple, list, str, type, property} = B.builtins;
    const plain = (items) => items?.ob_type === list || items?.ob_type === tuple;
    const all = (items, kind) => plain(items) && items.every((item) => typeof item === kind);
    // A quick way says undefined where it does not lead on.
    function shorten(object, name, quick) {
        const slow = object[name];
        object[name] = Object.assign(function (...given) {
            const found = quick(...given);
            return found === undefined ? slow.apply(this, given) : found;
        }, slow);
    }

    const describers = [property, B.getset_descriptor, B.member_descriptor], known = new Map();
    function described(kind, name) {
        if (!known.has(kind)) known.set(kind, new Map());
        const names = known.get(kind);
        if (!names.has(name)) {
            const found = B.search_in_mro(kind, name, B.NULL);
            names.set(name, found !== B.NULL && describers.includes(B.get_class(found)));
        }
        return names.get(name);
    }
    shorten(B, "$getattr_pep657", (object, name) => {
        const kind = object?.ob_type;
        if (kind?.ob_type !== type || kind === type) return undefined;
        const own = B.get_dict(object);
        return own && Object.hasOwn(own, name) && !described(kind, name) ? own[name] : undefined;
    });
    shorten(B, "unpacker", (items, number, starred) => {
        if (starred || !plain(items) || items.length !== number) return undefined;
        let place = 0;
        return {read_one: () => items[place++]};
    });
    shorten(B, "$is_member", (item, items) => {
        if (typeof item !== "string") return undefined;
        if (all(items, "string")) return items.includes(item);
        return B.get_class(items) === dict ? dict.$contains(items, item) : undefined;
    });
    shorten(str.tp_funcs, "join", (between, items, ...more) =>
        typeof between === "string" && all(items, "string") && !more.length
            ? items.join(between)
            : undefined);
    shorten(B.builtins, "sum", (items, ...more) => {
        if (more.length || !all(items, "number")) return undefined;
        const total = items.reduce((a, b) => a + b, 0);
        return Number.isSafeInteger(total) ? total : undefined;
    });
})(__BRYTHON__);
"""

# What a translation holds for tracebacks alone: indentation, the line of every statement and, made
# anew in every call, the place of every expression. A fifth of the bundle, and of its time.
TRACES = re.compile(
    r"(?<!\\)\n\s*"
    r"(?:(?:\$B\.set_lineno\(frame, \d+\);?|frame\.positions = \[[\d,\[\]]*\])(?=\n))?"
)
INLINE_TRACES = re.compile(r"(?<=if\()\$B\.set_lineno\(frame, \d+\) && ")


def brython_js() -> str:
    """Brython as pages load it."""
    found = find_spec("brython")
    if not found or not found.origin:
        raise ExtensionError("live pages need Brython: pip install 'brython==3.15.*'")
    file = Path(found.origin).parent / "data" / "brython.js"
    return file.read_text(encoding="utf-8") + QUICKER


def bundle(modules: Mapping[str, Module], translated: Mapping[str, str]) -> str:
    """The script that gives modules to Brython and starts the last one.

    What is not in `translated` starts as source.
    """
    files = {
        name: [".py", "" if name in translated else module.source, [], *[1] * module.is_package]
        for name, module in modules.items()
    }
    # Brython knows a translated package by its being in a list.
    ready = {
        name: [script] if modules[name].is_package else script
        for name, script in translated.items()
    }
    return (
        # Two parts of a page may share a module, and Brython warns of what it has already.
        f"__BRYTHON__.loadBrythonPackage(Object.fromEntries(Object.entries({json.dumps(files)})"
        ".filter(([name]) => !__BRYTHON__.VFS?.[name])));\n"
        f"Object.assign(__BRYTHON__.precompiled, {json.dumps(ready)});\n"
        f"__BRYTHON__.importModule({json.dumps(list(modules)[-1])});\n"
    )


def translate(modules: Mapping[str, Module]) -> dict[str, str]:
    """JavaScript for each module, made by Brython itself in an engine without a page."""
    with engine() as racer:
        return {
            name: without_traces(
                translation(racer, name, module._replace(source=lean(module.source)))
            )
            for name, module in modules.items()
        }


def without_traces(script: str) -> str:
    return INLINE_TRACES.sub("", TRACES.sub("\n", script))


@contextmanager
def engine() -> Iterator[MiniRacer]:
    from py_mini_racer import MiniRacer

    with MiniRacer() as racer:
        racer.eval(BROWSER)
        racer.eval(brython_js())
        racer.eval(TRANSLATE)
        yield racer


def translation(racer: MiniRacer, name: str, module: Module) -> str:
    home = name if module.is_package else name.rpartition(".")[0]
    return str(
        racer.eval(
            f"translate({json.dumps(name)}, {json.dumps(home)}, {json.dumps(module.source)})"
        )
    )


# A package, a sub-package, a relative import upwards, a name that shadows its module, a call; what
# QUICKER must not change.
SAMPLE = {
    "sample.numbers": Module("def three():\n    return 3\n"),
    "sample.inner.twice": Module(
        "from ..numbers import three\n\n\ndef twice():\n    return 2 * three()\n"
    ),
    "sample.inner": Module("from .twice import twice\n", is_package=True),
    "sample": Module("from .inner import twice\n", is_package=True),
    "sample_start": Module(
        """
import sample

class Described:
    own = 1

    @property
    def made(self):
        return self.own + 1

def stopped(work, error):
    try:
        work()
    except error:
        return True
    return False

def take():
    one, two = [1, 2, 3]

one = Described()
one.__dict__["made"] = 9
two = one.made
one.own, (three, *rest) = 2, (3, 4, 5)
if sample.twice() != 6:
    raise ValueError
assert (two, one.made, Described.own, three, rest) == (2, 3, 1, 3, [4, 5])
assert stopped(lambda: one.missing, AttributeError) and stopped(take, ValueError)
assert "a" in ("b", "a") and "a" not in ["b", one] and "a" in {"a": 1} and "a" not in {1: "a"}
assert stopped(lambda: "a" in 3, TypeError) and "a" in "bar"
assert "-".join(["a", "b"]) == "-".join(each for each in "ab") == "a-b"
assert stopped(lambda: "".join(["a", 1]), TypeError)
assert sum([1, 2, 3]) == sum([1, 2], 3) == 6 and sum([2**53, 1]) == 2**53 + 1
assert sum([0.5, 1]) == 1.5 and sum(()) == 0
"""
    ),
}


@cache
def check() -> None:
    """Try what this file assumes.

    Raises:
        ExtensionError: with a sentence that says what is otherwise in the installed Brython.
    """
    with told("brython.js does not load outside a page"), engine() as racer:
        for name in (*FUNCTIONS, *TABLES):
            kind = "function" if name in FUNCTIONS else "object"
            if racer.eval(f"typeof __BRYTHON__.{name}") != kind:
                raise broken(f"__BRYTHON__.{name} is no {kind}")
        with told("py2js does not translate a module"):
            scripts = {name: translation(racer, name, module) for name, module in SAMPLE.items()}
    for trace in ("$B.set_lineno(frame, ", "frame.positions = "):
        if trace not in "".join(scripts.values()):
            raise broken(f"a translation has no {trace!r}, which TRACES takes out")
    scripts = {name: without_traces(script) for name, script in scripts.items()}
    left = r"(?m)^(\$B\.set_lineno\(frame, \d+\)|frame\.positions\b)|if\(\$B\.set_lineno"
    if re.search(left, "\n".join(scripts.values())):
        raise broken("TRACES leaves some of what serves tracebacks alone")
    with told("a bundle of translated packages does not run"), engine() as racer:
        racer.eval(PAGE + bundle(SAMPLE, scripts))


@contextmanager
def told(what: str) -> Iterator[None]:
    """Any error inside becomes one that says what is wrong with Brython."""
    try:
        yield
    except ExtensionError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise broken(f"{what}: {reason}") from error


def broken(what: str) -> ExtensionError:
    return ExtensionError(
        f"Brython {version('brython')} is not as _ext/brython_bundle.py takes it to be: {what}. "
        f"Known to work: {KNOWN}"
    )
