"""Looking on: callbacks, tqdm's bar in a terminal of 80 columns and in a notebook, live curves."""

import io
import os
import re
import subprocess
import sys

import pytest
from small_run import RECIPE, model, small_data

from resnet_lab import draw, progress
from resnet_lab.training import fit

BAR = """
import sys
from small_run import RECIPE, model, small_data
from resnet_lab import progress, training
progress.ProgressBar.__init__.__defaults__ = (0,)
training.fit(model(), small_data(), RECIPE)
print("done")
"""


def in_terminal(columns, tmp_path):
    """What a program with a bar writes to a terminal of so many columns."""
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLUMNS", "LINES", "RESNET_LAB_PROGRESS")
    }
    tests = os.path.dirname(os.path.abspath(__file__))
    environment["PYTHONPATH"] = os.pathsep.join([tests, environment.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", BAR], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    assert process.wait() == 0, written.decode()
    return written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [80, 120])
def test_the_bar_is_one_line_of_the_terminal_with_all_numbers(columns, tmp_path):
    *updates, end = in_terminal(columns, tmp_path).split("\r")
    last, done = end.removesuffix("\n").split("\n")
    assert done == "done" and len(updates) > 8 and not any("\n" in update for update in updates)
    assert all(len(update) <= columns for update in [*updates, last])
    assert re.search(r"100%\|█+\| 8/8 \[\d\d:\d\d<00:00, [\d,]+ images/s, loss \d", last), last
    assert re.search(r", error \d+\.\d%", last) and ("validation" in last) == (columns == 120)


def test_callbacks_see_every_step_and_every_point():
    seen = []
    fit(
        model(),
        small_data(),
        RECIPE,
        callback=lambda history, step: seen.append((step, len(history["curve"]))),
    )
    assert [step for step, _ in seen] == [1, 2, 3, 4, 4, 5, 6, 7, 8, 8] and seen[-1][1] == 2


def test_nothing_is_shown_where_nobody_looks_on(capsys, monkeypatch):
    monkeypatch.delenv("RESNET_LAB_PROGRESS", raising=False)
    fit(model(), small_data(), RECIPE)
    said = capsys.readouterr()
    assert said.out == said.err == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("switch, shown", [("0", False), ("1", True), (None, True)])
def test_the_environment_switches_the_default_off(switch, shown, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.delenv("RESNET_LAB_PROGRESS", raising=False)
    if switch:
        monkeypatch.setenv("RESNET_LAB_PROGRESS", switch)
    assert isinstance(progress.default_progress(), progress.ProgressBar) == shown
    fit(model(), small_data(), RECIPE)
    assert ("8/8" in sys.stderr.getvalue()) == shown
    before = sys.stderr.getvalue()
    fit(model(), small_data(), RECIPE, callback=False)
    assert sys.stderr.getvalue() == before


@pytest.mark.parametrize("switch", [None, "0"])
def test_a_notebook_shows_a_bar_unless_it_is_switched_off(switch, tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipywidgets")
    monkeypatch.delenv("RESNET_LAB_PROGRESS", raising=False)
    if switch:
        monkeypatch.setenv("RESNET_LAB_PROGRESS", switch)
    tests = os.path.dirname(os.path.abspath(__file__))
    lines = [
        f"import sys; sys.path.insert(0, {tests!r})",
        "from small_run import RECIPE, model, small_data",
        "from resnet_lab.training import fit",
        "history = fit(model(), small_data(), RECIPE)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(lines))])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    kinds = [
        kind
        for output in notebook.cells[0].outputs
        for kind in output.get("data", {output.output_type: None})
    ]
    assert ("application/vnd.jupyter.widget-view+json" in kinds) == (switch is None), kinds
    assert "stream" not in kinds


@pytest.fixture
def pictures(monkeypatch):
    """What `draw.training_curves` was asked to draw, and what was shown of it."""
    display = pytest.importorskip("IPython.display")
    asked, shown = [], []

    class Handle:
        def update(self, picture):
            shown.append(picture.data)

    def picture(history, step, recent, speed):
        asked.append((step, len(history["curve"]), recent, speed))
        return f"<p>step {step}</p>"

    monkeypatch.setattr(draw, "training_curves", picture)
    monkeypatch.setattr(
        display, "display", lambda first, display_id: shown.append(first.data) or Handle()
    )
    return asked, shown


def test_live_curves_show_the_first_steps_and_the_end(pictures, tmp_path):
    asked, shown = pictures
    fit(model(), small_data(), RECIPE, folder=tmp_path, callback=progress.live_curves(0))
    assert [step for step, *_ in asked] == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 8]
    assert asked[0] == (0, 0, [], None) and shown[0] == "<p>step 0</p>"
    step, points, recent, speed = asked[2]
    assert (step, points) == (2, 0) and [step for step, _ in recent] == [1, 2] and speed > 0
    assert 1 < recent[0][1] < 6
    assert asked[-1][:2] == (8, 2) and shown[-1] == "<p>step 8</p>"
    asked.clear()
    fit(model(), small_data(), RECIPE, folder=tmp_path, callback=progress.live_curves())
    assert [(step, points) for step, points, *_ in asked] == [(8, 2)] * 2  # finished before


def test_live_curves_of_a_stopped_run_end_where_it_was_stopped(pictures):
    asked, _ = pictures

    class Stopping(progress.LiveCurves):
        def __call__(self, history, step):
            super().__call__(history, step)
            if step == 6:
                raise KeyboardInterrupt

    fit(model(), small_data(), RECIPE, callback=Stopping(0))
    assert asked[-1][:2] == (6, 1)


def test_recent_losses_are_means_that_keep_the_whole():
    """At most fifty; weighted with their steps they have the mean of the history's point."""
    known = []

    class Last(progress.Watcher):
        def start(self, history, step, recent):
            self.recent = recent

        def __call__(self, history, step):
            known.append((step, len(history["curve"]), self.recent()))

        def close(self, history, step):
            known.append((step, len(history["curve"]), self.recent()))

    recipe = RECIPE.__class__(steps=120, batch=8, crop=0, lr=0.01, eval_every=120)
    history = fit(model(), small_data(), recipe, callback=Last())
    _, _, recent = known[118]
    assert len(recent) <= 50 and recent[-1][0] == 119
    _, _, recent = known[-1]
    steps = [0, *[step for step, *_ in recent]]
    parts = zip(steps[:-1], recent, strict=True)
    whole = sum([(step - before) * loss for before, (step, loss, _) in parts]) / 120
    assert recent[-1][0] == 120 and whole == pytest.approx(history["curve"][0]["loss"], rel=1e-4)
