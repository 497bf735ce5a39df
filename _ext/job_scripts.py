"""What pages load when a reader starts a job: the engine and the runner as a worker's source text.

A page from a disk may not start a worker from a file, but from a text it may.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from .page_modules import PACKAGE

HOST = Path(__file__).parent / "static" / "jobs.js"
SOURCES = (PACKAGE / "engine.js", PACKAGE / "job_runner.js")
WORKER = """
let run;
onmessage = ({data}) => {
  try {
    if (data.job) run = resnetJobs.race(data.job, data.digits);
    postMessage(run.next().value);
  } catch ({message}) {
    postMessage({error: message});
  }
};
"""
COMMENT = re.compile(
    r"/\*.*?\*/|(?:^|(?<=\s))// .*?$|(?:^|(?<=\s))// ?-+$", re.DOTALL | re.MULTILINE
)


def write_scripts(folder: Path) -> None:
    """jobs.js, which the first click on a job's button fetches, and digits.js."""
    text = "".join([file.read_text(encoding="utf-8") for file in SOURCES]) + WORKER
    host = lean(HOST.read_text(encoding="utf-8"))
    script = f"{host}\nwindow.resnetJobHost.source = {json.dumps(lean(text))};\n"
    (folder / "jobs.js").write_text(script, encoding="utf-8")
    digits = folder / "digits.js"
    if not digits.exists():
        from resnet_lab.job_runner import digits_text

        text = f"window.resnetDigits = {json.dumps(digits_text())};\n"
        digits.write_text(text, encoding="utf-8")


def lean(source: str) -> str:
    """A script of ours without its comments and its indentation."""
    lines = [line.strip() for line in COMMENT.sub("", source).splitlines()]
    return "\n".join([line for line in lines if line])
