"""Ctrl-C and the notebook's stop button: they end a run between two steps, never within one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """While this is entered, Ctrl-C waits where it is held back; a second one does not wait.

    Attributes:
        torn: Whether something that was to be done whole has been broken off.
    """

    def __init__(self) -> None:
        self.torn = False
        self._asked = False
        self._ours = False

    def __enter__(self) -> Interrupts:
        # Only the main thread may say what a signal does; whoever has said so already, knows why.
        if threading.current_thread() is threading.main_thread():
            self._ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._ours:
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._asked or not self.torn:
            raise KeyboardInterrupt
        self._asked = True

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Do what is inside whole, then raise the KeyboardInterrupt that came meanwhile."""
        self.torn = True
        yield
        self.torn = False
        if self._asked:
            raise KeyboardInterrupt
