"""The command line: formats hold the table's numbers; a mistake gives a sentence and status 2."""

import csv
import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import resnet_lab as rl
from resnet_lab import cli
from resnet_lab.cli import main

NETWORK = ["resnet50", "--version", "1", "--classes", "10", "--input", "3,65,97"]
TABLE = rl.trace(rl.resnet(50, version=1, classes=10), (3, 65, 97))


class Cells(HTMLParser):
    """The rows of an HTML table, each a list of texts."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.open = [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")
            self.open = True

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("th", "td")

    def handle_data(self, text):
        if self.open:
            self.rows[-1][-1] += text


PARSERS = {
    "csv": lambda text: list(csv.reader(text.splitlines())),
    "markdown": lambda text: [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if not line.startswith("|---")
    ],
    "html": lambda text: Cells(text).rows,
    "text": lambda text: [
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in text.splitlines()[1:]
        if not line.startswith("---")
    ],
}


def number(cell):
    return int(cell.replace(",", ""))


def shape(cell):
    return tuple(int(side) for side in cell.split(" × "))


@pytest.mark.parametrize("level", ["layer", "block", "stage"])
@pytest.mark.parametrize("format", PARSERS)
def test_every_format_holds_the_same_numbers(format, level, capsys):
    assert main(["table", *NETWORK, "--format", format, "--level", level]) == 0
    head, *rows, total = PARSERS[format](capsys.readouterr().out)
    assert head == ["name", "kind", "output shape", "receptive field", "parameters", "MACs"]
    read = [
        (name, kind, shape(sizes), *map(number, figures)) for name, kind, sizes, *figures in rows
    ]
    assert read == [
        (row.name, row.kind, row.output_shape, row.receptive_field, row.params, row.macs)
        for row in TABLE.groups(level)
    ]
    assert total[:2] == ["total", "50 weight layers"] and shape(total[2]) == (10,)
    assert [number(cell) for cell in total[3:]] == [TABLE.receptive_field, TABLE.params, TABLE.macs]


@pytest.mark.parametrize(
    "arguments, net, shape",
    [
        (["resnet18"], rl.resnet(18), (3, 224, 224)),
        (["plain34"], rl.plain(34), (3, 224, 224)),
        (["vgg16"], rl.vgg(16), (3, 224, 224)),
        (["resnet20"], rl.cifar_resnet(20), (3, 32, 32)),
        (["resnet18-small"], rl.resnet18_small(), (3, 32, 32)),
        (["signal"], rl.signal_resnet(), (1, 1000)),
        (["resnet34", "--shortcut", "C"], rl.resnet(34, shortcut="C"), (3, 224, 224)),
        (["resnet50", "--se"], rl.resnet(50, se=True), (3, 224, 224)),
        (["resnet50", "--version", "2"], rl.resnet(50, version=2), (3, 224, 224)),
    ],
)
def test_each_network_has_the_input_it_was_made_for(arguments, net, shape, capsys):
    main(["table", *arguments])
    assert capsys.readouterr().out == rl.trace(net, shape).to_text() + "\n"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["alexnet"], ("'alexnet'", "resnet18")),
        (["resnet51"], ("'resnet51'", "6n + 2")),
        (["vgg13"], ("13", "16, 19")),
        (["resnet666662"], ("2,333,", "take level 'stage'")),
        (["resnet" + "6" * 20 + "2"], ("no network called 'resnet666", "resnet18")),
        (["resnet" + "6" * 5000], ("no network called 'resnet666", "resnet18")),
        (["resnet50", "--version", "3"], ("version is 3", "1, 1.5, 2")),
        (["resnet50", "--shortcut", "D"], ("'D'", "'A', 'B', 'C'")),
        (["resnet50", "--classes", "0"], ("classes is 0", "at least 1")),
        (["vgg16", "--version", "2"], ("vgg16 has no version", "ResNet")),
        (["plain34", "--shortcut", "A"], ("plain34 has no shortcut", "ResNet")),
        (["resnet50", "--input", "1,224,224"], ("1 channels", "takes 3")),
        (["resnet50", "--input", "3,224"], ("(3, 224)", "(channels, height, width)")),
        (["resnet50", "--input", "3,0,224"], ("height is 0", "at least 1")),
        (["vgg16", "--input", "3,31,31"], ("too small for VGG-16", "at least 2")),
        (["signal", "--input", "1,900"], ("15872", "input_size")),
    ],
)
def test_a_mistake_gives_a_sentence_and_status_2(arguments, words, capsys):
    assert main(["table", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: ") and printed.err.count("\n") == 1
    assert all(word in printed.err for word in words)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["draw", "resnet50"], "'draw'"),
        (["table"], "network"),
        (["table", "resnet50", "--input", "3x224x224"], "'3x224x224' is not a shape"),
        (["table", "resnet50", "--version", "new"], "'new'"),
        (["table", "resnet50", "--format", "pdf"], "'csv'"),
        (["table", "resnet50", "--level", "module"], "'block'"),
    ],
)
def test_a_wrong_option_shows_the_usage_and_status_2(arguments, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert "usage: resnet-lab" in printed and words in printed


def run(*command):
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, encoding="utf-8"
    )


def test_as_a_program():
    done = run("-m", "resnet_lab", "table", "resnet18", "--level", "stage")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip("\n") == rl.trace(rl.resnet(18), (3, 224, 224)).to_text("stage")
    failed = run("-m", "resnet_lab", "table", "resnet17")
    assert (failed.returncode, failed.stdout) == (2, "") and "'resnet17'" in failed.stderr


def test_importing_the_package_loads_the_standard_library_only():
    """What the interpreter has loaded before (an editable install's finder, say) is not ours."""
    done = run(
        "-c",
        "import sys; before = set(sys.modules); import resnet_lab, resnet_lab.cli; "
        "print(*set(sys.modules) - before)",
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "resnet_lab" in loaded and loaded - {"resnet_lab"} <= sys.stdlib_module_names


def test_no_arguments_print_the_help(capsys):
    assert main([]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("usage: resnet-lab") and printed.err == ""
    assert "print a network layer by layer" in printed.out and "train" in printed.out


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0 and capsys.readouterr().out == f"resnet-lab {rl.__version__}\n"


# ---------------------------------------------------------------------------------------- train


def test_every_option_of_train_has_a_line_of_its_own(capsys, monkeypatch):
    training = pytest.importorskip("resnet_lab.training")
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    usage, _, text = capsys.readouterr().out.partition("options:")
    options = [line.split()[0].rstrip(",") for line in text.splitlines() if "  --" in line[:4]]
    assert len(options) == len(set(options)) and "--data" in options
    for name, field in training.Recipe.__dataclass_fields__.items():
        option = "--" + name.replace("_", "-")
        line = next(line for line in text.splitlines() if f" {option}" in line[:30])
        assert len(line.split("  ")[-1]) > 10, line
        if field.type != "bool" and field.default is not None:
            assert f"(default: {field.default})" in " ".join(text.split())
    assert set(cli.RECIPE) == set(training.Recipe.__dataclass_fields__)


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from resnet_lab.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("arguments", [["train", "--help"], ["train", "--model", "resnet8"]])
def test_without_pytorch_train_says_what_to_install(arguments):
    done = run("-c", WITHOUT_TORCH, *arguments)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "training needs PyTorch; install it with: pip install torch" in done.stderr
    assert run("-c", WITHOUT_TORCH, "table", "resnet18").returncode == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--data", "imagenet"], "there is no data set called 'imagenet'"),
        (["--model", "resnet19"], "no network called 'resnet19'"),
        (["--lr", "-1"], "lr is -1.0; it must be above 0"),
        (["--weight-decay", "inf"], "weight_decay is inf; it must be a finite number"),
        (["--precision", "bf16"], "'bf16'; it must be one of 'auto', 'float32', 'bfloat16'"),
        (["--device", "gpu"], "device is 'gpu', which PyTorch does not know"),
        (["--model", "vgg16"], "does not take the images of digits, (1, 8, 8)"),
        (["--steps", "20", "--lr", "100"], "far beyond that of guessing"),
        (["--model", "signal"], "signal takes signals, but these data are images"),
        (["--steps", "9" * 22], "9999; it must be at most 1,000,000,000"),
        (["--seed", "9" * 22], "9999; it must be at most 4,294,967,295"),
        (["--steps", "999999999", "--eval-every", "999999999"], "validate more often"),
        (["--crop", "8"], "crop is 8, but an image of digits has only 8 pixels a side"),
        (["--device", "meta"], "device is meta, on which PyTorch cannot compute here"),
        (["--size", "32"], "size is 32, but only a folder of images"),
        (["--weights", "imagenet"], "torchvision has no weights for ResNet-8"),
        (["--freeze", "layer9"], "freeze has 'layer9', but no part of the network"),
        (["--log", "csv"], "there is no folder to write to"),
    ],
)
def test_a_mistake_in_training_gives_a_sentence_and_status_2(arguments, message, capsys):
    pytest.importorskip("resnet_lab.training")
    assert main(["train", "--data", "digits", "--model", "resnet8", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.count("\n") == 1 and printed.out == ""


def test_train_reads_the_test_images_once(tmp_path, monkeypatch, capsys):
    pytest.importorskip("resnet_lab.training")
    from resnet_lab import data

    readings, source = [], data.load("digits")
    read = source.read_test
    source.read_test = lambda: readings.append(1) or read()
    monkeypatch.setattr(data, "load", lambda *_: source)
    command = "train --model resnet8 --steps 4 --eval-every 2 --batch 16 --folder".split()
    assert main([*command, str(tmp_path)]) == 0 and len(readings) == 1
    assert "test error" in capsys.readouterr().out
    assert 0 <= json.loads((tmp_path / "history.json").read_text())["test_error"] <= 1


def test_a_size_that_the_network_cannot_take_is_refused_before_anything_is_read(tmp_path, capsys):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "broken.png").write_bytes(b"no image")
    command = ["train", "--model", "vgg16", "--size", "16", "--data", str(tmp_path)]
    assert main(command) == 2 and "too small for VGG-16" in capsys.readouterr().err


def test_a_folder_streams_into_a_frozen_network_with_a_head_of_its_own(
    tmp_path, capsys, monkeypatch
):
    """ImageNet's weights are those of torchvision's constructor, as there may be no network."""
    torch, torchvision = pytest.importorskip("torch"), pytest.importorskip("torchvision")
    from PIL import Image

    from resnet_lab.checkpoints import load_checkpoint

    for part in ("train", "val"):
        for name in ("cat", "dog", "eel"):
            (tmp_path / "photos" / part / name).mkdir(parents=True)
            for number in range(4):
                picture = Image.effect_noise((40, 36), 60).convert("RGB")
                picture.save(tmp_path / "photos" / part / name / f"{number}.jpg")

    def same(one, other):
        return one.shape == other.shape and torch.equal(one, other)

    trained = torchvision.models.resnet18().state_dict()
    url = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.url
    (tmp_path / "checkpoints").mkdir()
    torch.save(trained, tmp_path / "checkpoints" / url.rpartition("/")[2])
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    command = ["train", "--weights", "imagenet", "--freeze", "--data", str(tmp_path / "photos")]
    command += ["--folder", str(tmp_path / "run"), "--log", "csv"]
    command += "--size 32 --batch 4 --steps 3 --stream --workers 0 --least-area 0.3".split()
    assert main(command) == 0
    assert "there are no test images" in capsys.readouterr().out
    state = load_checkpoint(tmp_path / "run" / "checkpoint.pt")["model"]
    assert {name for name in trained if not same(trained[name], state[name])} == {
        "fc.weight",
        "fc.bias",
    }
    assert state["fc.weight"].shape == (3, 512)
    assert (tmp_path / "run" / "history.csv").exists()


def test_a_full_gpu_gets_a_sentence(monkeypatch, capsys):
    torch = pytest.importorskip("torch")
    from resnet_lab import training

    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(training, "fit", full)
    assert main(["train", "--data", "digits", "--model", "resnet8", "--steps", "2"]) == 2
    out, err = capsys.readouterr()
    assert "memory is full; try --accumulate 2" in err and "memory" not in out
