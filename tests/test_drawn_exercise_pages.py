"""Exercises with other numbers in the built page: by a button, by a link, and all of a chapter."""

import pytest
from browsing import wait_until, watched

from resnet_lab.exercises import drawn_exercises, exercise
from resnet_lab.exercises.checking import plain
from resnet_lab.exercises.numbers import show

CHAPTER = "chapters/05-output-sizes.html"


@pytest.fixture
def opened(browser, origin):
    opened = watched(browser, origin)
    opened.asked = []
    opened.on("request", lambda request: opened.asked.append(request.url.rpartition("/")[2]))
    opened.goto(f"{origin}/{CHAPTER}")
    yield opened
    assert not opened.trouble
    opened.close()


def form_of(opened, number):
    return opened.locator(f"#exercise-{number.replace('.', '-')}")


def asks(form, number, seed):
    """Wait until a form asks with these numbers."""
    question = form.locator(".rl-question")
    wanted = plain(exercise(number, seed).asked())
    wait_until(form.page, lambda: question.text_content() == wanted)
    assert question.is_visible()


def answers(form, answer):
    """Answer with the keyboard alone; returns what is said."""
    result = form.locator(".rl-result")
    form.locator("[name=answer]").fill(answer)
    form.locator("[name=answer]").press("Enter")
    wait_until(form.page, lambda: result.inner_text())
    return form.get_attribute("data-state"), result.inner_text()


def test_another_one_and_the_books_again(opened, origin):
    form = form_of(opened, "5.1")
    another = form.get_by_role("button", name="Another one")
    assert answers(form, "151") == ("right", "Right: 151.")
    assert not [name for name in opened.asked if name.startswith(("sheets", "another"))]
    another.press("Enter")
    asks(form, "5.1", 1)
    first = exercise("5.1", 1)
    assert form.locator("[name=answer]").input_value() == ""
    slip, hint = first.record["slips"][0]
    assert answers(form, str(slip)) == ("wrong", f"{show(slip)} is not it. {hint}")
    assert answers(form, str(first.record["answer"]))[0] == "right"
    form.locator("summary").click()
    assert form.locator("details > div").inner_text() == plain(first.solution)
    assert opened.url == f"{origin}/{CHAPTER}#exercise-5-1?seed=1"
    # A reload keeps the numbers and the answer; a click brings the next ones, or the book's.
    opened.reload()
    asks(form, "5.1", 1)
    wait_until(opened, lambda: form.get_attribute("data-state") == "right")
    another.click()
    asks(form, "5.1", 2)
    assert form.get_attribute("data-state") == "" and not form.locator("details").get_attribute(
        "open"
    )
    form.get_by_role("button", name="The book").click()
    wait_until(opened, lambda: not form.locator(".rl-question").is_visible())
    assert form.locator("[name=answer]").input_value() == "151"
    assert answers(form, "151") == ("right", "Right: 151.")
    assert opened.url == f"{origin}/{CHAPTER}#exercise-5-1"
    assert form_of(opened, "5.3").get_by_role("button").all_inner_texts() == ["Check"]


def test_a_link_carries_the_seed(opened, origin):
    opened.goto(f"{origin}/{CHAPTER}#exercise-5-2?seed=17")
    asks(form_of(opened, "5.2"), "5.2", 17)
    assert not form_of(opened, "5.1").locator(".rl-question").is_visible()
    # One link for a class: every exercise of the chapter that has other numbers.
    opened.goto(f"{origin}/{CHAPTER}#exercises?seed=3")
    drawn = [number for number in drawn_exercises() if number.startswith("5.")]
    assert len(drawn) > 2
    for number in drawn:
        asks(form_of(opened, number), number, 3)
    assert answers(form_of(opened, "5.1"), str(exercise("5.1", 3).record["answer"]))[0] == "right"
    for seed in ("31", "-1", "2.5", "x"):
        opened.goto(f"{origin}/{CHAPTER}#exercise-5-1?seed={seed}")
        said = form_of(opened, "5.1").locator(".rl-result")
        wait_until(opened, lambda said=said: "for the seeds 1 to 30" in said.inner_text())
        form_of(opened, "5.1").locator("[name=answer]").fill("")  # takes the sentence away


def test_a_link_is_copied(browser, book):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.goto((book / CHAPTER).as_uri())
    form = form_of(opened, "5.5")
    form.get_by_role("button", name="Another one").click()
    asks(form, "5.5", 1)
    form.get_by_role("button", name="Copy link").click()
    wait_until(opened, lambda: "copied" in form.locator(".rl-result").inner_text())
    link = opened.evaluate("navigator.clipboard.readText()")
    assert link == f"{(book / CHAPTER).as_uri()}#exercise-5-5?seed=1"
    context.close()
