"""Cells that run in the built page: each shows what the notebook shows; errors are sentences."""

import pytest
from browsing import wait_until, watched
from everything import EVERYTHING

# A cell's outputs as a reader sees them; colours and other attributes may be written otherwise.
TEXTS = """(cell) => [...cell.querySelectorAll(".cell_output")].map((shown) => {
    shown.querySelectorAll(".copybtn").forEach((button) => button.remove());
    return [shown.hidden, shown.textContent.replace(/\\s+/g, " ").trim()];
})"""


def cells(opened):
    return opened.locator("div.cell:has(.rl-edit)").all()


def pages_with_cells(book):
    pages = sorted(book.rglob("*.html"))
    return [page for page in pages if 'class="rl-edit"' in page.read_text(encoding="utf-8")]


def run(cell, code=None, press="Shift+Enter"):
    """Run an open cell; returns what it says."""
    field, said = cell.locator("textarea"), cell.locator("[role=status]")
    if code is not None:
        field.fill(code)
    if press:
        field.press(press)
    else:
        cell.get_by_role("button", name="Run").click()
    said.evaluate("""(said) => new Promise((done) => {
        const look = () => ["", "Running ..."].includes(said.textContent)
            ? setTimeout(look, 20) : done();
        setTimeout(look, 50);
    })""")
    return said.inner_text()


def test_every_cell_shows_in_the_page_what_it_shows_in_the_notebook(browser, book):
    """The first cell of each page; with everything, all of them."""
    count = 0
    for page in pages_with_cells(book):
        opened = watched(browser, book.as_uri())
        opened.goto(page.as_uri())
        for cell in cells(opened)[: None if EVERYTHING else 1]:
            code = cell.locator(".cell_input pre").inner_text()
            cell.locator(".rl-edit").click()
            assert run(cell) == "Done.", f"{page.stem}: {code}"
            (stored, before), (shown, after) = cell.evaluate(TEXTS)
            assert stored and not shown and before == after, f"{page.stem}:\n{code}"
            count += 1
        assert not opened.trouble, f"{page.stem}: {opened.trouble}"
        opened.close()
    assert count > (50 if EVERYTHING else 10)


def test_a_cell_is_changed_run_and_reset(browser, book, origin):
    opened = watched(browser, origin)
    asked = set()
    opened.on("request", lambda request: asked.add(request.url.rpartition("/")[2]))
    opened.goto(f"{origin}/chapters/05-output-sizes.html")
    assert not [name for name in asked if name.startswith("cells")]
    (cell,) = [each for each in cells(opened) if "def inputs" in each.inner_text()]
    button, field = cell.locator(".rl-edit"), cell.locator("textarea")
    stored = cell.evaluate(TEXTS)
    button.press("Enter")
    assert field.evaluate("(field) => field === document.activeElement")
    assert run(cell, "print(6 * 7)\n'a' * 3", press="Control+Enter") == "Done."
    assert cell.evaluate(TEXTS) == [[True, stored[0][1]], [False, "42 'aaa'"]]
    # The cell's own beginning is there, which is `import resnet_lab as rl` here.
    assert run(cell, "rl.conv_output_size(224, 7, 2, 3)", press=None) == "Done."
    assert cell.evaluate(TEXTS)[1] == [False, "112"]
    assert run(cell, "x = 1") == "Done; the cell shows nothing."
    said = {
        "print('before')\n1 / 0": "Line 2 stops with ZeroDivisionError: division by zero.",
        "def f():\n    return g\n\nf()": "Line 4 stops with NameError: name 'g' is not defined.",
        "x = (1": "Python cannot read line 1: '(' was never closed.",
        "import torch": "Line 1 needs torch, which this page does not have. "
        "The chapter as a notebook can import it.",
        "x = 1\nfrom resnet_lab.models import build": "Line 2 needs resnet_lab.models.build, "
        "which this page does not have. The chapter as a notebook can import it.",
        "from resnet_lab import trace as t, build as b": "Line 1 needs resnet_lab.build, "
        "which this page does not have. The chapter as a notebook can import it.",
        "raise SystemExit": "Line 1 stops with SystemExit.",
        "'<b>&'.no": "Line 1 stops with AttributeError: 'str' object has no attribute 'no'.",
    }
    for code, sentence in said.items():
        assert run(cell, code) == sentence, code
    if origin.startswith("file"):
        said = "Stopped: it took longer than 10 seconds. Does every loop end?"
        assert run(cell, "while True:\n    pass") == said
    assert run(cell, "from math import sqrt\nsqrt(16)") == "Done."
    cell.get_by_role("button", name="Reset").click()
    assert cell.evaluate(TEXTS) == stored and not field.count()
    assert button.evaluate("(button) => button === document.activeElement")
    # A second opening begins with the book's code, and so does a reload.
    button.click()
    assert field.input_value().startswith("def inputs(output")
    assert run(cell, "1") == "Done."
    opened.reload()
    assert cell.evaluate(TEXTS) == stored and not field.count()
    assert not opened.trouble
    opened.close()


def test_the_pages_math_is_pythons(browser, book):
    code = """from math import (ceil, comb, cos, e, exp, floor, gcd, hypot, inf, isclose, log,
    log10, log2, pi, prod, sin, sqrt, tanh)
print([ceil(-1.5), floor(-1.5), comb(12, 5), gcd(12, -18), prod([2, 3, 4]), isclose(0.1 * 3, 0.3)])
print([sqrt(2), exp(-3), log(10), log(8, 2), log2(10), log10(2), sin(1), cos(1), tanh(0.5),
       hypot(3, 4.5), pi, e, -inf])"""
    printed = []
    exec(code, {"print": printed.append})
    opened = watched(browser, book.as_uri())
    opened.goto((book / "chapters" / "05-output-sizes.html").as_uri())
    cell = cells(opened)[0]
    cell.locator(".rl-edit").click()
    assert run(cell, code) == "Done."
    whole, real = cell.locator(".cell_output").last.inner_text().strip().split("\n")
    assert whole == repr(printed[0])
    numbers = [float(each) for each in real.strip("[]").split(",")]
    assert numbers == pytest.approx(printed[1], rel=1e-15)
    for code in ("from math import log\nlog(0)", "from math import sqrt\nsqrt(-1)"):
        assert "stops with ValueError: math domain error" in run(cell, code)
    assert not opened.trouble
    opened.close()


def test_a_table_and_a_picture_of_ones_own(browser, book):
    opened = watched(browser, book.as_uri())
    opened.goto((book / "chapters" / "10-resnet-family.html").as_uri())
    cell = cells(opened)[0]
    cell.locator(".rl-edit").click()
    code = "import resnet_lab as rl\nrl.trace(rl.resnet(34, se=True), (3, 224, 224))"
    assert run(cell, code) == "Done."
    wait_until(opened, lambda: cell.locator(".cell_output table").count())
    assert "layer4.2" in cell.inner_text()
    draw = (
        "from resnet_lab import draw\nfrom IPython.display import HTML\n"
        "HTML(draw.network(rl.trace(rl.resnet(18), (3, 224, 224))))"
    )
    assert run(cell, "import resnet_lab as rl\n" + draw) == "Done."
    assert cell.locator(".cell_output svg").last.is_visible()
    assert not opened.trouble
    opened.close()
