"""A call of a function of PyTorch: the tensors among its arguments, and whose line called it."""

from __future__ import annotations

import linecache
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

HERE = (f"{Path(torch.__file__).parent}{os.sep}", f"{Path(__file__).parent}{os.sep}")


def found_tensors(values: Any) -> list[Tensor]:
    """The tensors among arguments, those in lists too."""
    found = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found += found_tensors(value)
    return found


def on_meta(value: Any) -> Any:
    """The same arguments with tensors that have no numbers."""
    if isinstance(value, Tensor):
        return value if value.is_meta else value.to("meta")
    if type(value) in (tuple, list):
        return type(value)([on_meta(each) for each in value])
    if type(value) is dict:
        return {name: on_meta(each) for name, each in value.items()}
    return value


def source_line() -> str:
    """Where the model's own code is just now: file, line and what stands there."""
    frame = sys._getframe()
    while frame.f_back and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    code = linecache.getline(file, line).strip()
    return f"{Path(file).name}, line {line}" + f": {code}" * bool(code)
