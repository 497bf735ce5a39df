"""A network as JSON: kept as it was, and whatever else such a file may hold."""

import json

import pytest

import resnet_lab as rl
from resnet_lab.explorers import own_network
from resnet_lab.graph_json import LONGEST, from_json

GOOD = json.loads(rl.trace(rl.resnet(18), (3, 224, 224)).to_json())


def text(**changes):
    return json.dumps({**GOOD, **changes})


def layer(**changes):
    return text(layers=[{"name": "conv", "kind": "conv", "channels": 4, **changes}], repeats=[])


@pytest.mark.parametrize("name", ["resnet18", "resnet152", "vgg16", "resnet20", "plain56"])
def test_it_is_the_same_network_again(name):
    table = rl.trace(rl.named(name), (3, 64, 64))
    again = from_json(table.to_json())
    assert again.net == table.net.graph() and again.to_html() == table.to_html()


BAD = [
    ("", "no JSON"),
    ("{", "no JSON"),
    ("[]", "no network"),
    ("7", "no network"),
    ('{"format": "resnet_lab network"}', "version"),
    (text(version=2), "version is 2"),
    (text(format="torch"), "no network"),
    (text(script="alert(1)"), "'script'; known are"),
    (text(layers=[]), "layers is empty"),
    (text(layers={}), "must be a list"),
    (text(layers=[7]), "layer 1 is 7"),
    (text(layers=GOOD["layers"] * 100), "at most 3,000"),
    (text(name=""), "1 to 120 characters"),
    (text(name="a\nb"), "one line"),
    (text(name=None), "name is None"),
    (text(input_shape=[]), "empty"),
    (text(input_shape=[3, 1e9, 4]), "whole number"),
    (text(input_shape=[3, 10**9, 4]), "from 1 to 1,000,000"),
    (text(input_shape=[3, True, 4]), "True"),
    (text(input_shape=[1, 2, 3, 4, 5]), "one to four"),
    (text(repeats=[[0, 5, 2]]), "share no index"),
    (text(repeats=[[5, 2, 2]]), "three numbers"),
    (
        text(layers=[{"name": "a.0.conv", "kind": "conv", "channels": 4}], repeats=[[0, 1, 9]]),
        "'a.0.conv' stands for 9 in a row",
    ),
    (text(repeats=[[*GOOD["repeats"][0][:2], 10**6]]) if GOOD["repeats"] else "", ""),
    (layer(kind="exec"), "kind of conv is 'exec'"),
    (layer(kind=["conv"]), "known are"),
    (layer(kernel=0), "kernel of conv is 0"),
    (layer(kernel="3"), "'3'"),
    (layer(kernel=[3, 3]), "must be a list of 2 numbers"),
    (layer(kernel=[3] * 99, stride=[1], padding=[0], dilation=[1]), "at most 8"),
    (layer(padding=-1), "at least 0"),
    (layer(groups=3), "do not fit together: at conv"),
    (layer(channels=-4), "channels of conv is -4"),
    (layer(bias=1), "true or false"),
    (layer(inputs=["nowhere"]), "'nowhere'"),
    (layer(inputs="input"), "must be a list"),
    (layer(colour="red"), "'colour'"),
    (layer(kind="matmul"), "two inputs"),
    (layer(kind="dot-product", inputs=["input"]), ""),
    (layer(kind="linear"), "flatten them first"),
    (layer(kind="unknown"), "needs its output's"),
    (layer(kind="avgpool", output_size=[1, 2, 3]), "do not fit"),
    ("x" * (LONGEST + 1), "characters"),
    ("[" * 100_000, "no JSON"),
]


@pytest.mark.parametrize("bad, words", BAD, ids=range(len(BAD)))
def test_a_bad_file_gets_a_sentence(bad, words):
    try:
        from_json(bad)
    except ValueError as error:
        assert words in str(error) and len(str(error)) < 700
    else:
        assert not words


EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


@pytest.mark.parametrize(
    "evil",
    [
        text(name=EVIL),
        text(notes=[EVIL]),
        layer(name=EVIL),
        layer(kind=EVIL),
        layer(inputs=[EVIL]),
        layer(name=EVIL, kind="unknown", shape=[1], line=EVIL),
        text(**{EVIL: 1}),
        "{" + EVIL,
        EVIL,
    ],
)
@pytest.mark.parametrize("level", ["stage", "block", "layer"])
def test_what_a_file_holds_is_shown_as_text(evil, level):
    shown = own_network.render({"network": evil, "level": level})
    assert "<script>" not in shown and "<img" not in shown
    try:
        page = from_json(evil).to_html(level)
    except ValueError:
        page = ""
    assert "<script>" not in page and "<img" not in page


def test_the_explorer_shows_a_file():
    table = rl.trace(rl.resnet(34), (3, 224, 224))
    shown = own_network.render({"network": table.to_json(), "level": "stage"})
    assert f"{table.params:,}" in shown and "4 stages of 3, 4, 6, 3" in shown
    assert "network=" not in own_network.write({"network": table.to_json(), "level": "stage"})
