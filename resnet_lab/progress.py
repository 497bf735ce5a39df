"""Looking on while a network trains: a progress bar, and curves that grow in a notebook."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

History = dict[str, Any]
Callback = Callable[[History, int], object]
BAR = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
Recent = Callable[[], list[tuple[int, float, float]]]


class Watcher:
    """A callback that is told when a run begins and ends, too, whatever the end is."""

    def start(self, history: History, step: int, recent: Recent) -> None:
        """The run begins, or goes on, after `step`.

        Args:
            history: As far as it goes.
            step: Steps done.
            recent: Call it for what is known since the last point of the history: (step, loss,
                error), each a mean over some steps. It never waits for a device.
        """
        raise NotImplementedError

    def __call__(self, history: History, step: int) -> None:
        """A step has been done."""
        raise NotImplementedError

    def close(self, history: History, step: int) -> None:
        """The run has ended, or was stopped."""
        raise NotImplementedError


@contextmanager
def watching(
    callback: Callback | None | Literal[False],
    look: Callable[[], tuple[History, int]],
    recent: Recent,
) -> Iterator[None]:
    """Tell a `Watcher` of the beginning and the end of what is inside; leave others alone."""
    if isinstance(callback, Watcher):
        callback.start(*look(), recent)
    try:
        yield
    finally:
        if isinstance(callback, Watcher):
            callback.close(*look())


def default_progress() -> Watcher | None:
    """A progress bar where somebody looks on: in a terminal and in a notebook, nowhere else.

    A notebook that is executed without a reader cannot be told from one with a reader: what
    executes it sets RESNET_LAB_PROGRESS=0.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    somebody = hasattr(shell, "kernel") or (sys.stderr is not None and sys.stderr.isatty())
    if os.environ.get("RESNET_LAB_PROGRESS") == "0" or not somebody:
        return None
    return ProgressBar() if importlib.util.find_spec("tqdm") else None


class ProgressBar(Watcher):
    """tqdm's bar, in a terminal and in a notebook.

    Args:
        seconds: The shortest time between two looks at the run.
    """

    def __init__(self, seconds: float = 0.2) -> None:
        self.seconds = seconds

    def start(self, history: History, step: int, recent: Recent) -> None:
        with warnings.catch_warnings():  # of there being no widgets: then it is a line of text
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
        in_cells = any([kind.__name__ == "tqdm_notebook" for kind in tqdm.__mro__])
        self.wide = in_cells or shutil.get_terminal_size().columns >= 100
        settings: dict[str, Any] = {}  # a notebook's bar has the room it needs
        if not in_cells:
            settings = {"dynamic_ncols": True} if sys.stderr.isatty() else {"ncols": 79}
        self.recent, self.shown = recent, time.perf_counter()
        self.bar = tqdm(
            total=history["recipe"]["steps"],
            initial=step,
            mininterval=0,
            bar_format=BAR,
            **settings,
        )

    def __call__(self, history: History, step: int) -> None:
        if time.perf_counter() - self.shown >= self.seconds:
            self.show(history, step)

    def close(self, history: History, step: int) -> None:
        self.show(history, step)
        self.bar.close()

    def show(self, history: History, step: int) -> None:
        """Bring the bar up to this step, with the numbers that are known."""
        self.shown = time.perf_counter()
        known, words = self.recent(), []
        self.bar.update(step - self.bar.n)
        state = self.bar.format_dict
        rate = state["rate"] or (step - state["initial"]) / max(state["elapsed"], 1e-9)
        if rate:
            words.append(f"{rate * history['recipe']['batch']:,.0f} images/s")
        if known:
            words += [f"loss {known[-1][1]:.3f}", f"error {known[-1][2]:.1%}"]
        if self.wide and history["curve"]:
            error = history["curve"][-1]["validation_error"]
            words += [] if error is None else [f"validation {error:.1%}"]
        self.bar.set_postfix_str(", ".join(words))


class LiveCurves(Watcher):
    """Loss and errors as a picture in a notebook, drawn anew while the run goes on.

    Args:
        seconds: The shortest time between two pictures.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds

    def start(self, history: History, step: int, recent: Recent) -> None:
        from IPython.display import display

        self.recent, self.began, self.first = recent, time.perf_counter(), step
        self.shown = self.began
        picture = self.picture(history, step)
        self.handle = display(picture, display_id=True)  # type: ignore[no-untyped-call]

    def __call__(self, history: History, step: int) -> None:
        if time.perf_counter() - self.shown >= self.seconds:
            self.shown = time.perf_counter()
            self.handle.update(self.picture(history, step))

    def close(self, history: History, step: int) -> None:
        self.handle.update(self.picture(history, step))

    def picture(self, history: History, step: int) -> Any:
        """The curves as far as they are known."""
        from IPython.display import HTML

        from .draw import training_curves

        images = (step - self.first) * history["recipe"]["batch"]
        speed = images / max(time.perf_counter() - self.began, 1e-9) if images else None
        recent = [(step, loss) for step, loss, _ in self.recent()]
        picture = training_curves(history, step=step, recent=recent, speed=speed)
        return HTML(picture)  # type: ignore[no-untyped-call]


def live_curves(seconds: float = 1.0) -> Watcher:
    """A callback for `fit` in a notebook: loss and errors as a picture that grows."""
    return LiveCurves(seconds)


def summary_line(history: History, step: int) -> str:
    """Step 300 of 4,690, loss 0.412, training error 14.3 %, validation error 13.9 %."""
    text = f"step {step:,} of {history['recipe']['steps']:,}"
    if history["curve"]:
        last = history["curve"][-1]
        text += f", loss {last['loss']:.3f}, training error {100 * last['error']:.1f} %"
        if last["validation_error"] is not None:
            text += f", validation error {100 * last['validation_error']:.1f} %"
    return text
