"""What pages load when a reader starts a job: the engine and the runner as a worker's source text.

A page from a disk may not start a worker from a file, but from a text it may. So the modules are
joined into one script.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError

from .page_modules import PACKAGE

HOST = Path(__file__).parent / "static" / "jobs.js"
PICTURES = Path(__file__).parent / "static" / "pictures.js"
RUNNER = PACKAGE / "job_runner.mjs"
WORKER = """
let run;
onmessage = ({data}) => {
  try {
    if (data.job) run = JOBS[data.job.kind](data.job, data.data, data.options);
    postMessage(run.next(data.question).value);
  } catch ({message}) {
    postMessage({error: message});
  }
};
"""
COMMENT = re.compile(
    r"/\*.*?\*/|(?:^|(?<=\s))// .*?$|(?:^|(?<=\s))// ?-+$", re.DOTALL | re.MULTILINE
)
IMPORT = re.compile(r'^import \{[\w\s,]+\} from "(\./[\w./]+\.mjs)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|function\*?|class) (\w+))", re.MULTILINE)


def digits() -> str:
    from resnet_lab.job_runner import digits_text

    return digits_text()


def trained() -> dict[str, Any]:
    """Graphs, weights and pictures of the trained networks."""
    from resnet_lab import inside, inside_runner
    from resnet_lab.trained import FOLDER

    graphs = {name: net.graph().to_dict() for name, net in inside.networks().items()}
    files = {name: (FOLDER / f"{name}.weights").read_bytes() for name in graphs}
    return {
        "graphs": {name: inside.with_factors(graph) for name, graph in graphs.items()},
        "files": {name: b64encode(file).decode() for name, file in files.items()},
        "pictures": b64encode(inside_runner.pictures()[0].numpy().tobytes()).decode(),
    }


def garments() -> str:
    from resnet_lab.probe_runner import garments_text

    return garments_text()


# What jobs may ask for by name: a function that makes it, of anything that JSON can hold.
DATA: dict[str, Callable[[], object]] = {"digits": digits, "garments": garments, "trained": trained}


def write_scripts(folder: Path) -> None:
    """jobs.js, which the first click on a job's button fetches, and what jobs ask for."""
    text = lean('"use strict";\n' + joined(RUNNER) + WORKER)
    host = lean(HOST.read_text(encoding="utf-8"))
    script = f"{host}\nwindow.resnetJobHost.source = {json.dumps(text)};\n"
    script += f"window.resnetJobHost.recorded = {json.dumps(RECORDED)};\n"
    (folder / "jobs.js").write_text(script, encoding="utf-8")
    script = lean(PICTURES.read_text(encoding="utf-8"))
    (folder / "pictures.js").write_text(script, encoding="utf-8")
    if not (folder / "pictures.png").exists():
        write_pictures(folder / "pictures.png")
    for name, make in DATA.items():
        file = folder / f"{name}.js"
        if not file.exists():
            content = json.dumps(make(), separators=(",", ":"))
            text = f"(window.resnetData ??= {{}}).{name} = {content};\n"
            file.write_text(text, encoding="utf-8")


# Explorers whose job's end a page shows where it cannot run, or had better not move.
RECORDED = ("race",)
RECORD = """
(job, data) => {
  const run = JOBS[job.kind](job, data);
  let results;
  do results = run.next().value; while (results.step !== job.steps);
  return JSON.stringify(results);
}
"""


def write_recorded(folder: Path) -> None:
    """recorded-NAME.js: the end of an explorer's job with its first values, run here by V8."""
    from py_mini_racer import MiniRacer

    from resnet_lab.explorers import ALL

    for name in RECORDED:
        file, explorer = folder / f"recorded-{name}.js", ALL[name]
        if file.exists() or not explorer.job:
            continue
        job = explorer.job(**explorer.start)
        data = {each: DATA[each]() for each in job["data"]}
        with MiniRacer() as racer:
            given = f"{json.dumps(job)}, {json.dumps(data)}"
            results = racer.eval(f"{joined(RUNNER)}\n({RECORD})({given})")
        values = json.dumps(explorer.write(explorer.start))
        text = f"(window.resnetRecorded ??= {{}})[{json.dumps(name)}] = "
        text += f"{{values: {values}, results: {results}}};\n"
        file.write_text(text, encoding="utf-8")


def write_pictures(file: Path) -> None:
    """The pictures that can be chosen, side by side."""
    from PIL import Image

    from resnet_lab.inside_runner import pictures

    images = pictures()[0][:, 0]
    whole = images.transpose(0, 1).reshape(images.shape[1], -1)
    Image.fromarray(whole.numpy()).save(file, optimize=True)


def modules(start: Path) -> list[Path]:
    """A module and all that it imports, each after those that it needs."""
    found: list[Path] = []

    def visit(path: Path) -> None:
        for name in IMPORT.findall(path.read_text(encoding="utf-8")):
            visit((path.parent / name).resolve())
        if path not in found:
            found.append(path)

    visit(start.resolve())
    return found


def joined(start: Path) -> str:
    """A module and all that it imports as one script; what is not exported stays inside.

    Raises:
        ExtensionError: a module imports or exports in a way that is not read here, or two modules
            export the same name.
    """
    script, seen = "", set[str]()
    for path in modules(start):
        source = IMPORT.sub("", path.read_text(encoding="utf-8"))
        names = EXPORT.findall(source)
        source = EXPORT.sub("", source)
        other = re.search(r"^(?:import|export)\b.*", source, re.MULTILINE)
        twice = [name for name in names if name in seen]
        if other or twice:
            reason = f"also exports {twice[0]}" if twice else f"has {other[0]!r}" if other else ""
            raise ExtensionError(f"{path.name} {reason}; _ext/job_scripts.py cannot join that")
        seen |= {*names}
        given = ", ".join(names)
        script += f"const {{{given}}} = (() => {{\n{source}\nreturn {{{given}}};\n}})();\n"
    return script


def lean(source: str) -> str:
    """A script of ours without its comments and its indentation."""
    lines = [line.strip() for line in COMMENT.sub("", source).splitlines()]
    return "\n".join([line for line in lines if line])
