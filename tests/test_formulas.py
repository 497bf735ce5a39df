"""Formulas set while the book is built: their MathML says what the TeX says; none is left unset."""

import re
from xml.etree import ElementTree

import pytest

pytest.importorskip("py_mini_racer", reason="formulas are set by mini-racer")
from _ext.formulas import typeset  # noqa: E402


def mathml(text, display=False):
    """The MathML of a formula as nested lists: a tag, then its text or its children.

    Groups without a meaning are left out.
    """

    def read(node):
        children = [
            child
            for each in node
            for child in ([read(each)] if each.tag != "mrow" else map(read, each))
        ]
        return [node.tag, *children] if children else [node.tag, (node.text or "").strip()]

    found = re.search(r"<math.*</math>", typeset(text, display))[0].replace(
        ' xmlns="http://www.w3.org/1998/Math/MathML"', ""
    )
    return read(ElementTree.fromstring(found))


def test_the_mathml_says_what_the_tex_says():
    assert mathml(r"\frac{n}{2}") == ["math", ["mfrac", ["mi", "n"], ["mn", "2"]]]
    assert mathml("x_0^2") == ["math", ["msubsup", ["mi", "x"], ["mn", "0"], ["mn", "2"]]]
    assert mathml(r"1{,}179{,}648") == ["math", ["mn", "1,179,648"]]
    rows = mathml(r"a &= b \\ c &= d", display=True)[1]
    assert rows[0] == "mtable" and [row[0] for row in rows[1:]] == ["mtr", "mtr"]


def test_a_formula_on_its_own_line_is_larger():
    def height(display):
        return float(re.search(r'height="([\d.]+)ex"', typeset(r"\frac{1}{2}", display))[1])

    assert height(True) > 1.2 * height(False)


@pytest.mark.parametrize(
    "text, remark", [(r"\frac{1}{", "Missing close brace"), (r"\nonsense", r"\nonsense")]
)
def test_what_is_no_formula_is_named(text, remark):
    with pytest.raises(ValueError) as error:
        typeset(text, False)
    assert repr(text) in str(error.value) and remark in str(error.value)


def test_every_letter_of_every_page_has_its_outline(book):
    formulas = 0
    for path in book.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        used, there = (
            re.findall(r'href="#(MJX-[^"]+)"', page),
            re.findall(r'<path id="(MJX-[^"]+)"', page),
        )
        assert sorted(set(used)) == sorted(there), path
        formulas += page.count("<mjx-container")
        assert "\\(" not in re.sub(
            r"<(pre|code|script)\b.*?</\1>|\w+=\"[^\"]*\"", "", page, flags=re.S
        ), path
    assert formulas > 150
