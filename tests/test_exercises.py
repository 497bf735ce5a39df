"""Exercises: how answers are judged, whatever a reader writes, and the notebook's form."""

import json
import sys

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_lab.arithmetic import conv_output_size
from resnet_lab.exercises import checking, exercise
from resnet_lab.exercises.forms import IN_BOOK, WIDGET, Choice, Code, Number

ROOM = {"hint": "Count the positions.", "solution": "<p>Worked.</p>"}


def numbered(number, made):
    made.number = number
    return made


number = numbered(
    "5.1",
    Number(
        conv_output_size(224, 7, 2, 3),
        slips=[(conv_output_size(224, 7, 2, 0), "You forgot the <em>padding</em>.")],
        **ROOM,
    ),
)
choice = numbered(
    "5.2", Choice(("3 × 3", "7 × 7 where n < 9", "neither"), 1, hints={0: "Count again."}, **ROOM)
)
code = numbered(
    "5.3",
    Code(
        "def size(n, k):\n    ...",
        [((9, 3), 7), ((5, 5), 1)],
        "def size(n, k):\n    return n - k + 1",
        **ROOM,
    ),
)
EVERY = pytest.mark.parametrize("form", [number, choice, code], ids=["number", "choice", "code"])


# Judging


@given(st.text())
def test_no_text_whatever_raises(text):
    for form in (number, choice):
        assert form.check(text).state in ("right", "wrong", "unread")


def test_a_right_number_a_slip_and_a_wrong_one():
    for answer in ("112", 112, 112.0, "224/2", numpy.int64(112), numpy.float32(112)):
        assert number.check(answer)
    slip, wrong = number.check("109"), number.check("1,000")
    assert not slip and not wrong
    assert "You forgot the <em>padding</em>." in slip.text
    assert "You forgot the padding." in str(slip)
    assert str(wrong) == "1,000 is not it. Count the positions."


def test_tolerance_is_absolute_and_without_it_only_rounding_is_forgiven():
    third = Number(1 / 3, tolerance=0.005, **ROOM)
    assert third.check("0.333") and third.check("1/3") and not third.check("0.32")
    exact, large = Number(1 / 3, **ROOM), Number(25557032, **ROOM)
    assert exact.check("1/3") and not exact.check("0.333")
    assert not large.check(25557031)


def test_answers_may_come_from_numpy():
    assert Choice(["one", "two"], 1, hint="?", solution="!").check(numpy.int64(1))
    for value in (numpy.float32(0.25), numpy.int64(7), numpy.float64(2e16)):
        form = Number(value, slips=[(numpy.float32(0.75), "?")], **ROOM)
        assert form.check(str(float(value))) and json.dumps(form.record)


def test_choices_by_letter_index_and_text():
    for answer in ("b", "B", 1, "7 × 7 where n < 9"):
        assert choice.check(answer)
    assert "Count again." in choice.check("a").text
    assert "Count the positions." in choice.check("c").text
    for answer in ("d", "", "ab", 7, -1, "7", True):
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


def test_code_may_be_a_function_and_sequences_and_arrays_are_compared_one_by_one():
    shapes = Code("def f(n): ...", [((2,), (2, [0.1, "a"]))], "?", tolerance=0.01, **ROOM)
    assert shapes.check(lambda n: [n, (0.105, "a")])
    for wrong in (lambda n: (n, [0.2, "a"]), lambda n: (n,), lambda n: n):
        assert not shapes.check(wrong)
    three = Code("def f(n): ...", [((2,), [2, 4, 6])], "?", **ROOM)
    assert three.check(lambda n: numpy.arange(1, 4) * n)
    assert not three.check(lambda n: numpy.arange(4) * n)


# Whatever a reader writes


class Mute:
    """Neither `str` nor `repr` of it works."""

    def __repr__(self):
        raise RuntimeError("no words")


class Unlike:
    """Comparing it fails."""

    def __eq__(self, other):
        raise TypeError("not to be compared")


@EVERY
@pytest.mark.parametrize(
    "answer",
    [
        10**5000,
        "9" * 5000,
        "10**10**6",
        float("nan"),
        float("inf"),
        numpy.zeros(3),
        numpy.array("x"),
        [1, [2]],
        None,
        Mute(),
        Unlike(),
        object,
        b"112",
        "\0",
        "\ud800",
        "(" * 5000,
        print,
    ],
    ids=lambda answer: (
        f"{type(answer).__name__}-{repr(answer)[:12]}"
        if type(answer) not in (Mute, int)
        else type(answer).__name__
    ),
)
def test_an_answer_of_any_kind_gets_a_sentence(form, answer):
    result = form.check(answer)
    assert result.state in ("wrong", "unread") and len(str(result)) < 700


@pytest.mark.parametrize(
    "body, says",
    [
        ("return [n] * 10 ** 6", "returns [9, 9"),
        ("return 10 ** 5000", "cannot be written out"),
        ("import numpy; return numpy.zeros(2)", "returns array([0., 0.])"),
        ("raise SystemExit", "stops with SystemExit. Count"),
        ("exit()", "stops with SystemExit"),
        ("raise KeyboardInterrupt", "stops with KeyboardInterrupt"),
        ("return size(n, k)", "stops with RecursionError"),
        ("return type('A', (), {'__repr__': lambda self: 1 / 0})()", "cannot be written out"),
        ("return type('A', (), {'__eq__': lambda *_: 1 / 0})()", "it should be 7"),
        ("raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})", "stops with E: a value"),
        ("return float('nan')", "returns nan"),
        ("return 1e400", "returns inf"),
        ("return True", "returns True"),
        ("yield n", "returns <generator"),
    ],
)
def test_a_function_that_does_anything_gets_a_sentence(body, says, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)  # `exit()` closes it
    source = f"def size(n, k):\n    {body}"
    result = code.check(source)
    assert result.state == "wrong" and says in str(result) and len(str(result)) < 700
    names = {}
    exec(source, names)
    assert says in str(code.check(names["size"]))


@pytest.mark.parametrize("source", ["exit()", "raise SystemExit(3)", "1 / 0"])
def test_source_that_stops_before_it_defines_anything_gets_a_sentence(source, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert code.check(source).state == "wrong"


@pytest.mark.parametrize(
    "source",
    [
        "def size(n, k):\n    while True: pass",
        "def size(n, k):\n    while True:\n        try:\n            n += 1\n"
        "        except Exception:\n            pass",
        "while True:\n    pass",
    ],
)
def test_a_loop_without_an_end_is_ended(source, monkeypatch):
    monkeypatch.setattr(checking, "SECONDS", 0.2)
    watched = sys.gettrace()
    result = code.check(source)
    assert result.state == "wrong" and "was stopped" in str(result)
    assert sys.gettrace() is watched


def test_an_authors_mistakes_are_refused():
    for mistake, says in [
        (lambda: Number(5, slips=[(5, "?")], **ROOM), "is right"),
        (lambda: Number(5, slips=[(5.01, "?")], tolerance=0.1, **ROOM), "is right"),
        (lambda: Number(float("nan"), **ROOM), "finite"),
        (lambda: Number(float("inf"), **ROOM), "finite"),
        (lambda: Number(5, hint="", solution="s"), "hint"),
        (lambda: Number(5, hint="h", solution=None), "solution"),
        (lambda: Choice(("x", "y"), 2, **ROOM), "index into its 2"),
        (lambda: Choice(("x", "y"), 1, hints={1: "?"}, **ROOM), "no wrong option"),
        (lambda: Code("def f(): ...", [], "?", **ROOM), "one or more"),
        (lambda: Code("def f(): ...", [((object(),), 1)], "?", **ROOM), "plain Python values"),
    ]:
        with pytest.raises(ValueError, match=says):
            mistake()


# Looking them up


@pytest.mark.parametrize(
    "asked, says",
    [
        ("5.99", "chapter 5 has 5.1, 5.2"),
        ("5", "chapter 5 has 5.1"),
        ("99.1", "chapters 1 to 18"),
        ("x", "chapters 1 to 18"),
        ("", "chapters 1 to 18"),
        (None, "chapters 1 to 18"),
    ],
)
def test_an_unknown_number_is_told_what_there_is(asked, says):
    with pytest.raises(ValueError, match=says) as caught:
        exercise(asked)
    assert repr(asked) in str(caught.value)


def test_an_exercise_imports_its_own_chapter_and_no_torch(fresh):
    told = fresh(
        "import sys, resnet_lab.exercises as e; before = set(sys.modules); e.exercise('5.4')\n"
        "print('torch' in sys.modules, sorted(m for m in sys.modules if 'chapter_' in m))"
    )
    assert told == "False ['resnet_lab.exercises.chapter_05']"


# The notebook's form


@pytest.mark.parametrize(
    "form, wrong, right",
    [
        (number, "109", "112"),
        (choice, "a", "b"),
        (code, "def size(n, k): return 0", "def size(n, k): return n - k + 1"),
    ],
    ids=["number", "choice", "code"],
)
def test_the_notebooks_form_answers(form, wrong, right, monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.setattr("resnet_lab.exercises.forms.LATE", 0)
    field, buttons, result, solution = form.to_widget().children
    check, solve = buttons.children
    assert field.description == f"Answer to exercise {form.number}"
    check.click()
    assert "?" in result.value or form is code
    field.value = wrong
    assert result.value == ""  # the old verdict goes with the old answer
    check.click()
    assert "✗" in result.value and form.check(wrong).text in result.value
    assert "--rl-projection" in result.value
    field.value = right
    assert result.value == "" == solution.value
    check.click()
    assert "✓" in result.value and "--rl-identity" in result.value
    solve.click()
    assert "Worked." in solution.value
    solve.click()
    assert solution.value == ""


def test_enter_checks_and_a_text_that_arrives_behind_it_is_the_one_that_counts():
    pytest.importorskip("ipywidgets")
    field, _, result, _ = number.to_widget().children
    field.value = "11"
    field._handle_custom_msg({"event": "submit"}, [])
    assert "11 is not it" in result.value
    field.value = "112"
    assert "Right" in result.value


def readable(bundle):
    return bundle["text/plain"] + bundle["text/html"]


@EVERY
def test_a_notebooks_output_holds_nothing_of_the_answer(form):
    """Neither in what is shown nor in the state of the widgets, which may be stored with it."""
    ipywidgets = pytest.importorskip("ipywidgets")
    ipywidgets.Widget.close_all()
    bundle = form._repr_mimebundle_()
    assert bundle[WIDGET]["model_id"] and "Run this cell to answer." in bundle["text/html"]
    kept = json.dumps(ipywidgets.Widget.get_manager_state(), ensure_ascii=False)
    for text in (readable(bundle), kept):
        assert "Answer" in text or "answer" in text
        for secret in ("is not it", "forgot", "Count", "Worked", "return n", "data-exercise"):
            assert secret not in text


@EVERY
def test_without_ipywidgets_a_sentence_says_how_to_answer_and_what_to_install(form, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    bundle = form._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "pip install ipywidgets" in bundle["text/html"]
    assert "<input" not in bundle["text/html"] and "<form" not in bundle["text/html"]
    assert f'exercise("{form.number}").check(' in bundle["text/plain"]
    assert ("(b) 7 × 7 where n < 9" in bundle["text/html"]) == (form is choice)
    assert ("(b) 7 × 7 where n < 9" in bundle["text/plain"]) == (form is choice)


@EVERY
def test_in_the_books_build_the_output_is_the_pages_form(form, monkeypatch):
    monkeypatch.setenv(IN_BOOK, "1")
    bundle = form._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"} and bundle["text/html"] == form.to_html()
