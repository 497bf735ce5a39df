"""The page's form of an exercise: its markup, and the answers it gives in a browser."""

import json
from html.parser import HTMLParser

import pytest
from test_exercises import EVERY, ROOM, choice, code, number

from resnet_lab.exercises import check
from resnet_lab.exercises.forms import Number


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


@EVERY
def test_the_pages_form_is_well_formed_and_complete_without_a_script(form):
    page = Tags(form.to_html())
    record = json.loads(page.seen[0][1]["data-exercise"])
    assert record == json.loads(json.dumps(form.record))
    for answer in ("112", "109", "b", "a", "x"):
        assert check(record, answer).text == form.check(answer).text
    assert "Worked." in page.text and "Check" in page.text
    named = [tag for tag, attributes in page.seen if attributes.get("aria-label") == form.label()]
    assert named == [{number: "input", choice: "div", code: "textarea"}[form]]
    assert form.label() == f"Answer to exercise {form.number}"
    assert ("div", {"class": "rl-result", "role": "status"}) in page.seen


@pytest.fixture
def page(browser, page_of):
    """A page of three exercises with the book's own script, opened from the disk."""
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(page_of("".join([each.to_html() for each in (number, choice, code)])).as_uri())
    yield opened
    context.close()


def result_of(page, form, state):
    shown = page.locator("#exercise-" + form.number.replace(".", "-"))
    page.wait_for_function(
        "([id, state]) => document.getElementById(id).dataset.state === state",
        arg=[shown.get_attribute("id"), state],
    )
    return shown.locator(".rl-result").inner_text()


def test_in_the_page_with_the_keyboard_alone(page):
    """Tab and type through all three; every sentence must be the one CPython gives."""
    keys = page.keyboard
    keys.press("Tab")
    keys.type("109")
    keys.press("Enter")
    assert result_of(page, number, "wrong") == str(number.check("109"))
    keys.press("Control+a")
    keys.type("12x")
    assert result_of(page, number, "") == ""  # the old verdict goes with the old answer
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
    fields = {
        form: page.locator(f"#exercise-{form.number.replace('.', '-')} [name=answer]")
        for form in (number, choice, code)
    }
    fields[number].fill("1.12e2")
    fields[number].press("Enter")
    assert result_of(page, number, "right") == "Right: 112."
    fields[choice].nth(1).check()
    fields[code].fill("def size(n, k): return n - k + 1")
    page.reload()
    assert fields[number].input_value() == "1.12e2"
    assert fields[choice].nth(1).is_checked()
    assert fields[code].input_value() == "def size(n, k): return n - k + 1"
    assert "Right" in result_of(page, number, "right")
    fields[number].fill("109")
    assert result_of(page, number, "") == ""
    page.reload()
    assert fields[number].input_value() == "109"
    assert page.locator("#exercise-5-1").get_attribute("data-state") is None


def said_in(page, form, answer):
    page.locator("#exercise-5-1 [name=answer]").focus()
    page.wait_for_function("() => window.resnet_lab")
    return page.evaluate(
        "([record, answer]) => window.resnet_lab.check(record, answer)",
        [json.dumps(form.record), answer],
    )


def test_the_page_reads_numbers_as_cpython_does(page):
    third = Number(1 / 3, tolerance=0.001, slips=[(0.75, "slip"), (1024, "power")], **ROOM)
    for text in [
        "1,179,648", "1 179 648", "3/4", "2**10", "1.8 × 10^9", "-2**2", "2**-1", "9**9**9", "1/0",
        "3,5", "abc", "1e999", "1/3", "(1+2)*3", "1.12e2", "5.", "(-8)**0.5", "<b>", "9" * 5000,
        "10**10**6",
    ]:  # fmt: skip
        result = third.check(text)
        assert said_in(page, third, text) == [result.state, result.text], text


@pytest.mark.parametrize(
    "body, says",
    [
        ("exit()", "stops with"),
        ("raise SystemExit", "stops with SystemExit"),
        ("return size(n, k)", "stops with"),
        ("return type('A', (), {'__repr__': lambda self: 1 / 0})()", "cannot be written out"),
        ("while True: pass", "was stopped"),
        ("while True:\n        n += 1", "was stopped"),
    ],
)
def test_a_function_that_does_anything_gets_a_sentence_in_the_page(page, body, says):
    state, text = said_in(page, code, f"def size(n, k):\n    {body}")
    assert state == "wrong" and says in text
