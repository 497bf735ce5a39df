"""Explorers as declarations: their values, their views and their widgets.

The page and the notebook in a browser have files of their own.
"""

import importlib
import random
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import resnet_lab as rl
from resnet_lab import explorers
from resnet_lab.blocks import BLOCK_OPTIONS
from resnet_lab.explorers import ALL, Choice, Explorer, Range, Real, Switch, Text
from resnet_lab.explorers.controls import block_controls

# Modules for PyTorch whose names copied code may use.
NAMED = (
    "training",
    "models",
    "data",
    "gradients",
    "jobs",
    "job_runner",
    "inside",
    "inside_runner",
    "probes",
)
EVERY = pytest.mark.parametrize("explorer", ALL.values(), ids=list(ALL))


def some(control, dice):
    """A value that the control can take."""
    if isinstance(control, Switch):
        return dice.random() < 0.5
    if isinstance(control, Text):
        return dice.choice(["resnet18", "resnet50", "inception", "100% & <b>more</b>", "{", ""])
    if isinstance(control, Choice):
        return dice.choice(list(control.options))
    return control.check(
        control.low
        + control.step * dice.randint(0, round((control.high - control.low) / control.step))
    )


def states(explorer, count, seed=0):
    dice = random.Random(seed)
    return [
        {name: some(control, dice) for name, control in explorer.controls.items()}
        for _ in range(count)
    ]


class Outline(HTMLParser):
    """Keeps tags and outermost pictures; checks that tags close in order, and ids are used once."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.pictures, self.open = [], [], []
        self.feed(html)
        assert not self.open
        ids = [attributes["id"] for _, attributes in self.tags if "id" in attributes]
        assert len(ids) == len(set(ids))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "svg" and "svg" not in self.open:
            self.pictures.append(dict(attributes))
        if tag not in ("input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@EVERY
def test_a_name_finds_its_explorer(explorer):
    assert getattr(explorers, explorer.name.replace("-", "_")) is explorer
    assert explorer.value == {name: control.start for name, control in explorer.controls.items()}


@EVERY
def test_every_view_has_a_labelled_picture_and_a_table_or_says_why_not(explorer):
    for values in [explorer.value, *states(explorer, 60)]:
        html = explorer.render(values)
        outline = Outline(html)
        if outline.pictures:
            assert all(
                picture["role"] == "img" and len(picture["aria-label"]) > 10
                for picture in outline.pictures
            )
            assert "table" in [tag for tag, _ in outline.tags]
        else:
            with pytest.raises(ValueError) as refusal:
                explorer.view(**values)
            assert html == f'<p class="rl-note">{refusal.value}.</p>'


@EVERY
def test_the_code_that_is_copied_runs(explorer):
    if not explorer.python:
        pytest.skip("it has no code")
    if explorer.job:
        pytest.skip("it trains; that is run where its job is tested")
    modules = {
        name.rpartition(".")[2]: module
        for name, module in sys.modules.items()
        if name.startswith("resnet_lab.") and name.count(".") == 1
    }
    modules.pop("probes", None)  # whose jobs train networks
    for values in states(explorer, 20):
        try:
            explorer.view(**values)
        except ValueError:
            continue
        try:
            exec(explorer.code(values), {"rl": rl, **modules})
        except NameError:
            # It trains or measures in PyTorch, which takes too long here: its names must be
            # there, but for a reader's images.
            pytest.importorskip("torch")
            known = {
                name
                for module in NAMED
                for name in dir(importlib.import_module(f"resnet_lab.{module}"))
            }
            assert set(compile(explorer.code(values), explorer.name, "exec").co_names) <= known | {
                "rl",
                "probes",
                "images",
                "labels",
                *dir(rl),
            }


@EVERY
def test_a_link_carries_every_value(explorer):
    for values in states(explorer, 20):
        assert explorer.read(explorer.write(values)) == values


def test_the_output_size_is_that_of_a_pytorch_layer():
    torch = pytest.importorskip("torch")
    for values in states(explorers.output_size, 200, seed=1):
        size, kernel, stride, padding, dilation, ceil_mode = values.values()
        # Pooling refuses more padding than half a kernel, a convolution cannot round up: each is
        # asked what it can do.
        try:
            if ceil_mode:
                out = torch.nn.functional.max_pool1d(
                    torch.zeros(1, 1, size), kernel, stride, padding, dilation, ceil_mode
                )
            else:
                out = torch.nn.functional.conv1d(
                    torch.zeros(1, 1, size),
                    torch.zeros(1, 1, kernel),
                    None,
                    stride,
                    padding,
                    dilation,
                )
        except RuntimeError:
            continue
        assert f"<strong>{out.shape[-1]}</strong>" in explorers.output_size.render(values)


plain = Explorer(
    "plain",
    "A plain one",
    [
        Range("size", "Size", 10, 20, 12, 2),
        Choice("block", "Block", ("basic", "bottleneck"), "basic"),
        Real("x", "x", -1, 1, 0.5, 0.25),
        Switch("bias", "Bias"),
    ],
    lambda size, block, x, bias: f"<p>{size} {block} {x} {bias}</p>",
)
del ALL["plain"]


@pytest.mark.parametrize(
    "values, sentence",
    [
        ({"depth": 3}, "'depth' is not a control of plain, which has size, block, x, bias"),
        ({"size": 9}, "size is 9; it must be a whole number from 10 to 20 in steps of 2"),
        ({"size": 13}, "size is 13; it must be a whole number from 10 to 20 in steps of 2"),
        ({"size": "12"}, "size is '12'; it must be a whole number from 10 to 20 in steps of 2"),
        ({"size": True}, "size is True; it must be a whole number from 10 to 20 in steps of 2"),
        ({"block": "wide"}, "block is 'wide'; it must be one of 'basic', 'bottleneck'"),
        ({"x": 1.25}, "x is 1.25; it must be a number from -1 to 1"),
        ({"bias": 1}, "bias is 1; it must be True or False"),
    ],
)
def test_bad_values_are_refused_by_name(values, sentence):
    for attempt in (plain.render, plain.check, lambda values: setattr(plain, "value", values)):
        with pytest.raises(ValueError) as refusal:
            attempt(values)
        assert str(refusal.value).startswith(sentence)
    assert plain.value == {"size": 12, "block": "basic", "x": 0.5, "bias": False}


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "1e999", "9" * 5000, "²", "", "--1"])
def test_a_link_with_no_such_number_gets_the_usual_sentence(text):
    for name in ("size", "x"):
        with pytest.raises(ValueError, match=f"{name} is .*; it must be a (whole )?number from"):
            plain.read(f"bias=true&{name}={text}")
    assert plain.read("nonsense&block=basic") == {"block": "basic"}


def test_printed_it_says_its_values_and_its_view_in_words():
    said = str(explorers.family)
    assert said.startswith("The ResNet family (stage1=3,") and "25,557,032 parameters" in said
    assert "<" not in said and "0x" not in said


def test_a_new_block_option_becomes_a_control():
    own = {"version": ("Form", None, 1.5)}
    options = {"version": {1: "one", 1.5: "1.5"}, "se": {False: "no", True: "yes"}}
    version, squeeze = block_controls(options, own)
    assert version == Choice("version", "Form", {1: "one", 1.5: "1.5"}, 1.5)
    assert squeeze == Switch("se", "SE")


def test_block_options_are_controls():
    block = explorers.residual_block.controls
    assert set(BLOCK_OPTIONS) <= set(block)
    assert set(BLOCK_OPTIONS) - {"fusion"} <= set(explorers.family.controls)
    for explorer in (explorers.residual_block, explorers.family):
        for values in explorer.presets.values():
            assert set(BLOCK_OPTIONS) & set(explorer.controls) <= set(values)


@EVERY
def test_it_stands_in_its_chapter(explorer):
    chapter = Path(__file__).parents[1] / "chapters" / f"{explorer.chapter}.ipynb"
    assert f'explorers.{explorer.name.replace("-", "_")}"' in chapter.read_text("utf-8")


@EVERY
def test_the_pages_form_has_a_label_for_every_input(explorer):
    tags = Outline(explorer.to_html()).tags
    labelled = {attributes["for"] for tag, attributes in tags if tag == "label"}
    inputs = [attributes for tag, attributes in tags if tag in ("input", "select", "textarea")]
    files = [attributes for attributes in inputs if attributes.get("type") == "file"]
    assert all(attributes["aria-label"] for attributes in files)
    inputs = [attributes for attributes in inputs if attributes not in files]
    assert {attributes["name"] for attributes in inputs} == set(explorer.controls)
    assert all(attributes["id"] in labelled for attributes in inputs)
    ids = {attributes.get("id") for _, attributes in tags}
    assert all(
        attributes["aria-labelledby"] in ids
        for _, attributes in tags
        if attributes.get("role") == "radiogroup"
    )


def test_importing_is_light(fresh):
    """The standard library is all that is loaded, in at most four times what asyncio takes."""
    heavy = "{'torch', 'numpy', 'matplotlib', 'ipywidgets', 'IPython'} & set(sys.modules)"
    assert fresh(f"import sys, resnet_lab, resnet_lab.explorers; print({heavy})") == "set()"
    took = {
        name: min(
            float(
                fresh(
                    f"import time; start = time.process_time(); import {name};"
                    " print(time.process_time() - start)"
                )
            )
            for _ in range(5)
        )
        for name in ("asyncio", "resnet_lab")
    }
    print(*[f"import {name}: {1000 * seconds:.0f} ms" for name, seconds in took.items()])
    assert took["resnet_lab"] < 4 * took["asyncio"]


@pytest.mark.parametrize("depth", (18, 34, 50, 101, 152))
def test_the_familys_presets_are_torchvisions_networks(depth):
    torchvision = pytest.importorskip("torchvision")
    model = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    total = sum(parameter.numel() for parameter in model.parameters())
    family, values = explorers.family, explorers.family.presets[f"ResNet-{depth}"]
    assert f"This is <strong>ResNet-{depth}</strong> of the paper's table 1" in family.render(
        values
    )
    assert f"{total:,}" in family.render(values) and family.code(values) == f"rl.resnet({depth})"


def test_the_familys_code_builds_what_is_shown():
    for values in [*explorers.family.presets.values(), *states(explorers.family, 40)]:
        net, view = eval(explorers.family.code(values), {"rl": rl}), explorers.family.render(values)
        table = rl.trace(net, (3, values["size"], values["size"]))
        assert net == explorers.family_network(**values)
        assert (
            f"{table.params:,}" in view
            and f"{table.macs:,}" in view
            and f">{table.weight_layers} layers<" in view
        )
        if "This is <strong>" in view:
            assert f"<strong>ResNet-{table.weight_layers}</strong>" in view
