"""The page's engine, by node and Chromium: against PyTorch, fast path against plain, its bits."""

import base64
import json
import math
from pathlib import Path

import numpy
import pytest
import torch
from engine_graphs import at_random, by_hand, described
from engine_node import PACKAGE, node
from engine_torch import Network
from everything import EVERYTHING
from torch.nn.functional import cross_entropy

from resnet_lab import ResNet
from resnet_lab.models import build

ENGINE = PACKAGE / "engine" / "network.mjs"
SGD = {"lr": 0.05, "momentum": 0.9, "weightDecay": 1e-3}
STEPS, FEW = 50, 5


class Case:
    """A graph with weights and a batch, and what PyTorch makes of them in float64."""

    def __init__(self, graph, shape, steps, seed, net=None):
        generator = torch.Generator().manual_seed(seed)

        def normal(like):
            return torch.randn(like, generator=generator, dtype=torch.float64)

        self.graph, self.shape, self.steps, self.net = graph, shape, steps, net
        self.n = 3 + seed % 4
        self.model = Network(graph, shape).double()
        self.start = {}
        with torch.no_grad():
            for name, value in self.model.numbers().items():
                if value.dim() > 1:
                    value.copy_(normal(value.shape) * (2 / value[0].numel()) ** 0.5)
                elif name.endswith(("running_var", "weight")):
                    value.copy_(0.5 + normal(value.shape).abs())
                else:
                    value.copy_(0.2 * normal(value.shape))
                value.copy_(value.float().double())
                self.start[name] = value.clone()
        self.x = normal((self.n, *shape)).float().double()
        self.labels = torch.randint(graph["layers"][-1]["channels"], (self.n,), generator=generator)

    def given(self, write):
        blocks = {name: write(value) for name, value in self.start.items()}
        return {
            "graph": self.graph,
            "shape": self.shape,
            "n": self.n,
            "steps": self.steps,
            "sgd": SGD,
            "labels": self.labels.tolist(),
            "blocks": {**blocks, "x": write(self.x)},
        }

    def truth(self):
        """PyTorch's logits, input gradient in evaluation, all gradients in training, losses."""
        model, x = self.model, self.x.clone().requires_grad_()
        logits = model.eval()(x)
        (evaluated,) = torch.autograd.grad(cross_entropy(logits, self.labels), x)
        optimizer = torch.optim.SGD(
            model.parameters(), SGD["lr"], momentum=SGD["momentum"], weight_decay=SGD["weightDecay"]
        )
        model.train()
        losses, gradients = [], {}
        for step in range(self.steps):
            optimizer.zero_grad()
            loss = cross_entropy(model(x if step == 0 else self.x), self.labels)
            loss.backward()
            if step == 0:
                gradients = {name: value.grad.clone() for name, value in model.kept.items()}
                gradients |= {
                    name: value.grad.clone()
                    for name, value in model.numbers().items()
                    if value.requires_grad
                }
            optimizer.step()
            losses.append(loss.item())
        return logits.detach(), evaluated, gradients, losses, model.numbers()


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Every case with the engine's results and PyTorch's. One node process runs them all."""
    torch.manual_seed(0)
    cases = [
        Case(graph, shape, STEPS, seed, net) for seed, (net, graph, shape) in enumerate(described())
    ]
    cases += [Case(graph, shape, STEPS, seed) for seed, (graph, shape) in enumerate(by_hand())]
    random = range(200 if EVERYTHING else 20)
    cases += [Case(*at_random(seed), STEPS if seed % 10 == 0 else FEW, seed) for seed in random]
    folder, written = tmp_path_factory.mktemp("engine"), []

    def write(values):
        start = len(written)
        written.extend(values.flatten().tolist())
        return [start, values.numel()]

    given = [case.given(write) for case in cases]
    numpy.array(written).tofile(folder / "cases.bin")
    (folder / "cases.json").write_text(json.dumps(given))
    node(Path(__file__).with_name("engine_cases.mjs"), ENGINE, folder)
    numbers = torch.from_numpy(numpy.fromfile(folder / "results.bin"))
    results = json.loads((folder / "results.json").read_text())

    def read(block, like):
        return numbers[block[0] : block[0] + block[1]].view(like.shape)

    return [(case, result, read, case.truth()) for case, result in zip(cases, results, strict=True)]


def far(ours, theirs):
    """The largest difference, over the largest number."""
    return ((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-9)).item()


def test_logits(compared):
    assert len(compared) >= 20 + (200 if EVERYTHING else 20)
    for case, result, read, (logits, evaluated, *_) in compared:
        name, scale = case.graph["name"], max(1, logits.abs().max().item())
        ours = read(result["logits"], logits)
        assert (ours - logits).abs().max() < 1e-5 * scale, name
        assert far(read(result["exact"], logits), logits) < 1e-12, name
        assert far(read(result["evaluated"], evaluated), evaluated) < 1e-7, name


def test_every_gradient(compared):
    for case, result, read, (_, _, gradients, *_) in compared:
        assert result["gradients"].keys() == gradients.keys()
        largest = max(value.abs().max().item() for value in gradients.values())
        for name, gradient in gradients.items():
            error = (read(result["gradients"][name], gradient) - gradient).abs().max().item()
            allowed = 1e-7 * max(gradient.abs().max().item(), 1e-7 * largest)
            assert error < allowed, f"{case.graph['name']}, {name}"


def test_losses_and_what_training_leaves(compared):
    for case, result, read, (*_, losses, numbers) in compared:
        name = case.graph["name"]
        assert len(losses) == case.steps
        assert torch.allclose(
            torch.tensor(result["losses"]), torch.tensor(losses), rtol=1e-7, atol=1e-10
        ), name
        for parameter, value in numbers.items():
            assert far(read(result["trained"][parameter], value), value.detach()) < 1e-6, parameter


def test_fast_path_and_plain_path_give_the_same_bits(compared):
    for case, result, *_ in compared:
        assert result["fast"] == [True, False], "node runs no WebAssembly SIMD"
        assert result["parted"] == [], case.graph["name"]


def test_descriptions_are_the_packages_models(compared):
    for case, result, read, (logits, *_) in compared:
        if case.net is not None:
            model = build(case.net).double().eval()
            model.load_state_dict(
                {
                    **case.start,
                    **{
                        name: value
                        for name, value in model.state_dict().items()
                        if name.endswith("num_batches_tracked")
                    },
                }
            )
            with torch.no_grad():
                assert far(read(result["exact"], logits), model(case.x)) < 1e-12, case.net


TRAINED = """
const fold = (hash, net) => {
  for (const numbers of Object.values(net.save())) {
    for (const word of new Uint32Array(numbers.buffer)) hash = Math.imul(hash ^ word, 16777619);
  }
  return hash >>> 0;
};
const checksum = (graph, shape, options, n = 8) => {
  const random = generator(7);
  const net = engine(graph, shape, options).initialise(11);
  const x = Float32Array.from({length: 4 * n * shape.reduce((a, b) => a * b)}, random.normal);
  const y = Array.from({length: 4 * n}, () => random.below(4)), size = x.length / (4 * n);
  for (let step = 0; step < 12; step++) {
    const order = random.shuffled(4 * n).slice(0, n), batch = new Float32Array(n * size);
    order.forEach((from, to) => batch.set(x.subarray(from * size, (from + 1) * size), to * size));
    net.train(batch, order.map((i) => y[i]), n, {lr: 0.05, momentum: 0.9, weightDecay: 1e-4});
  }
  return fold(2166136261, net);
};
"""


def pinned_graphs():
    nets = {graph["name"]: (graph, shape) for graph, shape in by_hand()}
    nets |= {f"described {i}": entry[1:] for i, entry in enumerate(described()) if i in (2, 6, 18)}
    return nets


PINNED = {
    "inception": 2233804451,
    "separable": 2335716907,
    "sizes": 306144448,
    "signal": 2865313880,
    "perceptron": 1342072189,
    "described 2": 1040465905,
    "described 6": 85915185,
    "described 18": 693012671,
}


def checksums(options):
    calls = [
        f"{json.dumps(name)}: checksum({json.dumps(graph)}, {json.dumps(shape)}, {options})"
        for name, (graph, shape) in pinned_graphs().items()
    ]
    return f"{TRAINED} const sums = {{{', '.join(calls)}}};"


@pytest.mark.parametrize("options", ["{}", "{simd: false}"])
def test_pinned_bits_under_node(options):
    assert node(checksums(options) + "console.log(JSON.stringify(sums))") == PINNED


@pytest.mark.parametrize("options", ["{}", "{simd: false}"])
def test_pinned_bits_in_a_worker_of_a_page_from_a_file(browser, tmp_path, options):
    from _ext.job_scripts import joined

    source = f"{joined(ENGINE)}\n{checksums(options)} postMessage([hasSimd(), sums]);"
    page_file = tmp_path / "index.html"
    page_file.write_text("<!doctype html><title>A worker</title>")
    page = browser.new_page()
    page.goto(page_file.as_uri())
    simd, sums = page.evaluate(
        """source => new Promise((done, failed) => {
            const worker = new Worker(URL.createObjectURL(new Blob([source])));
            worker.onmessage = ({data}) => done(data);
            worker.onerror = failed;
        })""",
        source,
    )
    page.close()
    assert simd and sums == PINNED


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
