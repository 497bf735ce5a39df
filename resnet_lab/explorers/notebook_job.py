"""An explorer's job in a notebook: PyTorch does it, in a thread beside the kernel's own."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
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
        self.job: dict[str, Any] | None = None
        self.results: dict[str, Any] | None = None
        self.questions: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
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
        assert self.explorer.job is not None
        self.job, self.questions = self.explorer.job(**self.explorer.value), SimpleQueue()
        work = Thread(target=self.work, args=(self.number, self.job), daemon=True)
        work.start()
        return work

    def stop(self) -> None:
        """Give up the job that runs, after the step being done."""
        self.number += 1
        self.job = self.results = None
        self.questions.put(None)
        self.halt.disabled = True

    def moved(self) -> dict[str, Any] | None:
        """A control was moved: end a job that is another one now, ask one that takes questions.

        Returns:
            The results to show.
        """
        if self.job is None or self.explorer.job is None:
            return None
        values = self.explorer.value
        if self.explorer.job(**values) != self.job:
            self.stop()
        elif self.explorer.question:
            self.questions.put(self.explorer.question(**values))
        return self.results

    def work(self, number: int, job: dict[str, Any]) -> None:
        """Run the job, as long as no other has been started, and answer questions after it."""
        try:
            from ..job_runner import run
        except ImportError:
            self.said.value = INSTALL
            return
        running = run(job)
        for results in running:
            if number != self.number:
                return
            self.bar.value = results["step"] / job["steps"]
            self.said.value = f"step {results['step']} of {job['steps']}"
            self.take(results)
            if results["step"] == job["steps"]:
                break
        self.halt.disabled = True
        if self.explorer.question:
            self.questions.put(self.explorer.question(**self.explorer.value))
        while self.explorer.question:
            question = self.questions.get()
            while not self.questions.empty():  # the latest counts
                question = self.questions.get()
            if number != self.number or question is None:
                return
            self.take(running.send(question))

    def take(self, results: dict[str, Any]) -> None:
        """Keep results and show them."""
        self.results = results
        self.show(results)
