"""The page's stand-in for `dataclasses`, held against the real one."""

import dataclasses
import importlib
import importlib.util
import sys

import pytest
from hypothesis import given, strategies

from _ext.page_modules import PAGE, page_modules

MODULES = [name for name in page_modules() if name.startswith("resnet_lab")]
OURS = {name: importlib.import_module(name) for name in MODULES}


def with_stand_in():
    """The stand-in, and the page's modules loaded anew with it in the place of `dataclasses`."""
    kept = {
        name: module
        for name, module in sys.modules.items()
        if name.split(".")[0] in ("resnet_lab", "dataclasses")
    }
    spec = importlib.util.spec_from_file_location("dataclasses", PAGE / "dataclasses.py")
    stand_in = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    for name in kept:
        del sys.modules[name]
    sys.modules["dataclasses"] = stand_in
    try:
        theirs = {name: importlib.import_module(name) for name in MODULES}
        return stand_in, theirs
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "resnet_lab"]:
            del sys.modules[name]
        sys.modules.update(kept)


STAND_IN, THEIRS = with_stand_in()
PAIRS = [
    (kind, getattr(THEIRS[kind.__module__], kind.__name__))
    for name, module in OURS.items()
    for kind in vars(module).values()
    if isinstance(kind, type) and kind.__module__ == name and "__dataclass_fields__" in vars(kind)
]


def outcome(call):
    """What a call gives: a value, or the kind of error and, for ValueError, its sentence."""
    try:
        return call()
    except Exception as error:
        return error.__class__.__name__, str(error) if isinstance(error, ValueError) else ""


@pytest.mark.parametrize("real, theirs", PAIRS, ids=[real.__qualname__ for real, _ in PAIRS])
@given(data=strategies.data())
def test_the_stand_in_is_as_the_real_one(real, theirs, data):
    """Same signature, repr, equality, hash, freezing and replacement, for all that a page runs."""
    names = [field.name for field in dataclasses.fields(real)]
    assert list(theirs.__dataclass_fields__) == names
    value = strategies.one_of(
        strategies.integers(-3, 300),
        strategies.sampled_from(["basic", "A", "B", "2d", None, True, (), (1, 2), [3]]),
    )
    arguments = data.draw(strategies.lists(value, max_size=len(names) + 1))
    keywords = data.draw(strategies.dictionaries(strategies.sampled_from(names), value, max_size=3))
    ours, other = (
        outcome(lambda: real(*arguments, **keywords)),
        outcome(lambda: theirs(*arguments, **keywords)),
    )
    if isinstance(ours, tuple):
        assert other == ours
        return

    def text(value):
        return outcome(lambda: repr(value))

    assert text(other) == text(ours)
    assert [getattr(other, name) for name in names] == [getattr(ours, name) for name in names]
    assert (other == theirs(*arguments, **keywords)) is True and (other == ours) is False
    assert outcome(lambda: hash(other) == hash(theirs(*arguments, **keywords))) == outcome(
        lambda: hash(ours) == hash(real(*arguments, **keywords))
    )
    name, new = data.draw(strategies.sampled_from(names)), data.draw(value)
    assert text(outcome(lambda: STAND_IN.replace(other, **{name: new}))) == text(
        outcome(lambda: dataclasses.replace(ours, **{name: new}))
    )
    assert outcome(lambda: setattr(other, name, new)) == outcome(lambda: setattr(ours, name, new))
    assert text(other) == text(ours)


def test_there_are_dataclasses_to_compare():
    assert {real.__name__ for real, _ in PAIRS} >= {
        "Layer",
        "Block",
        "ResNet",
        "ReceptiveField",
        "Row",
        "Trace",
        "Range",
        "Choice",
        "Switch",
    }


def test_the_stand_in_refuses_what_it_cannot_do():
    with pytest.raises(TypeError):
        STAND_IN.dataclass(order=True)
