"""Recorded curves: pages hold what the results say, and a recorded run can be repeated."""

import importlib.util
import json
import re
from pathlib import Path
from statistics import mean

import pytest

from chapters import numbered, section
from resnet_lab import draw, explorers, recorded, recorded_data

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
DEGRADATION, GRADIENTS = (
    json.loads((EXPERIMENTS / "results" / f"{name}.json").read_text())
    for name in ("degradation", "gradients")
)


def script(name, monkeypatch):
    monkeypatch.syspath_prepend(EXPERIMENTS)
    spec = importlib.util.spec_from_file_location(name, EXPERIMENTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_texts_are_written_from_the_results(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    record = script("record", monkeypatch)
    ours, copy = Path(recorded_data.__file__), tmp_path / "recorded_data.py"
    empty = re.sub(r'= """\n.*?"""', '= """\n"""', ours.read_text("utf-8"), flags=re.S)
    assert empty.count("\n") < 24
    copy.write_text(empty, encoding="utf-8")
    monkeypatch.setattr(record, "RECORDED", copy)
    record.write_recorded()
    assert copy.read_text("utf-8") == ours.read_text("utf-8")


def test_recorded_degradation_is_what_the_results_say():
    keys = {
        (run["shortcut"], run["depth"], run["steps"], run["seed"]) for run in DEGRADATION["runs"]
    }
    assert {key[3] for key in keys} == {0, 1, 2} and len(keys) == len(
        DEGRADATION["runs"]
    ) == 2 * 5 * 3 * 3
    for run in DEGRADATION["runs"]:
        curve = recorded.degradation(run["shortcut"], run["depth"], run["steps"], run["seed"])
        assert [10**value for value in curve["loss"]] == pytest.approx(run["loss"], rel=0.013)
        assert curve["error"] == pytest.approx([100 * error for error in run["error"]], abs=0.051)
    seeds = [recorded.degradation("none", 32, 200, seed)["loss"] for seed in range(3)]
    assert recorded.degradation("none", 32, 200, "mean")["loss"] == pytest.approx(
        [mean(values) for values in zip(*seeds, strict=True)], abs=0.011
    )


def test_chapter_13_quotes_what_the_results_say():
    result = json.loads((EXPERIMENTS / "results" / "fashion_mnist.json").read_text())
    runs = sorted(result["runs"], key=lambda run: run["test_accuracy"])
    each = [f"{100 * run['test_accuracy']:.2f}" for run in runs]
    text = section(numbered(13), "At full size")
    assert result["recipe"]["epochs"] == 60 and all(75 < run["seconds"] < 90 for run in runs)
    assert f"{', '.join(each[:-1])} and {each[-1]} %" in text
    assert f"{100 * mean(run['test_accuracy'] for run in runs):.1f} %" in text


def test_recorded_gradients_are_what_the_results_say():
    assert len(GRADIENTS["runs"]) == 4 * 2 * 3 * 3 * 2
    for run in GRADIENTS["runs"]:
        curve = recorded.gradients(
            *(
                run[name]
                for name in ("shortcut", "depth", "activation", "initialisation", "batchnorm")
            )
        )
        for what in ("output", "gradient"):
            by_layer = dict(enumerate(run[f"log10_{what}"], 1))
            assert curve[what] == pytest.approx(
                [by_layer[layer] for layer in curve["layer"]], abs=0.051
            )
        assert curve["layer"][-1] == run["depth"] == len(run["log10_output"])


def test_a_recorded_run_can_be_repeated(monkeypatch):
    """The same seed, on any machine: its first points, and its end within what rounding does."""
    pytest.importorskip("torch"), pytest.importorskip("sklearn")
    degradation = script("degradation", monkeypatch)
    again, _ = degradation.run(degradation.load("digits"), 8, "none", 200, 0)
    once = next(
        run
        for run in DEGRADATION["runs"]
        if (run["depth"], run["shortcut"], run["steps"], run["seed"]) == (8, "none", 200, 0)
    )
    assert again["loss"][0] == pytest.approx(once["loss"][0], rel=0.01)
    assert again["loss"][-1] == pytest.approx(once["loss"][-1], rel=0.5)


def test_unknown_key_is_named():
    with pytest.raises(ValueError, match="nothing was recorded for none, 9, 200, 0"):
        recorded.degradation("none", 9, 200, 0)


# Charts


def lines(svg):
    """The points of every curve in a chart."""
    return [
        [tuple(map(float, point.split())) for point in path.split("L")]
        for path in re.findall(r'stroke-opacity="[^"]*" d="M([^"]*)"', svg)
    ]


def test_chart_places_points_on_straight_scales():
    ticks = [(0, "0"), (10, "10")], [(-2, "low"), (2, "high")]
    (points,) = lines(
        draw.chart(
            "label",
            [("", "accent", 1, [(0, -2), (5, 0), (10, 2), (10, 99)])],
            "x",
            "y",
            *ticks,
            height=100,
        )
    )
    (left, bottom), (middle, half), (right, top), beyond = points
    assert bottom - top == pytest.approx(100) and half == pytest.approx((top + bottom) / 2)
    assert middle == pytest.approx((left + right) / 2, abs=0.1) and 0 < left < right < draw.WIDTH
    assert beyond == (right, top)  # what leaves the scale stays at its edge


def test_chart_names_do_not_touch():
    series = [
        (f"line {number}", "muted", 1, [(0, 0), (1, height)])
        for number, height in enumerate((0, 0, 0.01, 0.5, 1, 1))
    ]
    picture = draw.chart("label", series, "x", "y", [(0, "0"), (1, "1")], [(0, "0"), (1, "1")])
    heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>line', picture))
    assert len(heights) == 6 and all(
        b - a >= 10.9 for a, b in zip(heights, heights[1:], strict=False)
    )
    assert 15 <= heights[0] and heights[-1] <= 20 + 180 + 5


@pytest.mark.parametrize("high", [0.013, 1, 2.31, 7, 99, 100, 4690, 64_000])
def test_ticks_are_few_and_reach_the_top(high):
    values = [value for value, _ in draw.ticks(high)]
    assert values[0] == 0 and values[-2] < high <= values[-1] and 2 <= len(values) <= 7
    digits = f"{values[1]:e}".split("e")[0].rstrip("0")
    assert digits in ("1.", "2.", "5.")


@pytest.mark.parametrize(
    "logarithm, text",
    [(-7, "1.0 · 10⁻⁷"), (3.5, "3.2 · 10³"), (0, "1"), (-1.2, "0.063"), (12.3, "2.0 · 10¹²")],
)
def test_scientific(logarithm, text):
    assert draw.scientific(logarithm) == text


def test_explorer_says_the_recorded_losses():
    last = recorded.degradation("none", 32, 200, "mean")["loss"][-2:]
    view = explorers.degradation.render(
        {"shortcut": "none", "depth": 32, "steps": 200, "seed": "mean"}
    )
    assert (
        "plain-32 ends 200 steps with a training loss of "
        f"{sum(10**value for value in last) / 2:.2g}" in view
    )
    (chosen,) = [line for line in lines(view) if line in lines(view)[-1:]]
    assert len(lines(view)) == 5 and len(chosen) == 20


def test_what_the_package_has_for_chapter_16_is_what_the_results_say():
    results = json.loads((EXPERIMENTS / "results" / "why_it_works.json").read_text())["runs"]
    for part in ("lesions", "paths", "identity", "shattering", "responses", "landscape"):
        runs = [run for run in results if run["part"] == part]
        assert recorded.why_it_works(part) == runs and runs
    assert len(recorded.why_it_works("paths", network="residual-56", seed=1)) == 1
    with pytest.raises(ValueError, match="nothing was recorded for lesions with .*resnet19"):
        recorded.why_it_works("lesions", network="resnet19")


def test_what_the_package_has_of_cifar_is_what_the_results_say():
    results = json.loads((EXPERIMENTS / "results" / "paper_table.json").read_text())
    assert results["data"] == "CIFAR-10, JPEG copy" and results["steps"] == 64_000
    for run in results["runs"]:
        found = recorded.paper_table(run["network"])
        assert found["test_error"] == run["test_error"]
        assert found["step"] == [point["step"] for point in run["curve"]]
        assert found["error"] == pytest.approx([point["error"] for point in run["curve"]], abs=1e-5)
    with pytest.raises(ValueError, match="resnet110.*take one of plain56"):
        recorded.paper_table("resnet110")
