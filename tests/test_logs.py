"""Histories as tables and as TensorBoard's events."""

import csv
import sys

import pytest
from bad_input import refused
from small_run import RECIPE, model, small_data

from resnet_lab.logs import Logs
from resnet_lab.training import fit


def test_csv_is_the_history(tmp_path):
    history = fit(model(), small_data(), RECIPE, folder=tmp_path, log="csv")
    with open(tmp_path / "history.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(history["curve"]) == 2
    for line, point, seconds in zip(lines, history["curve"], history["seconds"], strict=True):
        assert {name: float(line[name]) for name in point} == point
        assert float(line["seconds"]) == seconds


def test_tensorboard_reads_each_point_once(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def stop(history, step):
        if step == 6:
            raise KeyboardInterrupt

    recipe = {"folder": tmp_path, "log": ("tensorboard",)}
    fit(model(), small_data(), RECIPE, callback=stop, **recipe)
    history = fit(model(), small_data(), RECIPE, **recipe)
    events = EventAccumulator(str(tmp_path)).Reload()
    for name in ("loss", "validation_error"):
        read = [(event.step, event.value) for event in events.Scalars(name)]
        expected = [(point["step"], pytest.approx(point[name])) for point in history["curve"]]
        assert read == expected


def test_without_tensorboard_says_what_to_install(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    steps = []
    with pytest.raises(ModuleNotFoundError, match="install it with: pip install tensorboard"):
        fit(
            model(),
            small_data(),
            RECIPE,
            folder=tmp_path,
            log="tensorboard",
            callback=lambda history, step: steps.append(step),
        )
    assert not steps and not list(tmp_path.iterdir())


test_bad_input_is_refused = refused(
    (lambda: Logs("xml", "runs"), ValueError, "'xml'", "'csv', 'tensorboard'"),
    (lambda: Logs("csv", None), ValueError, "('csv',)", 'give folder="runs/first"'),
)
