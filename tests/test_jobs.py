"""Jobs: what a run starts from is the same, to the last bit, in Python and in the page's engine."""

import json

import pytest
from engine_node import node

from resnet_lab import ResNet
from resnet_lab.jobs import Generator, start_weights


@pytest.mark.parametrize("seed", [0, 1, -1, 2**31, 123456789])
def test_the_generator_is_the_engines(seed):
    theirs = node(f"""
        const {{uniform, normal, below, shuffled}} = generator({seed});
        const many = (draw) => Array.from({{length: 500}}, draw);
        const all = [many(uniform), many(normal), many(() => below(10)), shuffled(40)];
        console.log(JSON.stringify(all))""")
    draw = Generator(seed)
    assert theirs == [
        [draw.uniform() for _ in range(500)],
        [draw.normal() for _ in range(500)],
        [draw.below(10) for _ in range(500)],
        draw.shuffled(40),
    ]


def test_mulberry32_draws_what_its_author_lists():
    assert [Generator(1).uniform(), Generator(0).uniform()] == [
        0.6270739405881613,
        0.26642920868471265,
    ]


def test_start_weights_are_the_engines():
    net = ResNet("basic", (1, 1), (4, 8), stem="3x3", in_channels=2, classes=3)
    graph = net.graph().to_dict()
    shapes, theirs = node(f"""
        const net = engine({json.dumps(graph)}, [2, 8, 8], {{precision: "float64"}});
        const saved = Object.entries(net.initialise(9).save()).map(([name, x]) => [name, [...x]]);
        console.log(JSON.stringify([net.shapes, Object.fromEntries(saved)]))""")
    kinds = {layer["name"]: layer["kind"] for layer in graph["layers"]}
    assert start_weights(shapes, kinds, 9) == theirs
