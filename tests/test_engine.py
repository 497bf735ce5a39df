"""The page's engine, by node and Chromium: against PyTorch, fast path against plain, its bits."""

import json
from pathlib import Path

import numpy
import pytest
import torch
from engine_graphs import at_random, by_hand, described
from engine_node import PACKAGE, node
from engine_torch import Network
from everything import EVERYTHING
from torch.nn.functional import cross_entropy

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
        Case(graph, shape, STEPS if EVERYTHING or seed % 3 == 0 else FEW, seed, net)
        for seed, (net, graph, shape) in enumerate(described())
    ]
    steps = STEPS if EVERYTHING else FEW
    cases += [Case(graph, shape, steps, seed) for seed, (graph, shape) in enumerate(by_hand())]
    random = range(200 if EVERYTHING else 10)
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
    assert len(compared) >= 20 + (200 if EVERYTHING else 10)
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
