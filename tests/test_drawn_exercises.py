"""Exercises with other numbers: answers recomputed by hand's formulas from the question's text."""

import re
from math import comb, log

import pytest

from resnet_lab.exercises import drawn_exercises, exercise
from resnet_lab.exercises.checking import plain
from resnet_lab.exercises.numbers import near, show

# The answer from the numbers of the question, in the order in which they stand there.
ANSWERS = {
    "1.2": lambda shallow, deep: deep - shallow,
    "1.3": lambda classes: log(classes),
    "2.1": lambda slope, start, b, x: b - (slope * x + start),
    "2.3": lambda b, x: (x + b / x) / 2,
    "3.2": lambda low, high: (high - low) / 2,
    "3.3": lambda low, high, bins: (high - low) / 2 / bins**0.5,
    "4.1": lambda n, size, again: 0.25**n,
    "4.2": lambda k, again, c: (2 / (k * k * c)) ** 0.5,
    "4.3": lambda slope: 1 - slope,
    "4.7": lambda factor: factor**2,
    "5.1": lambda n, k, s, p: (n + 2 * p - k) // s + 1,
    "5.2": lambda k, d, _: d * (k - 1) // 2,
    "5.5": lambda _, n, before: 512 * (((((n + 1) // 2 + 1) // 2 + 1) // 2) // 4),
    "6.1": lambda j, s, k, t, m, u, n, v: j + (k - 1) * s + (m - 1) * s * t + (n - 1) * s * t * u,
    "6.2": lambda k, again, stride, field: (field - 1) // (k - 1),
    "6.3": lambda depth, stage, new, old, own, same, last: (own + last) // 2,
    "6.5": lambda k, _, n, again: 100 * (1 - (n - 1) / (k - 1) * k * k / n / n),
    "6.6": lambda n, k, a, b, c, last: 1 + (k - 1) * (2 * last - 1),
    "6.8": lambda field, _, side, again, percent: (side / field) ** 2,
    "7.1": lambda k, _, c_in, c_out: k * k * c_in * c_out,
    "7.2": lambda k, _, a, b, s, p, n, m: k * k * a * b * ((n + 2 * p - k) // s + 1) ** 2,
    "7.3": lambda c, w, _: 18 * c * c / (2 * c * w + 9 * w * w),
    "7.5": lambda *stages: 2 + 3 * sum(stages),
    "8.2": lambda c, h, w, n, bits: bits // 8 * n * c * h * w + 2 * 4 * c,
    "8.4": lambda k, _, a, b, h, w, bits: (
        2 * a * b * h * w / (bits / 8 * (a * h * w + a * b + b * h * w))
    ),
    "8.5": lambda peak, bandwidth, intensity: min(peak, bandwidth * intensity),
    "9.1": lambda c, h, w, width, s: width * (h // s) * (w // s),
    "9.2": lambda a, b, s: 9 * a * b + 9 * b * b + a * b + 3 * 2 * b,
    "9.4": lambda c, blocks, width, s: c + blocks * width,
    "10.1": lambda a, b, c, d: 2 * (a + b + c + d) + 2,
    "10.3": lambda depth, cifar: (depth - 2) // 6,
    "10.5": lambda a, b, depth, c, h, w, n: (c * h * w + 1) * n,
    "10.6": lambda depth, cifar, n, extra: 32 + 448 * (depth - 2) // 6 + n,
    "11.1": lambda dim, depth, samples, c, n: (c + 1) * n,
    "11.2": lambda n, dim, depth: 512 * ((n + 7) // 8 // 4),
    "11.3": lambda dim, k, c, d: k * c * d,
    "11.5": lambda rate, dim, blocks, field: field / rate,
    "11.6": lambda dim, depth, n: (n - 3 + 105) // 106 * 2 + 1,
    "12.1": lambda a, b, c, d: (c + 1) * d,
    "12.2": lambda k, same, c, *others: 2 * k * c * c,
    "12.3": lambda k, same, a, b, c, d: k * same * c + c * d,
    "12.4": lambda depth, a, b, c, d, e, f, w, *last: 2 * a * w + 9 * w * w // last[-1],
    "12.5": lambda a, b, groups, c: c // groups,
    "12.6": lambda depth, n, *others: (
        9536
        + 513 * n
        + sum(
            9 * p + p * w + (2 * k - 1) * (9 * w + w * w) + 4 * k * w + (p != w) * (p + 2) * w
            for p, w, k in zip(
                (64, 64, 128, 256),
                (64, 128, 256, 512),
                (2, 2, 2, 2) if depth == 18 else (3, 4, 6, 3),
                strict=True,
            )
        )
    ),
    "13.1": lambda images, batch: images // batch,
    "13.2": lambda images, c, h, w: images * c * h * w / 1e6,
    "14.1": lambda w, h, side: w * side // h,
    "14.2": lambda depth, h, w, first, last, a, b, block, k: (
        k + 2 * (2 * first - 1) + 4 * (2 * (block - first) + 1)
    ),
    "14.3": lambda mean, std: (1 - mean) / std,
    "15.1": lambda depth, classes, same, features: (features + 1) * classes,
    "15.2": lambda images, c, h, w: images * c * h * w / 1e9,
    "15.3": lambda batch, parts, processes: batch // (processes * parts),
    "15.7": lambda a, b, first, second: a * first + b * second,
    "16.1": lambda blocks, taken: comb(blocks, taken),
    "16.2": lambda blocks, off: 100 / 2**off,
    "16.4": lambda variance, each, block: each / (variance + block * each),
    "16.5": lambda blocks: 2**blocks,
    "17.1": lambda c, one, part: 2 * c * (c // part) + c // part + c,
    "17.3": lambda chapter, convs, c_in, width, stride: (lambda c: c * c // 8 + c // 16 + c)(
        width * (4 if convs == 3 else 1)
    ),
    "17.4": lambda blocks, one, same, p: blocks - p * (blocks + 1) / 2,
    "17.5": lambda scale, shortcuts, depth: scale ** ((depth - 2) / 2),
    "17.6": lambda c, k, same: 100 * k * k / (k * k + 8 * c),
    "18.1": lambda depth, a, b, c, d, each: 1 + each * (a + b + c + d) + each // 3 + 3,
    "18.2": lambda depth, macs, h, w: 2 * macs,
    "18.3": lambda k, same, stride, p, out: (out - 1) * stride + k - 2 * p,
    "18.7": lambda depth, a, b, c, d, *code: (
        960 + 128 * (a + 2 * b + 4 * c + 8 * d)
        if depth == 2 * (a + b + c + d) + 2
        else 3904 + 384 * (a + 2 * b + 4 * c + 8 * d)
    ),
}


def numbers_of(question):
    found = re.findall(r"\d[\d,]*(?:\.\d+)?", plain(question))
    return [float(text) if "." in text else int(text.replace(",", "")) for text in found]


def test_most_exercises_about_numbers_can_be_drawn():
    assert set(drawn_exercises()) == set(ANSWERS) and len(ANSWERS) > 50


@pytest.mark.parametrize("number", drawn_exercises())
def test_the_answer_is_what_the_question_asks_for(number):
    questions = set()
    for seed in range(1, 31):
        drawn = exercise(number, seed)
        right = drawn.record["answer"]
        answer = ANSWERS[number](*numbers_of(drawn.question))
        tolerance = max(drawn.record["tolerance"], 1e-9 * abs(right))
        assert near(answer, right, tolerance), f"{drawn.question} {right}"
        assert drawn.check(show(right)) and drawn.check(str(answer))
        # Each slip says something about itself.
        for slip, hint in drawn.record["slips"]:
            told = drawn.check(repr(slip))
            first = next(text for value, text in drawn.record["slips"] if near(slip, value, 1e-9))
            assert not told and told.text.endswith((hint, first))
        questions.add(drawn.question)
    assert len(questions) >= 5


def test_a_seed_gives_everybody_the_same_numbers(fresh):
    code = "from resnet_lab.exercises import exercise; print(exercise('7.1', seed=17).question)"
    assert fresh(code) == fresh(code) == exercise("7.1", seed=17).question
    assert exercise("5.1", seed=2).question.startswith("An image is 155 pixels wide.")


def test_in_the_notebook():
    pytest.importorskip("ipywidgets")
    form = exercise("5.1", seed=2)
    assert 'exercise("5.1", seed=2).check' in repr(form) and "155 pixels" in repr(form)
    question, field, buttons, result, _ = form.to_widget().children
    assert "155 pixels" in question.value
    field.value = "78"
    buttons.children[0].click()
    assert "Right" in result.value
    buttons.children[2].click()
    assert result.value == field.value == "" and "With other numbers (3)." in question.value
    field.value = str(exercise("5.1", seed=3).record["answer"])
    buttons.children[0].click()
    assert "Right" in result.value
    assert len(exercise("5.4").to_widget().children) == 4


@pytest.mark.parametrize("seed, error", [(-1, "seed is -1"), (1.5, "seed must be a whole number")])
def test_a_seed_is_a_whole_number(seed, error):
    with pytest.raises((ValueError, TypeError), match=error):
        exercise("5.1", seed)


def test_numbers_that_stay_as_they_are():
    with pytest.raises(ValueError, match=r"exercise 5\.3 are always the same: leave out the seed"):
        exercise("5.3", seed=1)
