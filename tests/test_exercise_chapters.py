"""The chapters' exercises: where they stand, that no notebook holds an answer, the answers.

The answers are recomputed by other means than the package's: by hand, by PyTorch, or by running the
chapter's own cells where an exercise asks for a measurement.
"""

import ast
import json
import re
from pathlib import Path

import pytest
from everything import only_with_everything

from chapters import each_chapter, numbered
from resnet_lab.exercises import exercise
from resnet_lab.exercises.checking import plain
from resnet_lab.exercises.forms import Choice, Code, Number

FILES = sorted(Path(exercise.__code__.co_filename).parent.glob("chapter_*.py"))
EVERY = [
    f"{int(path.stem[-2:])}.{place}"
    for path in FILES
    for place in sorted(map(int, re.findall(r"(?m)^def exercise_(\d+)\(", path.read_text("utf-8"))))
]


def cells_of(chapter):
    return json.loads(numbered(chapter).read_text(encoding="utf-8"))["cells"]


def text_of(cell):
    return "".join(cell["source"])


@each_chapter
def test_an_exercise_is_a_question_in_markdown_and_one_line_of_code(chapter):
    number_of_chapter = int(chapter.stem[:2])
    cells, found = cells_of(number_of_chapter), []
    for question, cell in zip(cells, cells[1:]):  # noqa: B905
        source = text_of(cell)
        if cell["cell_type"] == "code" and "exercise(" in source:
            number = re.fullmatch(r'# @title Exercise (.*)\nexercise\("\1"\)', source)[1]
            found.append(number)
            assert cell["metadata"] == {"tags": ["remove-input"]} and not cell["outputs"]
            asked = text_of(question)
            assert question["cell_type"] == "markdown" and len(asked) > 40
            assert asked.startswith(f"**Exercise {number}.** ")
            assert not re.search(r"<\w", asked)  # GitHub shows Markdown and formulas
    assert found == [each for each in EVERY if each.startswith(f"{number_of_chapter}.")]
    assert len(found) >= 7 and found[-1] == f"{number_of_chapter}.{len(found)}"
    for cell in cells:
        if cell["cell_type"] == "code":
            assert not re.search(r"\b(Number|Choice|Code)\(|slips|hint=", text_of(cell))


def secrets(form):
    """The texts that give an exercise's answer away."""
    if isinstance(form, Code):
        return form.code.splitlines()[1:]
    texts = [form.solution] if len(form.solution) > 20 else []
    if isinstance(form, Number) and form.record["answer"] > 200:  # smaller ones stand anywhere
        value = form.record["answer"]
        texts += [f"{value:,}", str(value)]
    return texts


@pytest.mark.parametrize("number", EVERY)
def test_no_notebook_shows_an_answer_near_its_exercise(number):
    """From the heading of the exercises on to the summary, in any cell."""
    cells = [text_of(cell) for cell in cells_of(int(number.split(".")[0]))]
    begin = next(place for place, text in enumerate(cells) if "## Exercises" in text)
    end = next(place for place, text in enumerate(cells) if text.startswith("## Summary"))
    before, _, intro = cells[begin].partition("## Exercises")
    shown = "\n".join([intro, *cells[begin + 1 : end]])
    for secret in secrets(exercise(number)):
        if secret.strip() not in ("else:", ""):
            assert not re.search(rf"(?<![\d.,]){re.escape(secret)}(?![\d,]*\d)", shown), secret
    formula = re.search(r"such as `(.*)`", intro)
    if formula and isinstance(exercise(number), Number):
        assert not exercise(number).check(formula[1])


@pytest.mark.parametrize("number", EVERY)
def test_an_output_shows_no_answer_and_is_found_by_its_number(number, monkeypatch):
    form = exercise(number)
    for missing in (False, True):
        if missing:
            monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
        bundle = form._repr_mimebundle_()
        assert number in bundle["text/plain"]
        shown = bundle["text/plain"] + bundle["text/html"]
        options = "".join(form.record.get("options", ()))
        for secret in (*secrets(form), form.record["hint"]):
            assert secret not in shown.replace(options, "") or plain(secret) in plain(options)
        assert "data-exercise" not in shown


@pytest.mark.parametrize("number", [each for each in EVERY if isinstance(exercise(each), Code)])
def test_the_solution_that_is_shown_is_right_and_the_starter_is_not(number):
    form = exercise(number)
    assert form.check(form.code).state == "right"
    assert form.check(form.starter).state == "wrong"
    assert form.starter.rpartition("def ")[2].split(":")[0] in form.code


NUMBERS = {
    "1.2": 36, "1.3": 2.302585, "1.4": 9.892, "1.7": 2,
    "2.1": 3, "2.3": 3.4,
    "3.2": 0.5, "3.3": 12**-0.5,
    "4.1": 2**-20, "4.2": 288**-0.5, "4.3": 0.7, "4.7": 100,
    "5.1": 151, "5.2": 4, "5.4": 32, "5.5": 24064,
    "6.1": 21, "6.2": 15, "6.3": 339, "6.4": 1451, "6.5": 28, "6.6": 1024, "6.8": 25 / 81,
    "7.1": 294912, "7.2": 118013952, "7.3": 72 / 13, "7.5": 152,
    "8.1": 16, "8.2": 25690624, "8.4": 25.18876, "8.5": 80,
    "9.1": 50176, "9.2": 230144, "9.4": 160, "9.5": 4, "9.7": 16,
    "10.1": 68, "10.2": 4, "10.3": 9, "10.5": 25089000, "10.6": 1386,
    "11.1": 513000, "11.2": 24064, "11.3": 12288, "11.5": 0.436, "11.6": 21,
    "12.1": 24, "12.2": 57344, "12.3": 33920, "12.4": 70144, "12.5": 16, "12.6": 1955176,
    "13.1": 390, "13.2": 153.6, "13.3": 0.085355, "13.7": 0.1,
    "14.1": 341, "14.2": 37, "14.3": 2.2489,
    "15.1": 650, "15.2": 192.8515, "15.3": 16, "15.7": 0.75,
    "15.8": 100 - 100 * (144 + 32 + 6 * (2304 + 32)) / 269434,
    "17.1": 33312, "17.3": 8464, "17.4": 14.3, "17.5": 0.9**54, "17.6": 100 * 4704 / 78432,
    "16.1": 120, "16.2": 50, "16.4": 0.1, "16.5": 1024,
    "18.1": 20, "18.2": 23, "18.3": 55, "18.7": 4800,
}  # fmt: skip
CHOICES = {
    "1.1": "b", "1.5": "b",
    "2.2": "c", "2.4": "b", "2.7": "c", "2.8": "b",
    "3.1": "c", "3.4": "c", "3.5": "b", "3.6": "b", "3.8": "a",
    "4.4": "b", "4.5": "b",
    "5.3": "b",
    "7.4": "b", "7.6": "c",
    "8.3": "b", "8.6": "d",
    "9.3": "c",
    "10.4": "b", "10.7": "c",
    "11.4": "c",
    "12.7": "b",
    "13.4": "c", "13.5": "a",
    "14.4": "c", "14.5": "b", "14.7": "b",
    "15.4": "b", "15.5": "c",
    "17.2": "c", "17.8": "b",
    "16.3": "a", "16.6": "c",
    "18.4": "c", "18.5": "c",
}  # fmt: skip


@pytest.mark.parametrize("number", EVERY)
def test_answers_are_those_worked_out_by_hand(number):
    form = exercise(number)
    if isinstance(form, Number):
        if not form.check(repr(NUMBERS[number])):
            assert form.record["answer"] == pytest.approx(NUMBERS[number], rel=1e-4)
    elif isinstance(form, Choice):
        assert form.check(CHOICES[number])
        right = form.record["answer"]
        for place in range(len(form.record["options"])):
            assert form.check(place).state == ("right" if place == right else "wrong")


def test_answers_are_computed_and_not_typed():
    """A Number's answer names something, or is worked out from the numbers of its question."""
    typed = []
    for path in FILES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Number":
                if isinstance(call.args[0], (ast.Constant, ast.UnaryOp)):
                    typed.append(ast.unparse(call.args[0]))
    assert typed == []


# Measured


def run(chapter, *parts):
    """Names after those cells of a chapter that contain one of some texts have run, in order."""
    names = {}
    for cell in cells_of(chapter):
        source = text_of(cell)
        if cell["cell_type"] == "code" and any(part in source for part in parts):
            exec(source, names)
    return names


@pytest.fixture
def one_thread():
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_the_constructed_network_trains_on(one_thread):
    """Exercise 3.8, with the chapter's own cells."""
    names = run(3, "class Net", "def task", "def do_nothing")
    after = names["train"](names["deep"], *names["task"](0))
    assert after < names["loss"] / 2


def test_ten_times_the_weights_have_a_hundredth_of_the_relative_gradient(one_thread):
    """Exercise 4.7."""
    torch = pytest.importorskip("torch")
    names = run(4, "def twin", "from resnet_lab.gradients import")

    def first(factor):
        torch.manual_seed(0)
        model = names["build"](names["twin"](8, "none")).double()
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.weight.data *= factor
        return names["signals"](model, names["images"].double(), names["labels"])[0].gradient

    assert exercise("4.7").check(first(1) / first(10))


def test_the_square_of_the_effective_field_is_the_one_in_the_question(one_thread):
    """Exercise 6.8: its number is measured, by the chapter."""
    names = run(6, "import resnet_lab", "import torch", "net = rl.ResNet", "def effective")
    side = names["square"](names["effective"](names["build"](names["net"])))
    question = next(text for text in map(text_of, cells_of(6)) if "Exercise 6.8" in text)
    assert f"a square of {side} × {side} holds" in question
    assert exercise("6.8").check(f"({side}/81)^2")


def test_gradients_that_are_zero_behind_a_zero_scale():
    """Exercise 9.7."""
    torch = pytest.importorskip("torch")
    import resnet_lab as rl
    from resnet_lab.models import build

    model = build(rl.resnet18_small(), zero_init_residual=True)
    model(torch.randn(4, 3, 32, 32)).square().sum().backward()
    layers = [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(layers) == 20
    assert exercise("9.7").check(sum(not layer.weight.grad.any() for layer in layers))


def test_layers_that_pytorch_has_as_well():
    torch = pytest.importorskip("torch")
    nn = torch.nn

    def count(layer):
        return sum(parameter.numel() for parameter in layer.parameters())

    assert exercise("5.1").check(nn.Conv2d(1, 1, 7, 2, 3)(torch.zeros(1, 1, 301, 7)).shape[2])
    assert exercise("7.1").check(count(nn.Conv2d(128, 256, 3, bias=False)))
    assert exercise("11.3").check(count(nn.Conv1d(64, 64, 3, bias=False)))
    assert exercise("12.1").check(count(nn.Conv2d(3, 6, 1)))
    wrong = nn.Conv2d(1, 8, kernel_size=(1, 3), padding=1)(torch.zeros(4, 1, 1, 1000))
    assert exercise("11.4").check(str(tuple(wrong.shape)))
    for case, expected in eval(exercise("14.6").record["cases"]):
        assert torch.tensor(*case).softmax(0).tolist() == pytest.approx(expected, abs=1e-6)


def test_networks_that_torchvision_has_as_well():
    torch = pytest.importorskip("torch")
    models = pytest.importorskip("torchvision").models
    with torch.device("meta"):
        resnet18, resnext = models.resnet18(), models.resnext50_32x4d()
    weights = [each for each in resnext.layer1[1].parameters() if each.dim() == 4]
    assert exercise("12.4").check(sum(each.numel() for each in weights))
    convolutions = [each for each in resnet18.modules() if isinstance(each, torch.nn.Conv2d)]
    assert exercise("18.1").check(len(convolutions))
    assert exercise("18.7").check(sum(each.out_channels for each in convolutions))


def test_a_field_is_as_wide_as_the_gradient_reaches():
    """Exercise 14.2, with all weights equal to one, so that nothing cancels."""
    torch = pytest.importorskip("torch")
    from resnet_lab import named
    from resnet_lab.models import build

    model = build(named("resnet20", in_channels=1)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1.0 if parameter.dim() == 1 else 0.01)
    image = torch.ones(1, 1, 80, 80, requires_grad=True)
    maps = model.layer2(model.layer1(model.bn1(model.conv1(image)).relu()))
    maps[0, 0, 20, 20].backward()
    width = (image.grad[0, 0] != 0).any(0).sum().item()
    assert exercise("14.2").check(width)


def test_a_photograph_as_the_chapter_prepares_it():
    """Exercises 14.1 and 14.3."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchvision")
    image = pytest.importorskip("PIL.Image")
    source = next(text for text in map(text_of, cells_of(14)) if "def prepare" in text)
    names = {"torch": torch, "Image": image}
    exec(source[: source.index("x, *steps")], names)
    resized = names["prepare"](image.new("RGB", (640, 480)))[1]
    assert exercise("14.1").check(resized.size[0])
    white = names["prepare"](image.new("RGB", (300, 300), "white"))[0]
    assert exercise("14.3").check(white[0, 0, 0, 0].item())


@only_with_everything
def test_forgetting_eval_hardly_matters_in_one_large_batch(one_thread):
    """Exercise 14.7, with the chapter's own cells."""
    names = run(14, 'print(f"{net.name} names', "state_dict()", "x = normalise(", "def wrong")
    copied = names["copy"].deepcopy(names["model"])
    x = names["normalise"](names["images"], names["data"].mean, names["data"].std)
    many = names["wrong"](x, 500, copied, train=True)
    assert abs(many - names["rows"]["as in training"]) < 0.1
    assert names["rows"]["eval() forgotten, one at a time"] > many + 0.2
