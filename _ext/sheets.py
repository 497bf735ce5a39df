"""Exercises with other numbers: the package draws them while the book is built.

Each chapter's are a script, which its page fetches when a reader asks for other numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

from resnet_lab.exercises import drawn_exercises, exercise

SEEDS = range(1, 31)


def write_sheets(folder: Path, version: str) -> None:
    """One script for each chapter, and no older ones."""
    for old in folder.glob("sheets_*.js"):
        old.unlink()
    chapters: dict[int, dict[str, list[list[object]]]] = {}
    for number in drawn_exercises():
        drawn = [exercise(number, seed) for seed in SEEDS]
        chapters.setdefault(int(number.split(".")[0]), {})[number] = [
            [each.asked(), json.dumps(each.record), each.solution] for each in drawn
        ]
    for chapter, sheets in chapters.items():
        script = f"window.resnetSheets = {json.dumps(sheets)};\n"
        (folder / file_name(chapter, version)).write_text(script, encoding="utf-8")


def file_name(chapter: int, version: str) -> str:
    return f"sheets_{chapter:02}-{version}.js"
