"""The page's engine and jobs under node, for tests."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "resnet_lab"
MODULES = {
    "engine/network.mjs": "engine",
    "engine/numbers.mjs": "exp, generator, log",
    "engine/fast_loops.mjs": "hasSimd",
    "job_runner.mjs": "JOBS, spirals",
}
IMPORTS = "".join(
    f"import {{{names}}} from {json.dumps((PACKAGE / path).as_uri())};\n"
    for path, names in MODULES.items()
)
RUN = """
const given = %s;
console.log(JSON.stringify(given.map(({job, data = {}, options, questions = []}) => {
  const began = performance.now(), run = JOBS[job.kind](job, data, options), results = [];
  for (let step; step !== job.steps; step = results.at(-1).step) results.push(run.next().value);
  const took = performance.now() - began;
  results.push(...questions.map((question) => run.next(question).value));
  return [results, took];
})));
"""


def node(script, *arguments):
    """Run a script with the engine's functions; give what it prints, read as JSON."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("this test needs node, for instance from `apt-get install nodejs`")
    if isinstance(script, Path):
        command, source = [script, *arguments], ""
    else:
        command, source = ["--input-type=module", "-"], IMPORTS + script
    done = subprocess.run([program, *command], input=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout) if done.stdout.strip() else None


def run_jobs(*given):
    """Results and milliseconds of each {"job", "data", "options", "questions"}."""
    return node(RUN % json.dumps(given))
