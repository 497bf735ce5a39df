"""Exercises: how answers are read and judged, and their forms in the notebook and in the page."""

import ast
import json
import operator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_lab.arithmetic import conv_output_size
from resnet_lab.exercises import Choice, Code, Number, check, read_number

ROOM = {"hint": "Count the positions.", "solution": "<p>Worked.</p>"}
number = Number(
    "5.1",
    "Output of <code>k7 s2 p3</code> on 224 pixels?",
    conv_output_size(224, 7, 2, 3),
    slips={conv_output_size(224, 7, 2, 0): "You forgot the <em>padding</em>."},
    **ROOM,
)
choice = Choice(
    "5.2",
    "Which is larger?",
    ("3 × 3", "7 × 7 where n < 9", "neither"),
    1,
    hints={0: "Count again."},
    **ROOM,
)
code = Code(
    "5.3", "Write it.", "def size(n, k):\n    ...", "size", [((9, 3), 7), ((5, 5), 1)], **ROOM
)


@pytest.mark.parametrize(
    "text, value",
    [
        ("112", 112),
        ("1,179,648", 1179648),
        ("1 179 648", 1179648),
        ("1_179_648", 1179648),
        ("1\u202f179\u202f648", 1179648),
        ("1.18e6", 1180000),
        ("3/4", 0.75),
        ("2**10", 1024),
        ("2^10", 1024),
        (" -3 ", -3),
        ("−3", -3),
        (".5", 0.5),
        ("1,234.5", 1234.5),
        ("3*3*256*256*2", 1179648),
        ("1.8 × 10^9", 1.8e9),
        ("2**-1", 0.5),
        ("-2**2", -4),
        ("2**3**2", 512),
        ("(1+2)*3 - 4", 5),
        ("6/3", 2),
    ],
)
def test_numbers_as_people_write_them(text, value):
    assert read_number(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text, says",
    [
        ("?", "number such as"),
        ("abc", "'abc'"),
        ("2 10", "'2 10'"),
        ("112 x 112", "'112 x 112'"),
        ("(1+2", "'(1+2'"),
        ("1 MB", "without a unit"),
        ("3,5", "decimals with a point"),
        ("1234,567", "groups of three"),
        ("1/0", "divides by zero"),
        ("0**-1", "divides by zero"),
        ("9**9**9", "too large"),
        ("10**400", "too large"),
        ("(((2**64)**64)**64)", "too large"),
        ("1e999", "too large"),
        ("(-8)**0.5", "too large"),
        ("1" * 200, "long"),
        ("__import__('os')", "cannot read"),
        ("nan", "cannot read"),
        ("inf", "cannot read"),
    ],
)
def test_what_is_no_number_gets_a_sentence(text, says):
    with pytest.raises(ValueError):
        read_number(text)
    result = check(number.record, text)
    assert result.state == "unread"
    assert says in str(result) and str(result).endswith(".")


OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
formulas = st.recursive(
    st.integers(0, 999).map(str) | st.decimals(0, 99, places=2).map(str),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", " * ", "/"]), inner).map("".join)
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"({text})**2")
    ),
    max_leaves=5,
)


@given(formulas)
def test_small_formulas_mean_what_python_makes_of_them(text):
    """Python's own parser and operators are the reference."""

    def value(node):
        if isinstance(node, ast.Constant):
            return node.value
        return OPERATORS[type(node.op)](value(node.left), value(node.right))

    try:
        expected = value(ast.parse(text, mode="eval").body)
    except ZeroDivisionError:
        return
    if len(text) <= 80:
        assert read_number(text) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.text())
def test_no_text_whatever_raises(text):
    for exercise in (number, choice):
        assert exercise.check(text).state in ("right", "wrong", "unread")


def test_a_right_number_a_slip_and_a_wrong_one():
    assert (
        number.check("112") and number.check(112) and number.check(112.0) and number.check("224/2")
    )
    slip, wrong = number.check("109"), number.check("1,000")
    assert not slip and not wrong
    assert "You forgot the <em>padding</em>." in slip.text and "You forgot the padding." in str(
        slip
    )
    assert str(wrong) == "1,000 is not it. Count the positions."


def test_tolerance_is_absolute_and_without_it_only_rounding_is_forgiven():
    third = Number("1.1", "q", 1 / 3, tolerance=0.005, **ROOM)
    assert third.check("0.333") and third.check("1/3") and not third.check("0.32")
    exact, large = Number("1.1", "q", 1 / 3, **ROOM), Number("1.1", "q", 25557032, **ROOM)
    assert exact.check("1/3") and not exact.check("0.333")
    assert not large.check(25557031)


def test_answers_may_come_from_numpy():
    import numpy

    for value in (numpy.float32(0.25), numpy.int64(7), numpy.float64(2e16)):
        exercise = Number("1.1", "q", value, slips={numpy.float32(0.75): "?"}, **ROOM)
        assert exercise.check(str(float(value))) and json.dumps(exercise.record)


def test_choices_by_letter_index_and_text():
    for answer in ("b", "B", 1, "7 × 7 where n < 9"):
        assert choice.check(answer)
    assert "Count again." in choice.check("a").text
    assert "Count the positions." in choice.check("c").text
    for answer in ("d", "", "ab", 7, -1, "7"):
        assert choice.check(answer).state == "unread"


@pytest.mark.parametrize(
    "source, state, says",
    [
        ("def size(n, k):\n    return n - k + 1", "right", "2 of 2"),
        ("size = lambda n, k: float(n - k + 1)", "right", ""),
        (
            "def size(n, k):\n    return n - k",
            "wrong",
            "size(9, 3) returns 6; it should be 7. Count the positions.",
        ),
        ("def size(n, k):\n    return 7", "wrong", "size(5, 5) returns 7; it should be 1"),
        (
            "def size(n, k):\n    return n / 0",
            "wrong",
            "size(9, 3) stops with ZeroDivisionError: division by zero",
        ),
        ("def size(n):\n    return n", "wrong", "TypeError"),
        ("def size(n, k):\n    return None", "wrong", "returns None"),
        ("def size(n, k)\n    return n", "unread", "cannot read line 1"),
        ("def other():\n    pass", "unread", "no function size"),
        ("import no_such_module", "wrong", "no_such_module"),
        ("", "unread", "Write an answer"),
    ],
)
def test_code_is_run_against_the_cases(source, state, says):
    result = code.check(source)
    assert result.state == state and says in str(result)


def test_code_may_be_a_function_and_sequences_are_compared_one_by_one():
    shapes = Code(
        "8.1", "q", "def f(n): ...", "f", [((2,), (2, [0.1, "a"]))], tolerance=0.01, **ROOM
    )
    assert shapes.check(lambda n: [n, (0.105, "a")])
    assert (
        not shapes.check(lambda n: (n, [0.2, "a"]))
        and not shapes.check(lambda n: (n,))
        and not shapes.check(lambda n: n)
    )


def test_an_authors_mistakes_are_refused():
    for mistake, says in [
        (lambda: Number("1.1", "q", 5, slips={5: "?"}, **ROOM), "which is right"),
        (lambda: Number("1.1", "q", 5, slips={5.01: "?"}, tolerance=0.1, **ROOM), "which is right"),
        (lambda: Number("1.1", "q", float("nan"), **ROOM), "finite"),
        (lambda: Number("1.1", "q", float("inf"), **ROOM), "finite"),
        (lambda: Number("1.1", "", 5, **ROOM), "question"),
        (lambda: Number("1.1", "q", 5, hint="", solution="s"), "hint"),
        (lambda: Choice("1.1", "q", ("x", "y"), 2, **ROOM), "index into its 2"),
        (lambda: Choice("1.1", "q", ("x", "y"), 1, hints={1: "?"}, **ROOM), "no wrong option"),
        (lambda: Code("1.1", "q", "", "f", [], **ROOM), "one or more"),
        (lambda: Code("1.1", "q", "", "f", [((object(),), 1)], **ROOM), "plain Python values"),
    ]:
        with pytest.raises(ValueError, match=says):
            mistake()


CHAPTERS = sorted(Path(__file__).parents[1].glob("chapters/[0-9]*.ipynb"))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_five_exercises_with_computed_answers(chapter):
    """Read from the source: numbered in order, no answer to a Number typed in, the code with the answer folded away."""
    cells, numbers = json.loads(chapter.read_text(encoding="utf-8"))["cells"], []
    for cell in cells:
        if cell["cell_type"] == "code":
            last = ast.parse("".join(cell["source"])).body[-1:]
            call = last[0].value if last and isinstance(last[0], ast.Expr) else None
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in (
                "Number",
                "Choice",
                "Code",
            ):
                numbers.append(call.args[0].value)
                assert (
                    "remove-input" in cell["metadata"]["tags"]
                    and cell["metadata"]["jupyter"]["source_hidden"]
                )
                given = {keyword.arg: keyword.value for keyword in call.keywords}
                assert {"hint", "solution"} <= set(given)
                if call.func.id == "Number":
                    answer = given.get("answer") or call.args[2]
                    assert any(isinstance(node, ast.Name) for node in ast.walk(answer)), (
                        f"{numbers[-1]} is typed in"
                    )
    assert numbers == [f"{int(chapter.stem[:2])}.{place}" for place in range(1, len(numbers) + 1)]
    assert len(numbers) >= 5


class Tags(HTMLParser):
    """Collects tags, and fails where one is closed that is not open."""

    EMPTY = {"input", "br", "img"}

    def __init__(self, html):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("exercise", [number, choice, code])
def test_the_pages_form_is_well_formed_and_complete_without_a_script(exercise):
    page = Tags(exercise.to_html())
    assert json.loads(page.seen[0][1]["data-exercise"]) == exercise.record
    for text in (
        f"Exercise {exercise.number}",
        exercise.question.split("<")[0],
        "Worked.",
        "Check",
    ):
        assert text in page.text
    ids = {attributes["id"] for _, attributes in page.seen if "id" in attributes}
    labels = [
        attributes["for"] for tag, attributes in page.seen if tag == "label" and "for" in attributes
    ]
    labels += [
        attributes["aria-labelledby"]
        for _, attributes in page.seen
        if "aria-labelledby" in attributes
    ]
    assert labels and set(labels) <= ids
    assert ("div", {"class": "rl-result", "role": "status"}) in page.seen


@pytest.mark.parametrize(
    "exercise, wrong, right",
    [
        (number, "109", "112"),
        (choice, "a", "b"),
        (code, "def size(n, k): return 0", "def size(n, k): return n - k + 1"),
    ],
)
def test_the_notebooks_form_answers(exercise, wrong, right):
    pytest.importorskip("ipywidgets")
    box = exercise.to_widget()
    _, field, button, result, solution = box.children
    button.click()
    assert "?" in result.value or code is exercise
    field.value = wrong
    button.click()
    assert "✗" in result.value and exercise.check(wrong).text in result.value
    field.value = right
    button.click()
    assert "✓ Right" in result.value and "Worked." in solution.value
    bundle = exercise._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert exercise.number in bundle["text/plain"] and bundle["text/html"] == exercise.to_html()


def test_without_ipywidgets_the_form_and_the_text_remain(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    assert set(number._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert "(b) 7 × 7 where n < 9" in repr(choice)


@pytest.fixture(scope="module")
def page(browser, page_of):
    """A page of three exercises with the book's own script, opened from the disk."""
    opened = browser.new_page()
    opened.goto(page_of("".join([each.to_html() for each in (number, choice, code)])).as_uri())
    yield opened
    opened.close()


def result_of(page, exercise, state):
    form = page.locator("#exercise-" + exercise.number.replace(".", "-"))
    page.wait_for_function(
        "([id, state]) => document.getElementById(id).dataset.state === state",
        arg=[form.get_attribute("id"), state],
    )
    return form.locator(".rl-result").inner_text()


def test_in_the_page_with_the_keyboard_alone(page):
    """Tab and type through all three; every sentence must be the one CPython gives."""
    keys = page.keyboard
    keys.press("Tab")
    keys.type("109")
    keys.press("Enter")
    assert result_of(page, number, "wrong") == str(number.check("109"))
    keys.press("Control+a")
    keys.type("12x")
    keys.press("Enter")
    assert result_of(page, number, "unread") == str(number.check("12x"))
    keys.press("Control+a")
    keys.type("1.12e2")
    keys.press("Tab")
    keys.press("Enter")
    assert result_of(page, number, "right") == "Right: 112."
    keys.press("Tab")
    keys.press("Enter")
    assert page.locator("#exercise-5-1 details[open]").count() == 1
    keys.press("Tab")
    keys.press("Space")
    keys.press("Enter")
    assert result_of(page, choice, "wrong") == str(choice.check("a"))
    keys.press("ArrowDown")
    keys.press("Enter")
    assert result_of(page, choice, "right") == "Right: (b)."
    for _ in range(3):
        keys.press("Tab")
    for source, state in (
        ("def size(n, k:", "unread"),
        ("def size(n, k): return n // 0", "wrong"),
        ("def size(n, k): return (n, k)", "wrong"),
        ("def size(n, k): return n - k + 1", "right"),
    ):
        keys.press("Control+a")
        keys.type(source)
        keys.press("Tab")
        keys.press("Enter")
        said = result_of(page, code, state)
        if state != "unread":
            assert said.split(":")[0] == str(code.check(source)).split(":")[0]
        keys.press("Shift+Tab")


def test_a_reload_keeps_answers_and_edits_withdraw_the_verdict(page):
    page.reload()
    assert page.locator("#exercise-5-1-answer").input_value() == "1.12e2"
    assert page.locator("#exercise-5-2 input:checked").get_attribute("value") == "b"
    assert page.locator("#exercise-5-3-answer").input_value() == "def size(n, k): return n - k + 1"
    assert "Right" in result_of(page, number, "right")
    page.locator("#exercise-5-1-answer").fill("109")
    assert result_of(page, number, "") == ""
    page.reload()
    assert page.locator("#exercise-5-1-answer").input_value() == "109"
    assert page.locator("#exercise-5-1").get_attribute("data-state") is None


@pytest.mark.parametrize(
    "text",
    [
        "1,179,648",
        "1 179 648",
        "3/4",
        "2**10",
        "1.8 × 10^9",
        "-2**2",
        "2**-1",
        "9**9**9",
        "1/0",
        "3,5",
        "abc",
        "1e999",
        "1/3",
        "(1+2)*3",
        "1.12e2",
        "5.",
        "(-8)**0.5",
        "<b>",
    ],
)
def test_the_page_reads_numbers_as_cpython_does(page, text):
    third = Number("1.1", "q", 1 / 3, tolerance=0.001, slips={0.75: "slip", 1024: "power"}, **ROOM)
    page.locator("#exercise-5-1-answer").focus()
    page.wait_for_function("() => window.resnet_lab")
    said = page.evaluate(
        "([record, answer]) => window.resnet_lab.check(record, answer)",
        [json.dumps(third.record), text],
    )
    assert said == [third.check(text).state, third.check(text).text]
