"""Which modules a page runs, and the check of what the bundle assumes of Brython."""

import ast
from textwrap import dedent

import pytest

from _ext.page_modules import Module, lean, package_modules, page_modules


@pytest.fixture
def package(tmp_path):
    """A package with sub-packages, relative imports of every kind, and what no page may get."""
    sources = {
        "thing/__init__.py": "from .top import top\n",
        "thing/top.py": """
            from __future__ import annotations
            from dataclasses import dataclass
            TYPE_CHECKING = False
            if TYPE_CHECKING:
                from typing import Any
                from . import for_types
            else:
                from . import otherwise
            try:
                from .tried import missing
            except ImportError:
                missing = None
            def top():
                return 1
            def in_notebooks():
                from . import lazy
            """,
        "thing/for_types.py": "",
        "thing/lazy.py": "",
        "thing/otherwise.py": "",
        "thing/tried.py": "missing = None\n",
        "thing/unused.py": "",
        "thing/draw/__init__.py": "from . import charts\nfrom .svg import line\n",
        "thing/draw/charts.py": "from ..top import top\nfrom .svg import line\n",
        "thing/draw/svg.py": "def line():\n    return '<line/>'\n",
        "thing/draw/unused.py": "",
        "thing/show/__init__.py": "from .family import family\n",
        "thing/show/family.py": """
            from .. import draw
            from ..top import top
            family = draw.charts.line() * top()
            """,
        "thing/absolute.py": "import thing.draw.svg\nimport json\n",
    }
    for name, source in sources.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(source), encoding="utf-8")
    return tmp_path / "thing"


def test_imports_are_followed_through_sub_packages_and_no_further(package):
    draw = {"thing", "thing.top", "thing.otherwise", "thing.tried"}
    draw |= {"thing.draw", "thing.draw.charts", "thing.draw.svg"}
    found = package_modules(package, ["show"])
    assert set(found) == draw | {"thing.show", "thing.show.family"}
    assert {name for name, module in found.items() if module.is_package} == {
        "thing",
        "thing.draw",
        "thing.show",
    }
    assert set(package_modules(package, ["absolute"])) == draw | {"thing.absolute"}


def test_a_bundle_of_sub_packages_runs_in_a_page(browser, package, tmp_path):
    """Translated or not; also where a name takes the place of its module."""
    pytest.importorskip("brython", reason="live pages need brython")
    from _ext import brython_bundle

    start = Module(
        "from browser import window\nfrom thing.show import family\nwindow.seen = family\n"
    )
    stand_ins = {"__future__": Module("annotations = None"), "dataclasses": Module("dataclass = 0")}
    modules = {**stand_ins, **package_modules(package, ["show"]), "start": start}
    (tmp_path / "brython.js").write_text(brython_bundle.brython_js(), encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text("<script src=brython.js></script><script src=bundle.js></script>")
    for translated in (brython_bundle.translate(modules), {}):
        script = brython_bundle.bundle(modules, translated)
        (tmp_path / "bundle.js").write_text(script, encoding="utf-8")
        opened = browser.new_page()
        opened.goto(page.as_uri())
        opened.wait_for_function("window.seen")
        assert opened.evaluate("window.seen") == "<line/>"
        opened.close()


def test_docstrings_and_annotations_stay_at_home():
    source = '''
        """A module."""
        from __future__ import annotations
        TYPE_CHECKING = False
        if TYPE_CHECKING:
            from typing import Any
        LIMIT: int = 3
        class Point:
            """A point."""
            x: int
            y: int = 0
            def far(self, other: Point, *rest: Any, **more: Any) -> bool:
                """Whether it is far."""
                gap: float = other.x - self.x
                later: Any
                return gap > LIMIT
        def nothing(name: str = "a") -> None:
            """Only words."""
        '''
    expected = """
        from __future__ import annotations
        TYPE_CHECKING = False
        LIMIT = 3
        class Point:
            x: int
            y: int = 0
            def far(self, other, *rest, **more):
                gap = other.x - self.x
                return gap > LIMIT
        def nothing(name='a'):
            pass
        """
    assert lean(dedent(source)) == ast.unparse(ast.parse(dedent(expected)))


def test_the_page_gets_nothing_that_needs_more_than_the_page_has():
    """Every import at a module's start is one of the bundle's own, or Brython's."""
    modules = page_modules()
    for name, module in modules.items():
        for node in ast.parse(lean(module.source)).body:
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= set(modules), name
            elif isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module in {*modules, "browser", "javascript"}, name
    assert not any(name.startswith("resnet_lab.models") for name in modules)


def test_brython_is_as_the_bundle_takes_it_to_be():
    pytest.importorskip("brython", reason="live pages need brython")
    from _ext import brython_bundle

    brython_bundle.check.__wrapped__()


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("FUNCTIONS", ("py2javascript",), "__BRYTHON__.py2javascript is no function"),
        ("TRANSLATE", "function translate(name) { return name.no.thing; }", "py2js does not"),
        ("TRANSLATE", "function translate() { return 'pass'; }", "'$B.set_lineno(frame, '"),
        ("BROWSER", "", "brython.js does not load outside a page"),
        ("SAMPLE", {"sample": Module("x = 1\nassert x == 2\n")}, "does not run"),
    ],
)
def test_another_brython_is_told_in_a_sentence(monkeypatch, name, value, words):
    pytest.importorskip("brython", reason="live pages need brython")
    from sphinx.errors import ExtensionError

    from _ext import brython_bundle

    monkeypatch.setattr(brython_bundle, name, value)
    with pytest.raises(ExtensionError) as error:
        brython_bundle.check.__wrapped__()
    assert words in str(error.value) and brython_bundle.KNOWN in str(error.value)
