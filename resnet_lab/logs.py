"""A run's history in other programs' forms: a table for spreadsheets, events for TensorBoard."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from .checkpoints import replace_file
from .checks import check_choice

KNOWN = ("csv", "tensorboard")
CURVES = ("loss", "error", "validation_loss", "validation_error")


class Logs:
    """What is written beside the checkpoint at each point of the history.

    Args:
        names: Of `KNOWN`, or one of them.
        folder: Where to.

    Raises:
        ValueError: A name is not known, or there is no folder.
        ModuleNotFoundError: TensorBoard is asked for and not installed.
    """

    def __init__(self, names: str | Collection[str], folder: str | os.PathLike[str] | None) -> None:
        self.names = (names,) if isinstance(names, str) else tuple(names)
        for name in self.names:
            check_choice("log", name, KNOWN)
        if self.names and folder is None:
            raise ValueError(
                f'log is {self.names}, but there is no folder to write to; give folder="runs/first"'
            )
        self.folder, self.written = Path(folder or "."), 0
        if "tensorboard" in self.names:
            check_tensorboard()

    def write(self, history: dict[str, Any]) -> None:
        """Bring what is written up to the last point of the history."""
        if "csv" in self.names:
            replace_file(self.folder / "history.csv", lambda file: file.write(as_csv(history)))
        if "tensorboard" in self.names:
            self.write_events(history)

    def write_events(self, history: dict[str, Any]) -> None:
        """The points that are new; a run that is taken up again begins with its last one."""
        from torch.utils.tensorboard import SummaryWriter

        curve = history["curve"]
        writer = SummaryWriter(str(self.folder))
        for point in curve[self.written or len(curve) - 1 :]:
            for name in CURVES:
                if point[name] is not None:
                    writer.add_scalar(name, point[name], point["step"])
        writer.close()
        self.written = len(curve)


def check_tensorboard() -> None:
    """Raise ModuleNotFoundError, saying what to install, if PyTorch cannot write its events."""
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError as error:
        raise ModuleNotFoundError(
            f'log has "tensorboard", which cannot be used ({error}); install it with: '
            "pip install tensorboard"
        ) from None


def as_csv(history: dict[str, Any]) -> bytes:
    """A history as a table: a line for every point."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["step", "seconds", "waiting", *CURVES])
    for point, seconds, waiting in zip(
        history["curve"], history["seconds"], history["waiting"], strict=True
    ):
        numbers = ["" if point[name] is None else point[name] for name in CURVES]
        lines.writerow([point["step"], seconds, waiting, *numbers])
    return text.getvalue().encode()
