"""An explorer's job in a notebook: PyTorch does it, in a thread beside the kernel's own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from .explorer import Explorer

INSTALL = "Training needs PyTorch: pip install torch torchvision, then press the button again."


class JobButtons:
    """The buttons that start and stop a job, and how far it is.

    Args:
        explorer: whose job it is.
        show: takes each of the job's results, and None where there is none any more.
    """

    def __init__(self, explorer: Explorer, show: Callable[[dict[str, Any] | None], None]) -> None:
        import ipywidgets

        fitting = ipywidgets.Layout(width="auto")
        self.explorer, self.show, self.number = explorer, show, 0
        self.start = ipywidgets.Button(description=explorer.start_job, layout=fitting)
        self.halt = ipywidgets.Button(description="Stop", layout=fitting, disabled=True)
        self.bar = ipywidgets.FloatProgress(value=0, min=0, max=1)
        self.said = ipywidgets.Label()
        self.children = [self.start, self.halt, self.bar, self.said]
        self.start.on_click(lambda _: self.begin())
        self.halt.on_click(lambda _: self.stop())

    def begin(self) -> Thread:
        """Start the job for the present values; one that runs is given up."""
        self.stop()
        self.halt.disabled = False
        work = Thread(target=self.work, args=(self.number, self.explorer.value), daemon=True)
        work.start()
        return work

    def stop(self) -> None:
        """Give up the job that runs, after the step being done."""
        self.number += 1
        self.halt.disabled = True

    def work(self, number: int, values: dict[str, Any]) -> None:
        """Run the job, as long as no other has been started."""
        try:
            from ..job_runner import run
        except ImportError:
            self.said.value = INSTALL
            return
        assert self.explorer.job is not None
        job = self.explorer.job(**values)
        for results in run(job):
            if number != self.number:
                return
            self.bar.value = results["step"] / job["steps"]
            self.said.value = f"step {results['step']} of {job['steps']}"
            self.show(results)
        self.halt.disabled = True
