"""python -m resnet_lab table: every format holds the table's numbers, every mistake gives a sentence and status 2."""

import csv
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import resnet_lab as rl
from resnet_lab.__main__ import main

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
        ([], "table"),
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
    assert "usage: python -m resnet_lab" in printed and words in printed


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
    """Whatever the interpreter has loaded before (an editable install's finder, say) does not count."""
    done = run(
        "-c",
        "import sys; before = set(sys.modules); import resnet_lab; print(*set(sys.modules) - before)",
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "resnet_lab" in loaded and loaded - {"resnet_lab"} <= sys.stdlib_module_names
