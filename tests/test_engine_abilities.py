"""What the page's engine can be asked for, one by one, and what it says to what does not fit."""

import base64
import json
import math

import numpy
import pytest
import torch
from engine_graphs import described
from engine_node import node
from engine_torch import Network
from test_engine import Case, far
from torch.nn.functional import cross_entropy

from resnet_lab import ResNet


def test_own_functions_are_as_exact_as_numbers_allow():
    points = [-650.5, -30, -1.1, -1e-9, 0, 0.3, 0.35, 1, 20.25, 650.5]
    ours = node(
        f"const x = {points};"
        "const found = [x.map(exp), x.map((v) => log(exp(v))), [0.7, 0.72, 3, 1e-300].map(log)];"
        "console.log(JSON.stringify(found))"
    )
    assert ours[0] == pytest.approx([math.exp(x) for x in points], rel=1e-15)
    assert ours[1] == pytest.approx(points, rel=1e-15, abs=1e-15)
    assert ours[2] == pytest.approx([math.log(x) for x in (0.7, 0.72, 3, 1e-300)], rel=1e-15)


def test_draws_are_what_they_should_be():
    uniform, normal, order = node(
        "const r = generator(5), many = (draw) => Array.from({length: 40000}, draw);"
        "console.log(JSON.stringify([many(r.uniform), many(r.normal), r.shuffled(50)]))"
    )
    assert 0 <= min(uniform) and max(uniform) < 1
    assert numpy.histogram(uniform, 8, (0, 1))[0] == pytest.approx([5000] * 8, rel=0.05)
    assert numpy.mean(normal) == pytest.approx(0, abs=0.02)
    assert numpy.std(normal) == pytest.approx(1, abs=0.02)
    assert numpy.mean(numpy.abs(normal) < 1) == pytest.approx(0.6827, abs=0.01)
    assert sorted(order) == list(range(50)) != order


def test_initialisations_have_the_variances_of_their_papers():
    net = ResNet("basic", (1,), (32,), stem="3x3", in_channels=8, classes=10)
    found = node(f"""
        const graph = {json.dumps(net.graph().to_dict())};
        const net = engine(graph, [8, 8, 8]), spread = (name) => {{
          const numbers = net.get(name), mean = numbers.reduce((a, b) => a + b) / numbers.length;
          return Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length);
        }};
        console.log(JSON.stringify(["He", "Xavier", "small"].map((scheme) => {{
          net.initialise(3, scheme);
          return [spread("conv1.weight"), spread("fc.weight"), Math.max(...net.get("fc.weight"))];
        }})))""")
    deviations = [(2 / (9 * 32)) ** 0.5, (2 / (9 * 40)) ** 0.5, 0.01]
    for (conv, linear, most), expected in zip(found, deviations, strict=True):
        assert conv == pytest.approx(expected, rel=0.05)
        assert linear == pytest.approx((1 / 32 / 3) ** 0.5, rel=0.1) and most < 32**-0.5


def test_branches_can_be_scaled_and_fields_measured():
    """As PyTorch with the branch times the factor; the gradient of one unit as autograd's."""
    net, graph, shape = described()[3]
    case = Case(graph, shape, 1, 5)
    model = case.model.eval()
    x, unit = case.x.clone().requires_grad_(), "layer2.0.conv1"
    run = model.run

    def scaled(layer, inputs):
        if layer["name"] == "layer2.1.add":
            inputs = [0.3 * inputs[0], inputs[1]]
        return run(layer, inputs)

    model.run = scaled
    logits = model(x)
    kept = model.kept[unit]
    (field,) = torch.autograd.grad(kept[0, 2, 1, 3], x)
    at = (2 * kept.shape[2] + 1) * kept.shape[3] + 3
    weights = {name: value.tolist() for name, value in case.start.items()}
    ours = node(f"""
        const graph = {json.dumps(graph)}, options = {{precision: "float64"}};
        const net = engine(graph, {json.dumps(shape)}, options);
        const flat = ([name, values]) => [name, [values].flat(Infinity)];
        net.load(Object.fromEntries(Object.entries({json.dumps(weights)}).map(flat)));
        net.setScale("layer2.1.add", 0, 0.3);
        const logits = net.forward({case.x.flatten().tolist()}, {case.n});
        const gradient = net.output({json.dumps(unit)}).fill(0);
        gradient[{at}] = 1;
        net.backward({{from: {json.dumps(unit)}, gradient, weights: false, input: true}});
        console.log(JSON.stringify([[...logits], [...net.gradient("input")]]))""")
    assert far(torch.tensor(ours[0]).double().view_as(logits), logits) < 1e-6
    assert far(torch.tensor(ours[1]).double().view_as(field), field) < 1e-6


def test_batches_may_change_their_size():
    net, graph, shape = described()[2]
    losses = node(f"""
        const graph = {json.dumps(graph)}, shape = {json.dumps(shape)}, size = {math.prod(shape)};
        const run = (sizes) => {{
          const net = engine(graph, shape).initialise(1);
          return sizes.map((n) => {{
            const random = generator(n), x = Float32Array.from({{length: n * size}}, random.normal);
            net.forward(x, n);
            return net.loss(Array(n).fill(1)).loss;
          }});
        }};
        const sizes = [2, 9, 2, 33, 9];
        console.log(JSON.stringify([run(sizes), sizes.map((n) => run([n])[0])]))""")
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    "change, words",
    [
        (
            "graph.layers[1].kind = 'attention'",
            "bn1 is of the kind attention; the engine knows conv",
        ),
        ("graph.layers[1].inputs = ['conv9']", "bn1 takes conv9; not all come before it"),
        ("graph.layers.find(l => l.kind === 'add').inputs[1] = 'input'", "they must be equal"),
        ("shape = [3, 0, 8]", "an input of 3 x 0 x 8 leaves nothing at conv1"),
        ("values = {'conv1.weight': [1]}", "conv1.weight has 108 numbers, not 1"),
        ("values = {'conv2.weight': [1]}", "there is no conv2.weight; there are conv1.weight"),
        ("x = [1, 2]", "2 numbers were given; 2 x 192 are needed"),
    ],
)
def test_what_does_not_fit_is_said(change, words):
    net, graph, shape = described()[3]
    said = node(f"""
        let graph = {json.dumps(graph)}, shape = {json.dumps(shape)};
        let values = {{}}, x = new Float32Array(2 * 192);
        {change};
        try {{ engine(graph, shape).load(values).forward(x, 2); }}
        catch (error) {{ console.log(JSON.stringify(error.message)); }}""")
    assert words in said


def engine_of(case, more=""):
    """A script that makes `net`, in float64, of a case's graph and weights; and x, labels."""
    weights = {name: value.tolist() for name, value in case.start.items()}
    return f"""
        const flat = ([name, values]) => [name, [values].flat(Infinity)];
        const weights = Object.fromEntries(Object.entries({json.dumps(weights)}).map(flat));
        const x = {case.x.flatten().tolist()}, labels = {case.labels.tolist()};
        const net = engine({json.dumps(case.graph)}, {json.dumps(case.shape)},
          {{precision: "float64"}}).load(weights);
        {more}"""


def test_a_data_set_is_evaluated_with_a_branch_off():
    _, graph, shape = described()[3]
    case = Case(graph, shape, 1, 5)
    run = case.model.eval().run

    def off(layer, inputs):
        return run(layer, [0 * inputs[0], inputs[1]] if layer["name"] == "layer2.1.add" else inputs)

    case.model.run = off
    logits = case.model(case.x)
    ours = node(
        engine_of(
            case,
            """net.setScale("layer2.1.add", 0, 0);
            const found = [undefined, 2].map((size) => net.evaluate(x, labels, size));
            console.log(JSON.stringify(found))""",
        )
    )
    for found in ours:
        assert found["loss"] == pytest.approx(cross_entropy(logits, case.labels).item(), rel=1e-7)
        assert found["correct"] == (logits.argmax(1) == case.labels).sum()


def test_a_gradient_takes_one_way_alone():
    """Through one block's branch and the others' shortcuts, the forward pass being as it was."""
    _, graph, shape = described()[3]
    case = Case(graph, shape, 1, 5)
    run, x = case.model.eval().run, case.x.clone().requires_grad_()
    adds = [layer["name"] for layer in graph["layers"] if layer["kind"] == "add"]

    def one_way(layer, inputs):
        if layer["kind"] == "add":
            off = 1 if layer["name"] == adds[-1] else 0
            inputs = [one.detach() if i == off else one for i, one in enumerate(inputs)]
        return run(layer, inputs)

    case.model.run = one_way
    (expected,) = torch.autograd.grad(cross_entropy(case.model(x), case.labels), x)
    ours = node(
        engine_of(
            case,
            f"""for (const name of {adds}) net.setScale(name, name === {adds[-1]!r} ? 1 : 0, 1, 0);
            net.evaluate(x, labels);
            net.backward({{weights: false, input: true}});
            console.log(JSON.stringify([...net.gradient("input")]))""",
        )
    )
    assert far(torch.tensor(ours).double().view_as(expected), expected) < 1e-7


def test_weights_may_be_int8_with_scales():
    _, graph, shape = described()[3]
    name, like = next(iter(Network(graph, shape).numbers().items()))
    size = like.shape
    kept = torch.randint(-127, 128, size, dtype=torch.int8)
    scales = torch.rand(size[0])
    text = base64.b64encode(kept.numpy().tobytes()).decode()
    given = {name: {"int8": text, "scales": scales.tolist()}}
    ours = node(f"""
        const net = engine({json.dumps(graph)}, {json.dumps(shape)}).load({json.dumps(given)});
        console.log(JSON.stringify([...net.get({json.dumps(name)})]))""")
    expected = kept.float() * scales.view(-1, *[1] * (len(size) - 1))
    assert torch.equal(torch.tensor(ours), expected.flatten())


def test_only_what_has_inputs_to_scale_is_scaled():
    _, graph, shape = described()[3]
    said = node(f"""
        try {{ engine({json.dumps(graph)}, {json.dumps(shape)}).setScale("conv1", 0, 0.5); }}
        catch (error) {{ console.log(JSON.stringify(error.message)); }}""")
    assert said == "conv1 is of the kind conv; it has no input 0 to be scaled"
