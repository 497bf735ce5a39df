"""Inside a trained network: the page's answers against PyTorch's, and what both show."""

import json
import shutil
import subprocess
import time
from base64 import b64decode
from pathlib import Path

import pytest

from resnet_lab import inside

PACKAGE = Path(inside.__file__).parent
RUN = """
import fs from "node:fs";
const {inside} = await import(process.argv[1]);
const {data, questions} = JSON.parse(fs.readFileSync(0, "utf8"));
const run = inside({}, {trained: data});
run.next();
console.log(JSON.stringify(questions.map((question) => {
  const began = performance.now(), {value} = run.next(question);
  return {...value, took: performance.now() - began};
})));
"""
QUESTIONS = [
    inside.question(),
    inside.question(19, "resnet20", 1, (0.0, *[1.0] * 8), "shortcut", 3, 0, 27),
    inside.question(5, "resnet20", 4, (1.0, 0.35) * 4 + (1.0,), "branch", 30, 20, 9),
    inside.question(8, "resnet20", 7, (1.0,) * 9, "shortcut", 60, 13, 2),
    inside.question(8, "resnet20", 9, (1.0,) * 9, "sum", 63, 27, 27),
    inside.question(11, "plain20", 5, (1.0,) * 9, "shortcut", 7, 7, 7),
    inside.question(12, "plain20", 9, (1.0,) * 4 + (0.0,) + (1.0,) * 4, "branch", 0, 5, 5),
    inside.question("own", "plain20", 2, (0.5,) * 9, "sum", 15, 14, 14),
]


@pytest.fixture(scope="module")
def own():
    return [(7 * place) % 256 for place in range(784)]


@pytest.fixture(scope="module")
def theirs(own):
    """What the page's runner answers under node."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("this test needs node, for instance from `apt-get install nodejs`")
    pytest.importorskip("torch")
    from _ext.job_scripts import trained

    given = {"data": trained(), "questions": [{**each, "own": own} for each in QUESTIONS]}
    program = [program, "--input-type=module", "-e", RUN, (PACKAGE / "inside_runner.mjs").as_uri()]
    done = subprocess.run(program, input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_the_pages_answer_is_pytorchs(theirs, own, number):
    torch = pytest.importorskip("torch")
    from resnet_lab import inside_runner

    inside_runner.OWN["picture"] = torch.tensor(own, dtype=torch.uint8).view(1, 28, 28)
    ours, page = inside_runner.answer(QUESTIONS[number]), theirs[number]
    print(f"{page.pop('took'):.1f} ms in the engine")
    page["question"].pop("own")
    assert page.keys() == ours.keys() and page["question"] == ours["question"]
    assert page["picture"] == ours["picture"]
    for name in inside.networks():
        assert page["answers"][name] == pytest.approx(ours["answers"][name], abs=1e-5)
    assert page["reach"] == pytest.approx(ours["reach"], rel=1e-5)
    assert page["place"] == pytest.approx(ours["place"], rel=1e-4, abs=1e-5)
    assert page["class"]["winner"] == ours["class"]["winner"]
    pairs = [
        (page[what][part], ours[what][part]) for what in ("maps", "channel") for part in ours[what]
    ]
    pairs += [(page["class"][side], ours["class"][side]) for side in ("for", "against")]
    for one, other in [*pairs, (page["field"], ours["field"])]:
        one, other = b64decode(one), b64decode(other)
        assert len(one) == len(other) and max(map(abs, map(int.__sub__, one, other))) <= 1
    assert page["pixels"] == pytest.approx(ours["pixels"], abs=2)


def test_in_a_notebook():
    """The button opens both, a control asks again, and so does a picture that is shown to them."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("ipywidgets")
    from resnet_lab.explorers import inside as explorer
    from resnet_lab.explorers.notebook import notebook_form
    from resnet_lab.inside_runner import answer

    def shown(values):
        expected = explorer.render(values, answer(explorer.question(**values)))
        deadline = time.monotonic() + 60
        while form.view.value != expected and time.monotonic() < deadline:
            time.sleep(0.02)
        return form.view.value == expected

    form = notebook_form(explorer)
    assert "Not yet opened" in form.view.value
    form.job.begin()
    assert shown(explorer.start)
    form.controls["b5"].value = 0.0
    assert shown({**explorer.start, "b5": 0.0})
    explorer.show(torch.full((56, 40, 3), 200, dtype=torch.uint8))
    assert shown({**explorer.start, "b5": 0.0, "picture": "own"})
    for wrong in (torch.zeros(28), torch.zeros(28, 28), torch.zeros(0, 28, dtype=torch.uint8)):
        with pytest.raises(ValueError, match="it must be"):
            explorer.show(wrong)
    form.job.stop()
    explorer.value = explorer.start


def test_a_picture_is_made_small_and_grey():
    torch = pytest.importorskip("torch")
    from resnet_lab import inside_runner

    wide = torch.zeros(20, 56, 3, dtype=torch.uint8)
    wide[:, 28:] = torch.tensor([255, 0, 0])
    inside_runner.give(wide.numpy())
    found = inside_runner.OWN["picture"]
    assert found.shape == (1, 28, 28) and found.dtype == torch.uint8
    assert found[0, 9:19, 14:].unique().tolist() == [76]  # 0.299 of 255
    assert found[0, :9].sum() == found[0, 19:].sum() == found[0, :, :14].sum() == 0


def test_a_branch_switched_off_is_fatal_only_without_a_shortcut():
    """On 200 test images; He and others' plain block has nothing else."""
    torch = pytest.importorskip("torch")
    from resnet_lab.data import load, normalise
    from resnet_lab.inside_runner import Opened
    from resnet_lab.trained import read

    images, labels = [part[:200] for part in load("fashion-mnist-small").test]
    about, _ = read("resnet20")
    x = normalise(images, about["mean"], about["std"])
    with torch.inference_mode():
        right = {
            name: (Opened(name)(x, [1.0] * 4 + [0.0] + [1.0] * 4).argmax(1) == labels)
            .float()
            .mean()
            for name in inside.networks()
        }
    assert right["resnet20"] > 0.8 and right["plain20"] < 0.25
