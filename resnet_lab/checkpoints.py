"""Checkpoints: written whole or not at all, read without executing anything, of one run only."""

from __future__ import annotations

import json
import os
import secrets
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import torch

KEYS = {"model", "trained", "optimizer", "history", "step", "stretch"}


def replace_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` fill a file beside `path`, then put it in its place.

    Whoever looks finds the old file or the new one, whole. Two processes do not meet, as each
    fills a file of its own; what was not finished is removed.

    Raises:
        OSError: The file cannot be written; the message names it, and the old one is still there.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(beside, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except (OSError, RuntimeError) as error:  # torch.save hides the disk's error in its own
        cause = error if isinstance(error, OSError) else error.__context__
        reason = getattr(cause, "strerror", None) or str(error).split("\n")[0]
        left = "the one that was there is as it was" if path.exists() else "nothing was kept"
        raise OSError(
            f"{path} could not be written ({reason}); {left}. Make room or choose another folder, "
            "and start the same line again"
        ) from None
    finally:
        beside.unlink(missing_ok=True)


def check_folder(folder: Path) -> None:
    """Raise OSError, naming the folder, unless files can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f"{os.getpid()}-{secrets.token_hex(4)}.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(
            f"nothing can be written to the folder {folder} ({error.strerror}); choose another"
        ) from None


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, and beside it its history as JSON."""
    replace_file(path, lambda file: torch.save(state, file))
    write_json(path.with_name("history.json"), state["history"])


def write_json(path: Path, content: object) -> None:
    """Write JSON, whole or not at all."""
    text = json.dumps(content, indent=1) + "\n"
    replace_file(path, lambda file: file.write(text.encode()))


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """A checkpoint that `fit` wrote. Nothing in the file is executed.

    Returns:
        "model" (the weights to use, on the CPU), "history", "step", and what resuming needs.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It was cut short, altered, or written by something else; the message names it.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; there is no checkpoint of that name")
    state = read_torch_file(path)
    if not isinstance(state, dict) or not set(state) >= KEYS:
        raise ValueError(f"{path} is no checkpoint of resnet_lab.training")
    return state


def read_torch_file(path: Path) -> Any:
    """What `torch.save` wrote, on the CPU. Nothing in the file is executed.

    Raises:
        ValueError: It is damaged; the message names it.
    """
    bad = None
    try:
        with zipfile.ZipFile(path) as archive:  # torch writes checksums, but does not look at them
            bad = archive.testzip()
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can fail anywhere
        bad = str(error).split("\n")[0] or type(error).__name__
    if bad is not None:
        raise ValueError(
            f"{path} is damaged ({bad}); delete it to start again, or put a sound copy in its place"
        )
    return state


def same_run(checkpoint: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Raise ValueError, naming what differs, unless both histories belong to the same run."""
    before, now = [
        {
            **history["recipe"],
            **history["data"],
            "parameters": history["parameters"],
            "structure": history["structure"],
            "frozen": history.get("frozen", []),
        }
        for history in (old, new)
    ]
    before.setdefault("images", now.get("images"))  # which older runs do not say
    for name in now:
        if before.get(name) != now[name]:
            raise ValueError(
                f"{checkpoint} is of another run: its {name} is {before.get(name)!r}, now it is "
                f"{now[name]!r}; choose another folder, or delete it to start again"
            )
