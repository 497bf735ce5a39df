"""Jobs: what a run starts from is the same, to the last bit, in Python and in the page's engine."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from resnet_lab import ResNet
from resnet_lab.jobs import Generator, start_weights

ENGINE = Path(__file__).parent.parent / "resnet_lab" / "engine.js"


@pytest.fixture(scope="module")
def node():
    """A function that runs a script with the engine and gives what it prints, read as JSON."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("this test needs node, for instance from `apt-get install nodejs`")

    def run(script):
        source = f"const resnetEngine = require({json.dumps(str(ENGINE))});\n{script}"
        return json.loads(subprocess.check_output([program, "-e", source], text=True))

    return run


@pytest.mark.parametrize("seed", [0, 1, -1, 2**31, 123456789])
def test_the_generator_is_the_engines(node, seed):
    theirs = node(f"""
        const {{uniform, normal, below, shuffled}} = resnetEngine.generator({seed});
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


def test_start_weights_are_the_engines(node):
    net = ResNet("basic", (1, 1), (4, 8), stem="3x3", in_channels=2, classes=3)
    graph = net.graph().to_dict()
    shapes, theirs = node(f"""
        const net = resnetEngine.engine({json.dumps(graph)}, [2, 8, 8], {{precision: "float64"}});
        const saved = Object.entries(net.initialise(9).save()).map(([name, x]) => [name, [...x]]);
        console.log(JSON.stringify([net.shapes, Object.fromEntries(saved)]))""")
    kinds = {layer["name"]: layer["kind"] for layer in graph["layers"]}
    assert start_weights(shapes, kinds, 9) == theirs
