"""The reference page: every public name, formulas typeset, examples; the search leads there."""

import importlib
import inspect
import re

import pytest
from browsing import watched

import resnet_lab as rl
import resnet_lab.exercises.forms

TORCH = (
    "models",
    "modules",
    "data",
    "sources",
    "recipe",
    "training",
    "checkpoints",
    "progress",
    "gradients",
    "folders",
    "drawn_things",
    "weights",
    "profiling",
    "freezing",
    "logs",
    "saved",
    "figures",
    "trained",
    "inside_runner",
    "paths",
    "landscape",
)


@pytest.fixture(scope="module")
def names(book):
    """The page's entries: each name with the HTML of its description."""
    html = book.joinpath("chapters", "api.html").read_text(encoding="utf-8")
    parts = re.split(r'<dt class="sig[^>]*id="(resnet_lab\.[\w.]+)"', html)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_name_of_the_package_is_there(names):
    public = {
        f"{thing.__module__}.{thing.__name__}"
        for name, thing in vars(rl).items()
        if callable(thing) and not name.startswith("_")
    }
    assert len(public) > 10 and public <= set(names)
    assert {
        f"resnet_lab.{name}"
        for name in (
            "models.build",
            "training.fit",
            "training.evaluate",
            "data.load",
            "draw.networks.network",
            "explorers.explorer.Explorer",
            "exercises.exercise",
            "exercises.forms.Number",
        )
    } <= set(names)


def named(name):
    """What has this name; an explorer hides the module that it is named after."""
    parts = name.split(".")
    for stop in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:stop]))
        except ImportError:
            continue
        for part in parts[stop:]:
            found = getattr(found, part)
        return found


def test_every_entry_says_something_and_functions_have_an_example(names):
    count = 0
    for name, html in names.items():
        thing, home = named(name), named(name.rpartition(".")[0])
        assert thing.__doc__ and "<p>" in html, name
        if inspect.isfunction(thing) and inspect.ismodule(home) and name.split(".")[1] not in TORCH:
            count += 1
            assert ">>>" in thing.__doc__ and "highlight" in html, f"{name} has no example"
    assert count > 30


def test_formulas_are_typeset(names):
    for name in ("conv_output_size", "ReceptiveField.through", "conv_params", "conv_macs"):
        assert re.search(r'class="[^"]*(math|katex)', names[f"resnet_lab.arithmetic.{name}"]), name
    assert "⌊(n + 2p" not in names["resnet_lab.arithmetic.conv_output_size"]


def test_search_finds_receptive_field(browser, book, origin):
    opened = watched(browser, origin)
    opened.goto(f"{origin}/search.html?q=receptive+field")
    found = opened.locator("ul.search li a")
    found.nth(3).wait_for()
    addresses = [link.get_attribute("href") for link in found.all()]
    assert any("06-receptive-fields.html" in address for address in addresses[:3]), addresses
    assert any("api.html" in address and "receptive_field" in address for address in addresses), (
        addresses
    )
    assert not opened.trouble
    opened.close()
