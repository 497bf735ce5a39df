"""The chapters as text: their numbers, what they must hold, their rhythm, their links. Nothing is executed.

The rule for numbers: every number that a chapter's prose writes in digits is also a numeric literal, or computed from
literals alone, in one of the chapter's code cells. There it is an input or stands in an assert. Strings do not count, and
numbers spelled out in words and those that an exercise gives are not looked at. What is no claim of the chapter is taken
out first: `NO_CLAIM`. What no cell can compute is listed in `QUOTED`, chapter by chapter, with the reason.
"""

import ast
import io
import json
import re
from pathlib import Path

import pytest

from resnet_lab import explorers

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(ROOT.glob("chapters/*.ipynb"))
PAGES = [
    *CHAPTERS,
    *(
        ROOT / name
        for name in ("intro.md", "glossary.md", "teaching.md", "references.md", "README.md")
    ),
]
chapters = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)


def cells(chapter, kind):
    """The sources of a notebook's cells of one kind; a page of Markdown is one cell."""
    if chapter.suffix == ".md":
        return [chapter.read_text(encoding="utf-8")] * (kind == "markdown")
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


# Numbers

NO_CLAIM = (
    r"```.*?```",
    r"`[^`]*`",
    r"\]\([^)]*\)",  # code, and where links lead
    r"(?m)^#+ \d+\. ",
    r"(?m)^\s*\d+\. ",  # the numbering of headings and lists
    r"(?i)\b(?:chapter|section|figure|table|equation|entr|exercise|stage|version)(?:y|ies|s)? \d+(?:\.\d+)?"
    r"(?:(?:, | and | to )\d+(?:\.\d+)?)*",  # references to parts of something
    r"\b(?:ResNet|VGG|DenseNet|CIFAR|plain|residual)-\d+",
    r"\b[A-Za-z_]+\d\w*",  # names: ResNet-50, conv2_x, H200
    r"\b[1-9] ?× ?[1-9k]\b",  # kernels: 3×3
    r"\b(?:1[89]|20)\d\ds?\b(?![.,]?\d)",
    r"arXiv:[\d.]+",  # years, and addresses of papers
)
QUOTED = {
    "03": {
        "64,000": "the paper's steps",
        "44 110": "the paper's depths",
        "9.5 12 13.5": "the paper, read off figure 6",
        "8.75 7.51 7.17 6.97 6.43": "the paper, table 6",
        "0.3 0.03": "learning rates to try",
        "36": "layers more: exercise 3.2 asks for them",
    },
    "04": {"0.01 0.001": "an example of what relative means", "10,000": "the explorer's scale"},
    "08": {
        "48": "the widest blocks in the DenseNet paper",
        "0.2 0.3": "a comment in torchvision's source",
        "1,001 4.92 7.61": "the second paper, table 4",
    },
    "09": {
        "36 100 128": "values to set in the explorer",
        "8.75": "the paper, table 6",
        "4.1": "as tables print it",
        "4.09": "chapter 7 asserts it",
    },
    "10": {"15": "a value to set in the explorer"},
    "11": {"20": "the second Inception paper, section 3.2"},
    "12": {
        "95,000 94 25 95.5 64,000": "goals, and the length of runs, in the table of what a GPU is to measure"
    },
    "13": {
        "2.6": "a version of PyTorch",
        "100": "a whole, in percent",
        "1.28": "millions of images in ImageNet",
    },
    "14": {
        "45,000 5,000": "the paper, section 4.2",
        "8.75": "the paper, table 6",
        "13 14 15": "entries of the chapter",
        "3.57 4.49": "the paper, tables 4 and 5",
    },
}
UNITS = {"million": 1e6, "M": 1e6, "G": 1e9, "billion": 1e9, "%": 0.01, "megabytes": 1e6}
NUMBER = re.compile(
    r"10\^\{?(?P<power>-?\d+)\}?|"
    r"(?<![\w.])(?P<plain>\d{1,3}(?:(?:,|\{,\})\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:[\s}\\$]*(?P<unit>million|billion|megabytes|M|G|%)(?!\w))?"
)


def numbers(prose):
    """Each number in some prose: how it is written, and the values it may mean."""
    for pattern in NO_CLAIM:
        prose = re.sub(pattern, " ", prose, flags=re.DOTALL)
    for match in NUMBER.finditer(prose):
        if match["power"]:
            yield match[0], {10.0 ** int(match["power"])}
        else:
            written = match["plain"].replace("{,}", ",")
            value = float(written.replace(",", ""))
            yield written, {value, value * UNITS.get(match["unit"], 1)}


def literals(sources):
    """The values of all numeric literals in some code, and of what is computed from literals alone."""
    found = set()
    for source in sources:
        nodes = [ast.parse(source)]
        while nodes:
            node = nodes.pop()
            if isinstance(node, (ast.Constant, ast.BinOp, ast.UnaryOp)):
                try:
                    value = eval(
                        compile(ast.Expression(node), "literal", "eval"), {"__builtins__": {}}
                    )
                    found |= {float(value)} if type(value) in (int, float) else set()
                except (NameError, TypeError):
                    pass
            nodes += ast.iter_child_nodes(node)
    return found


def unbacked(chapter):
    """The numbers in a chapter's prose, up to its sources, that are no literal in its code, as they are written."""
    known = literals(cells(chapter, "code"))
    told = [cell for cell in cells(chapter, "markdown") if not cell.startswith("**Exercise ")]
    prose = "\n\n".join(told).split("\n## Sources")[0]
    return {
        written
        for written, values in numbers(prose)
        if not any(abs(value - other) <= 1e-9 * abs(value) for value in values for other in known)
    }


@chapters
def test_every_number_in_prose_is_in_a_cell_or_listed_with_a_reason(chapter):
    listed = " ".join(QUOTED.get(chapter.stem[:2], {})).split()
    assert len(listed) == len(set(listed))
    assert unbacked(chapter) == set(listed)  # nothing is missing, and nothing listed without need


def test_the_rule_sees_numbers_as_people_write_them():
    prose = (
        "In chapter 3, section 3.3, ResNet-50 has 25.6 million of 1{,}179{,}648, 45 % or $10^{28}$; see 3×3, "
        "`x = 7`, 224 × 224, 1990s, conv2_x and [8](9.ipynb).\n1. a list\n## 2. a heading"
    )
    assert [written for written, _ in numbers(prose)] == [
        "25.6",
        "1,179,648",
        "45",
        "10^{28}",
        "224",
        "224",
        "8",
    ]
    values = dict(numbers(prose))
    assert 25.6e6 in values["25.6"] and 0.45 in values["45"] and 1e28 in values["10^{28}"]


def test_the_rule_takes_literals_from_code_and_not_from_strings():
    code = 'x = 7 * 512\nassert y == 1_000 - 1, "88"\nf(-3, k=1e-20, flag=True)  # 77'
    assert literals([code]) == {7, 512, 3584, 1000, 1, 999, 3, -3, 1e-20}


# What must be there: each item by its chapter, the heading it stands under, and what is to be found there.

ITEMS = [
    (
        "residual can be computed, error cannot",
        1,
        "Two differences",
        "b - f(x_0)",
        "x - x_0",
        "only by someone who knows",
    ),
    (
        "error is residual over slope, and bad conditioning",
        1,
        "What lies between them: the slope",
        "r}{f'(x_0)",
        "**flat**",
        "**steep**",
        "condition number",
        "assert r < 1e-14 < 1e-3 < e",
    ),
    (
        "Newton's step and refinement as corrections",
        1,
        "Learn the correction",
        "Newton",
        "refinement",
        "x + F(x)",
    ),
    ("the bridge to residual blocks", 1, "The bridge: $H(x) = x + F(x)$", "shortcut", "multigrid"),
    (
        "the statistician's residual kept apart",
        1,
        "Not this residual: statistics",
        "observed minus fitted",
        "H(x) - x",
    ),
    (
        "function classes: target, class, best in class",
        2,
        "A class and its best member",
        r"f^*_{\mathcal F}",
        "target",
    ),
    (
        "nested and other classes, computed, and the regions",
        2,
        "Nested, or not",
        "distances",
        "class_regions",
        "1, 2, 4, 8",
    ),
    (
        "what nesting does not promise",
        2,
        "What nesting does not promise",
        "strict gain",
        "new data",
        "training finds",
    ),
    (
        "the deeper plain network contains the shallower",
        2,
        "A deeper plain network contains the shallower one",
        "do_nothing",
        "task(seed)",
    ),
    (
        "identity layers: depth could not hurt in principle",
        3,
        "A deeper network could not be worse",
        "dirac_",
        "torch.equal",
    ),
    (
        "degradation is in the training error, over seeds",
        3,
        "The experiment",
        "(0, 1, 2)",
        "degradation",
        "training loss",
    ),
    (
        "degradation, overfitting, vanishing gradients told apart",
        3,
        "Three things that are easily confused",
        "overfitting",
        "vanishing",
        "relative gradient",
    ),
    (
        "gradients under each activation and initialisation",
        4,
        "One thing at a time",
        "sigmoid",
        "tanh",
        "Xavier",
        "He",
        "BatchNorm",
    ),
    ("gradients as a product; sigmoid's 1/4", 4, "A product of many factors", "0.25", "explodes"),
    (
        "zeroed branch: the block is the identity",
        8,
        "The block that starts as the identity",
        "zero_init_residual",
        "relu(input)",
    ),
    ("output size, formula", 5, "A window that slides", r"n + 2p - d(k-1) - 1"),
    ("output size, the walk of 224 pixels", 5, "The same in code", "[112, 56, 56, 28, 14, 7]"),
    ("ceil mode", 5, "When pixels are lost, and ceil mode", "ceil_mode=True"),
    (
        "the input that must be 229",
        5,
        '"The input is 229"',
        "223, 225, 227 and 229",
        "223 and 224",
        "padding",
    ),
    (
        "signals: 1,000 samples to 15,872 inputs",
        5,
        "Signals: the same along one axis",
        "(N, C, 1, L)",
        "15_872",
        "(0, 1)",
    ),
    (
        "signals: lengths through the stages",
        10,
        "One axis instead of two",
        "500, 250, 125",
        "15_872",
    ),
    ("receptive field, recurrence", 6, "The recurrence", r"RF_{l+1}", "without"),
    (
        "receptive field of every layer",
        6,
        "Every layer of the ResNets",
        "(18, 34, 50, 101, 152)",
        "<details>",
    ),
    (
        "effective receptive field, measured",
        6,
        "The effective field, measured on a real network",
        "backward()",
        "effective receptive field",
    ),
    ("one 7×7 or three 3×3", 6, "One 7×7 or three 3×3?", r"49\,C^2", r"27\,C^2"),
    (
        "building block and bottleneck at 256 channels",
        7,
        "The two blocks",
        "1,179,648",
        "69,632",
        "73,728",
        "16.94",
    ),
    ("where the 17 times come from", 7, "Where the seventeen come from", "r^2", "1.06"),
    (
        "MACs and FLOPs; ResNet-152 and VGG",
        7,
        "MACs or FLOPs?",
        "11.3",
        "15.3",
        "19.6",
        "FlopCounterMode",
    ),
    (
        "counting layers",
        7,
        "What counts as a layer",
        r"1 + (3 + 4 + 23 + 3) \cdot 3 + 1 = 101",
        r"101 - 50 = 17 \cdot 3",
        r"1 + 8 \cdot 2 + 1",
    ),
    (
        "residual block and plain block",
        8,
        "A correction instead of a function",
        r"W_2\,\mathrm{relu}(W_1 x)",
        "plain block",
    ),
    (
        "convolution, BatchNorm, ReLU; no ReLU before the addition",
        8,
        "The block in code",
        "no ReLU here",
        "BatchNorm2d",
    ),
    (
        "bias before BatchNorm",
        8,
        "A bias before BatchNorm is dead weight",
        "conv.bias += 100",
        "grad",
    ),
    (
        "bottleneck and expansion",
        8,
        "One, two or three convolutions?",
        "bottleneck",
        "four times as many",
        "expansion",
    ),
    (
        "shortcuts A, B, C and their errors",
        8,
        "Shortcuts A, B and C",
        r"F(x) + W_s\,x",
        "25.03",
        "24.52",
        "24.19",
    ),
    (
        "half the size, twice the channels, 1×1 on and off",
        8,
        "Half the size, twice the channels",
        "use_1x1conv",
        "stride=2",
    ),
    (
        "addition and concatenation",
        8,
        "Add, or keep side by side?",
        "(N, 2C, 1, 1000)",
        "DenseNet",
        "six blocks",
    ),
    (
        "branches of different length",
        8,
        "Branches of different length",
        "pad",
        "pool",
        "interpolate",
        "stride=4",
    ),
    ("a block in one dimension", 8, "In one dimension", "kernel_size=(1, 3)", "Conv1d"),
    (
        "versions 1, 1.5 and 2 of the block",
        8,
        "Versions 1, 1.5 and 2",
        "pre-activation",
        "more MACs",
        "one more BatchNorm and ReLU",
    ),
    (
        "the ResNets: stage, block, convolution",
        9,
        "One plan",
        "a stage is a row of blocks",
        "stem",
        "head",
    ),
    ("table 1 of the paper", 9, "Table 1, recomputed", "50: 3.8", "152: 11.3"),
    (
        "VGG-19, plain-34 and ResNet-34 in one picture",
        9,
        "Beside VGG-19",
        "draw.compare",
        "dashed",
        "5.4",
    ),
    (
        "the CIFAR family, and the other ResNet-18",
        9,
        "The CIFAR family, and what is not of it",
        "6n + 2",
        "1202: 19.4",
        "resnet18_small()",
        "torch.zeros(64, *SMALL_IMAGE)",
    ),
    (
        "ResNet-18 on one channel",
        9,
        "One channel, ten classes",
        "in_channels=1",
        "[112, 56, 56, 28, 14, 7]",
        "(512,), (10,)",
    ),
    (
        "global average pooling and dropout",
        9,
        "The head: averaging instead of connecting",
        "AdaptiveAvgPool2d((1, 1))",
        "dropout",
        "123.6",
    ),
    (
        "the 1-D ResNet-18",
        10,
        "One axis instead of two",
        "signal_resnet()",
        "(512, 125)",
        "_make_layer",
        "19.7",
    ),
    (
        "1-D and 2-D layers give the same numbers",
        10,
        "Conv1d is Conv2d with a height of 1",
        "torch.allclose",
    ),
    ("a task for signals: removing noise", 10, "A task from a formula", "chirp", "noise"),
    (
        "torchvision's weights, strictly",
        13,
        "Weights from elsewhere",
        "load_state_dict(state)",
        "difference < 1e-5",
    ),
    ("classifying a photograph", 13, "A photograph", "256", "224", "top_five", "0.485"),
    (
        "the recipe for CIFAR-10",
        12,
        "The recipe, line by line",
        "batch=128",
        "lr=0.1",
        "momentum=0.9",
        "weight_decay=5e-4",
        "crop=4",
    ),
    (
        "ResNet-18 on CIFAR-10 from the command line",
        12,
        "At full size",
        "--model resnet18-small --data cifar10",
        "10 epochs",
    ),
    (
        "Fashion-MNIST, on a GPU or on a CPU",
        12,
        "Train",
        "resnet18_small(in_channels=1) if on_gpu",
        "fit(",
    ),
    ("tests on clean images, once", 12, "The test, once", 'evaluate(model, data, "test")'),
    ("small and factorised kernels", 11, "Smaller kernels", r"1 \times k", "rank 1", "Sobel"),
    ("1×1 convolutions", 11, "1×1 convolutions", "(2, 6, 1)", "non-linearity", "narrows"),
    (
        "group and depthwise convolutions",
        11,
        "Groups, down to depthwise",
        "$1/g$",
        "depthwise",
        "separable",
    ),
    ("channel shuffle", 11, "Channel shuffle", "nn.ChannelShuffle"),
    ("few filters and re-use", 11, "Few new filters, and re-use", "DenseNet", "concatenation"),
    ("pooling", 11, "Fewer pixels", "Pooling has no weights"),
    (
        "conv1x1 with a kernel of 3",
        14,
        "1. A 1×1 convolution with a kernel of 3",
        "biase",
        '"kernel": 3',
    ),
    ("stride twice", 14, "2. The stride in both convolutions of a block", "(7, 1)"),
    (
        "the input never added",
        14,
        "3. An addition that never adds the input",
        "UnboundLocalError",
        "adds_its_input",
    ),
    (
        "7×7 as cheap as 3×3s",
        14,
        "4. A 7×7 convolution costs as much as the small ones it replaces",
        "27 * C**2",
    ),
    ("229, and division that comes out even", 14, "5. The input is 229 × 229", "[223, 224]"),
    (
        "three misuses of test images",
        14,
        "6. Tests that are not tests",
        "random_crop_and_flip",
        "best of 40 epochs",
        "mean over batches",
    ),
    (
        "vanishing gradients solved",
        14,
        "7. ResNet solves vanishing gradients",
        "largely addressed",
        "first > 10 * last",
    ),
    ("nested is more expressive", 14, "8. Nested means strictly more expressive", "no nearer"),
    (
        "FLOPs are MACs, BatchNorm the difference",
        14,
        "9. FLOPs, MACs, and where 0.2 G come from",
        "3.8",
        "4.1",
        "10 * normalised",
    ),
    (
        "the layer's own stride; 483 and 427",
        14,
        "10. A receptive field with the layer's own stride",
        "483",
        "427",
    ),
    ("17 times", 14, "11. The bottleneck is 17 times cheaper", "building_block(64)"),
    ("every layer counted", 14, "12. Counting every layer", "53", "projections"),
    (
        "CIFAR-10's standard deviation",
        14,
        "13. CIFAR-10's standard deviation",
        "(0.2470, 0.2435, 0.2616)",
        "(0.2023, 0.1994, 0.2010)",
    ),
    (
        "11 million parameters",
        14,
        "14. The paper's CIFAR network has 11 million parameters",
        "0.27",
        "11.2",
    ),
    ("3.57 %", 14, "15. ResNet-152 has 3.57 % error", "ensemble", "4.49"),
    (
        "version 2 without its last BatchNorm",
        14,
        "16. A pre-activation network without its last BatchNorm and ReLU",
        '["bn", "relu", "avgpool"]',
    ),
    (
        "bias before BatchNorm, projection without it",
        14,
        "17. A bias before BatchNorm; a projection without BatchNorm",
        "bias < 1e-3 * weight",
        "normed",
    ),
    (
        "prediction minus target",
        14,
        "18. The residual is prediction minus target",
        "without any target",
    ),
]


def section(chapter, heading):
    """The text and code under a heading, down to the next of its rank, links as their text; None without it."""
    lines, inside, rank, fenced = [], False, 0, False
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for line in "".join(cell["source"]).split("\n"):
            fenced ^= line.startswith("```")
            marks, _, title = line.partition(" ")
            if cell["cell_type"] == "markdown" and not fenced and marks and set(marks) == {"#"}:
                if inside and len(marks) <= rank:
                    return "\n".join(lines)
                if title == heading:
                    inside, rank = True, len(marks)
            elif inside:
                lines.append(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line).replace("{,}", ","))
    return "\n".join(lines) if inside else None


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: f"{item[1]}: {item[0]}")
def test_what_must_be_there_is_there(item):
    _, number, heading, *terms = item
    text = section(CHAPTERS[number - 1], heading)
    assert text is not None, f"chapter {number} has no heading {heading!r}"
    assert [term for term in terms if term not in text] == []


def test_each_mistake_has_its_cell_its_correction_and_its_source():
    chapter = CHAPTERS[13]
    headings = re.findall(r"(?m)^## (\d+\. .*)$", "\n".join(cells(chapter, "markdown")))
    assert [heading.partition(".")[0] for heading in headings] == [
        str(number) for number in range(1, 19)
    ]
    for heading in headings:
        text = section(chapter, heading)
        for part in ("**The mistake.**", "assert ", "**Put right.**", "*Source:*"):
            assert part in text, (heading, part)


# Rhythm


@chapters
def test_a_chapter_opens_with_a_question_and_a_promise_and_closes_in_order(chapter):
    opening, text = cells(chapter, "markdown")[0], "\n\n".join(cells(chapter, "markdown"))
    title, question, promise = (
        opening.partition("\n")[0],
        *opening.split("**After this chapter you can**"),
    )
    assert title.startswith("# ") and "?" in question
    assert len(re.findall(r"(?m)^- .*[;.]$", promise)) >= 3 and promise.rstrip().endswith(".")
    assert re.findall(r"(?m)^## (.*)$", text)[-4:] == [
        "Exercises",
        "Summary",
        "Go further",
        "Sources",
    ]


@chapters
def test_a_chapter_shows_one_explorer_where_it_has_one(chapter):
    last_lines = [source.rstrip().rpartition("\n")[2] for source in cells(chapter, "code")]
    shown = [line.partition(".")[2] for line in last_lines if line.startswith("explorers.")]
    assert len(shown) == (chapter.stem[:2] not in ("12", "13", "14"))
    assert all(isinstance(getattr(explorers, name), explorers.Explorer) for name in shown)


# Links


def glossary_terms():
    page = (ROOT / "glossary.md").read_text(encoding="utf-8")
    return re.findall(
        r"(?m)^(?! )(.+)$", re.search(r"```\{glossary\}\n(.*?)\n```", page, re.DOTALL)[1]
    )


def anchor(term):
    """The id that Sphinx gives to a term."""
    return "term-" + re.sub("[^A-Za-z0-9]+", "-", term.partition(",")[0]).strip("-")


def references():
    """Key, and fields, of each entry in references.bib."""
    for entry in (ROOT / "references.bib").read_text(encoding="utf-8").split("\n@"):
        key = re.match(r"@?\w+\{(\w+),", entry)[1]
        yield key, dict(re.findall(r"(\w+) = \{(.*?)\}(?=,|\n)", entry))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_link_within_the_book_leads_somewhere(page):
    anchors = {
        "glossary.md": set(map(anchor, glossary_terms())),
        "references.md": {key for key, _ in references()},
    }
    text = "\n\n".join(cells(page, "markdown")).replace("```{glossary}", "")
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith("https://"):
            path, _, fragment = target.partition("#")
            file = (page.parent / path).resolve()
            assert file.is_file() and file.is_relative_to(ROOT), target
            assert not fragment or fragment in anchors.get(file.name, ()), target


@chapters
def test_chapters_are_linked_by_name_and_terms_once(chapter):
    text = "\n\n".join(cells(chapter, "markdown"))
    for number, target in re.findall(r"\[[Cc]hapter (\d+)\]\(([^)]+)\)", text):
        assert target == CHAPTERS[int(number) - 1].name
    unlinked = re.findall(r"(?<!\[)\b[Cc]hapter \d+", re.sub(r"\[[^\]]*\]\([^)]*\)", "", text))
    assert unlinked == []
    terms = re.findall(r"glossary\.md#([\w-]+)", text)
    assert len(terms) == len(set(terms)) >= 5


def test_in_the_built_page_plain_links_reach_terms_and_references_and_a_wrong_one_is_told(tmp_path):
    """Sphinx is asked, with a page of its own."""
    pytest.importorskip("sphinxcontrib.bibtex")
    from sphinx.application import Sphinx

    tmp_path.joinpath("conf.py").write_text(
        "extensions = ['myst_parser', 'sphinxcontrib.bibtex', 'resnet_lab.page.links']\n"
        "bibtex_bibfiles = ['some.bib']\nbibtex_cite_id = '{key}'\n",
        encoding="utf-8",
    )
    tmp_path.joinpath("some.bib").write_text(
        "@misc{key2001, author = {A. Name}, title = {T}}", encoding="utf-8"
    )
    tmp_path.joinpath("index.md").write_text(
        "# A\n```{toctree}\nb\n```\n```{glossary}\nMAC (one), 乘加\n  A term.\n```\n```{bibliography}\n:all:\n```\n",
        encoding="utf-8",
    )
    tmp_path.joinpath("b.md").write_text(
        f"# B\n[1](index.md#{anchor('MAC (one), 乘加')}) [2](index.md#key2001) [3](index.md#term-none)\n",
        encoding="utf-8",
    )
    warnings = io.StringIO()
    Sphinx(
        tmp_path,
        tmp_path,
        tmp_path / "out",
        tmp_path / "out",
        "html",
        status=None,
        warning=warnings,
    ).build()
    page, index = [
        tmp_path.joinpath("out", f"{name}.html").read_text(encoding="utf-8")
        for name in ("b", "index")
    ]
    for target in ("term-MAC-one", "key2001"):
        assert f'href="index.html#{target}"' in page and f'id="{target}"' in index
    assert "'term-none'" in warnings.getvalue() and len(warnings.getvalue().splitlines()) == 1


def test_the_glossary_has_sixty_terms_in_two_languages_in_order():
    terms = glossary_terms()
    assert len(terms) >= 60
    assert all(re.search(r", .*[\u4e00-\u9fff]", term) for term in terms)
    names = [term.partition(",")[0].casefold() for term in terms]
    assert names == sorted(set(names))


def test_the_references_are_those_that_chapters_cite_and_are_quoted_as_they_stand():
    entries, cited = dict(references()), set()
    for chapter in CHAPTERS:
        sources = "\n".join(cells(chapter, "markdown")).split("## Sources")[1]
        for title, key, year, rest in re.findall(
            r"\[\*(.*?)\*\]\(\.\./references\.md#(\w+)\), (\d{4})(.*)", sources
        ):
            entry = entries[key]
            cited.add(key)
            assert title == re.sub(r"[{}\\]", "", entry["title"]) and year == entry["year"]
            if "eprint" in entry:
                assert f"[arXiv:{entry['eprint']}](https://arxiv.org/abs/{entry['eprint']})" in rest
    assert cited == set(entries)
