"""matplotlib's figures in the book: one style, the palette's colours, words, no trace of others."""

import re
from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from resnet_lab.draw.palette import LIGHT, MARKS

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("svg")
from matplotlib import pyplot as plt  # noqa: E402
from matplotlib import style  # noqa: E402

from resnet_lab.figures import photographs, show  # noqa: E402


@pytest.fixture
def drawn():
    """A line, a marker, a bar and what is cut off, twice."""
    with style.context("resnet_lab.book"):
        plots = []
        for end in (2, 3):
            figure, axes = plt.subplots()
            axes.plot([0, 1], [1, end], marker="o", label="a < b")
            axes.bar([0, 1], [1, end], color="C1")
            axes.legend()
            plots.append(show(figure, f'A line that "ends" at {end}'))
        assert plt.get_fignums() == []
    return plots


def test_matplotlib_finds_the_style_and_its_colours_are_the_palettes():
    with style.context("resnet_lab.book"):
        used = [each["color"] for each in plt.rcParams["axes.prop_cycle"]]
        used += [plt.rcParams[name].lstrip("#") for name in ("text.color", "xtick.color")]
        assert {f"#{each.lstrip('#')}" for each in used} <= {LIGHT[name] for name in MARKS}
        assert plt.rcParams["svg.fonttype"] == "none"


def test_a_plot_is_a_picture_with_words_in_the_pages_colours(drawn):
    html = drawn[0]._repr_html_()
    picture = ElementTree.fromstring(html)
    assert picture.get("role") == "img" and picture.get("aria-label").endswith('"ends" at 2')
    assert "a < b" in [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert "var(--rl-conv,#0072b2)" in html and "var(--rl-muted,#656e78)" in html
    assert not re.search(r"(?<!,)#(?!0{6}\b)[0-9a-f]{6}\b", re.sub(r"<style.*?</style>", "", html))
    assert repr(drawn[0]) == 'A line that "ends" at 2'


def test_two_plots_share_no_id_and_no_rule_leaves_them(drawn):
    ids = [set(re.findall(r'\bid="([^"]+)"', each.svg)) for each in drawn]
    assert ids[0] and not ids[0] & ids[1]
    for each, known in zip(drawn, ids, strict=True):
        assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', each.svg)) <= known
        for rules in re.findall(r"<style[^>]*>(.*?)</style>", each.svg, re.DOTALL):
            selectors = re.findall(r"(?:^|[{}])\s*([.*\w][^{}@]*)\{", rules)
            assert all(selector.startswith(".rl-plot") for selector in selectors), rules


def test_a_plot_without_words_is_refused():
    figure, _ = plt.subplots()
    for alt in ("", "loss", None):
        with pytest.raises(ValueError, match="say in a sentence"):
            show(figure, alt)
    plt.close(figure)


def test_photographs_are_the_pixels_that_were_given_each_with_its_caption():
    tall = np.arange(3 * 6 * 4, dtype=np.uint8).reshape(3, 6, 4)
    wide = Image.new("RGB", (8, 6), "teal")
    svg = photographs([("a < b", tall), ("teal", wide), ("grey", tall[:1])], columns=2).svg
    picture = ElementTree.fromstring(svg)
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["a < b", "teal", "grey"]
    shown = [
        np.asarray(Image.open(BytesIO(b64decode(data))).convert("RGB"))
        for data in re.findall(r"data:image/png;base64,([^\"]+)", svg)
    ]
    expected = tall.transpose(1, 2, 0), np.asarray(wide), np.repeat(tall[0, ..., None], 3, 2)
    assert len(shown) == 3
    for seen, given in zip(shown, expected, strict=True):
        assert {seen.tobytes(), seen[::-1].tobytes()} & {given.tobytes()}
    assert plt.get_fignums() == []
    with pytest.raises(ValueError, match="shown is empty"):
        photographs([])
