"""Jobs that look into networks: the page's runner against PyTorch's, and PyTorch's own."""

import pytest
from engine_node import run_jobs

from resnet_lab import jobs, probes, recorded

torch = pytest.importorskip("torch")
from resnet_lab import gradients as measured  # noqa: E402
from resnet_lab.job_runner import run  # noqa: E402
from resnet_lab.probe_runner import garments_text  # noqa: E402

EXACT = {"options": {"precision": "float64"}}


def short(job):
    """The same job after a training of 20 steps."""
    race = {**job["race"], "steps": 20, "every": 10}
    return {**job, "race": race, "steps": job["steps"] - job["race"]["steps"] + 20}


def near(theirs, ours, **tolerance):
    """Whether two results say the same, number by number."""
    assert type(theirs) is type(ours) or {type(theirs), type(ours)} == {int, float}
    if isinstance(ours, dict):
        assert theirs.keys() == ours.keys()
        for key in ours:
            near(theirs[key], ours[key], **tolerance)
    elif isinstance(ours, list):
        assert len(theirs) == len(ours)
        for pair in zip(theirs, ours, strict=True):
            near(*pair, **tolerance)
    else:
        assert theirs == pytest.approx(ours, **tolerance)


@pytest.mark.parametrize(
    "settings",
    [
        (8, "ReLU", "He", True, "B"),
        (8, "tanh", "Xavier", False, "A"),
        (8, "sigmoid", "small", True, "A"),
        (8, "ReLU", "large", False, "A"),
    ],
)
def test_signals_are_pytorchs(one_thread, settings):
    job = probes.signals(*settings, seed=3, seeds=1)
    data = {"garments": garments_text()}
    given = {"job": job, "data": data}
    (exact, _), (fast, _) = run_jobs({**given, **EXACT}, given)
    ours = list(run(job))
    near(exact, ours, rel=1e-7, abs=1e-7)
    near(fast, ours, abs=0.01)


@pytest.mark.parametrize("task", ["spirals", "digits"])
def test_paths_and_lesions_are_pytorchs(one_thread, task):
    from resnet_lab.job_runner import digits_text

    job, data = short(probes.paths(task, 8, 1)), {}
    job["looked_at"] = job["sent_back"] = 24
    if task == "digits":
        data["digits"] = digits_text()
    ((theirs, _),) = run_jobs({"job": job, "data": data, **EXACT})
    ours = list(run(job, torch.float64))
    assert [each["step"] for each in theirs] == [each["step"] for each in ours]
    near(theirs, ours, rel=1e-6, abs=1e-8)
    assert sum(ours[-1]["shares"]) == pytest.approx(1)
    assert ours[-1]["step"] == job["steps"]


def test_the_landscape_is_pytorchs(one_thread):
    job = short(probes.landscape("spirals", 8, 2, directions=5))
    job["looked_at"] = 64
    ((theirs, _),) = run_jobs({"job": job, **EXACT})
    ours = list(run(job, torch.float64))
    near(theirs, ours, rel=1e-4, abs=1.5e-4)  # losses are given to four decimals
    assert ours[-1]["step"] == job["steps"] and len(ours[-1]["planes"]["plain"]) == 21 * 21


def test_a_graph_that_is_altered_is_the_model_that_is_altered(one_thread):
    """The plain data that the page runs, run by PyTorch, gives what `gradients.alter` gives."""
    from engine_torch import Network

    from resnet_lab.models import build

    net = jobs.twins("digits", 14, "B")["residual"]
    model = measured.alter(build(net), "tanh", "Xavier", batchnorm=False).eval()
    graph = jobs.altered(net.graph().to_dict(), "tanh", False)
    same = Network(graph, (1, 8, 8))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            same.numbers()[name].copy_(weight)
        images = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(same(images), model(images), atol=1e-6)
    assert len(graph["layers"]) == len(net.graph().to_dict()["layers"]) - 15


@pytest.mark.parametrize("settings", [("ReLU", "He", True), ("sigmoid", "small", False)])
def test_signals_are_those_that_were_recorded_with_other_seeds(one_thread, settings):
    """Three of PyTorch's own starts were recorded; five of ours have the same mean, or nearly."""
    *_, end = run(probes.signals(8, *settings))
    for kind, shortcut in (("plain", "none"), ("residual", "A")):
        once = recorded.gradients(shortcut, 8, *settings)
        for what in ("output", "gradient"):
            curves = [single[kind][what] for single in end["runs"]]
            means = [sum(values) / 5 for values in zip(*curves, strict=True)]
            at = [means[int(layer) - 1] for layer in once["layer"]]
            assert at == pytest.approx(once[what], abs=0.35)
