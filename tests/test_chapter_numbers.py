"""Every number that a chapter's prose writes in digits is also in one of its code cells.

There it is a numeric literal, or computed from literals alone: an input, or asserted. Strings do
not count, and numbers in exercises or spelled out in words are not looked at. What is
no claim of the chapter is taken out first: `NO_CLAIM`. What no cell can compute is listed in
`QUOTED`, chapter by chapter, with the reason.
"""

import ast
import re

from chapters import cells, each_chapter

NO_CLAIM = (
    r"```.*?```",
    r"`[^`]*`",
    r"\]\([^)]*\)",  # code, and where links lead
    r"(?m)^#+ \d+\. ",
    r"(?m)^\s*\d+\. ",  # the numbering of headings and lists
    r"(?i)\b(?:chapter|section|figure|table|equation|entr|exercise|stage|version)(?:y|ies|s)?"
    r" \d+(?:\.\d+)?"
    r"(?:(?:, | and | to )\d+(?:\.\d+)?)*",  # references to parts of something
    r"\b(?:ResNet|VGG|DenseNet|CIFAR|plain|residual)-\d+",
    r"\b[A-Za-z_]+\d\w*",  # names: ResNet-50, conv2_x, H200
    r"\b[1-9] ?× ?[1-9k]\b",  # kernels: 3×3
    r"\b(?:1[89]|20)\d\ds?\b(?![.,]?\d)",
    r"arXiv:[\d.]+",  # years, and addresses of papers
)
QUOTED = {
    "01": {
        "44 110 1202": "the paper's depths",
        "9.5 12 13.5": "the paper, read off figure 6",
        "8.75 7.51 7.17 6.97 6.43 7.93 6.61 0.16": "the paper, table 6",
        "80": "the paper, section 4.2: percent of training error",
    },
    "04": {"0.01 0.001": "an example of what relative means"},
    "06": {"275 249 343": "experiments/effective_fields.py"},
    "09": {
        "48": "the widest blocks in the DenseNet paper",
        "0.2 0.3": "a comment in torchvision's source",
        "1,001 4.92 7.61": "the second paper, table 4",
    },
    "10": {
        "36 100 128": "values to set in the explorer",
        "8.75": "the paper, table 6",
        "4.1": "as tables print it",
        "4.09": "chapter 7 asserts it",
    },
    "11": {"15": "a value to set in the explorer"},
    "12": {"20": "the second Inception paper, section 3.2"},
    "13": {"95.5 95.43 95.49 95.51 60 80": "experiments/results/fashion_mnist.json"},
    "14": {
        "2.6": "a version of PyTorch",
        "60,000 10,000 5.90 5.88": "experiments/results/trained_networks.json",
        "20": "layers of both networks, as their names say",
        "36": "pairs of nine",
        "1.28": "millions of images in ImageNet",
    },
    "17": {
        "80.4 79.3 79.0 82.2 83.4": "the abstracts and tables of the papers named",
        "24.8 23.3 1.5": "the paper on squeeze-and-excitation, table 2",
        "6.41 5.25 4.91 1,202": "the paper on stochastic depth, table 1 and section 4",
    },
    "18": {
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
    """The values of numeric literals in some code, and of what is computed from them alone."""
    found = set()
    for source in sources:
        nodes = [ast.parse(source)]
        while nodes:
            node = nodes.pop()
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "Number",
                "Choice",
                "Code",
            ):
                continue
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
    """The numbers in a chapter's prose, up to its sources, that are no literal in its code."""
    known = literals(cells(chapter, "code"))
    texts = [text for text in cells(chapter, "markdown") if not text.startswith("**Exercise ")]
    prose = "\n\n".join(texts).split("\n## Sources")[0]
    return {
        written
        for written, values in numbers(prose)
        if not any(abs(value - other) <= 1e-9 * abs(value) for value in values for other in known)
    }


@each_chapter
def test_every_number_in_prose_is_in_a_cell_or_listed_with_a_reason(chapter):
    listed = " ".join(QUOTED.get(chapter.stem[:2], {})).split()
    assert len(listed) == len(set(listed))
    assert unbacked(chapter) == set(listed)  # nothing is missing, and nothing listed without need


def test_the_rule_sees_numbers_as_people_write_them():
    prose = (
        "In chapter 3, section 3.3, ResNet-50 has 25.6 million of 1{,}179{,}648, 45 % or "
        "$10^{28}$; see 3×3, `x = 7`, 224 × 224, 1990s, conv2_x and [8](9.ipynb).\n1. a list\n"
        "## 2. a heading"
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


def test_the_rule_takes_literals_from_code_and_not_from_strings_or_forms():
    code = (
        'x = 7 * 512\nassert y == 1_000 - 1, "88"\nNumber("1.1", "q", answer=x, slips={99: "no"})\n'
        "f(-3, k=1e-20, flag=True)  # 77"
    )
    assert literals([code]) == {7, 512, 3584, 1000, 1, 999, 3, -3, 1e-20}
