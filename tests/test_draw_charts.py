"""The curves of a run are right from its first seconds to its end; no outlier flattens them."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_lab import draw


def point(step, loss, validation_loss, error=0.5, validation_error=0.5):
    return {
        "step": step,
        "loss": loss,
        "error": error,
        "validation_loss": validation_loss,
        "validation_error": validation_error,
    }


def run(*curve, steps=100, batch=128, seconds=()):
    recipe = {"steps": steps, "batch": batch}
    return {"curve": list(curve), "recipe": recipe, "seconds": list(seconds)}


def charts(html):
    """The texts of the two charts, and the line under them."""
    page = ElementTree.fromstring(f"<div>{html}</div>")
    pictures = list(page.iter("{http://www.w3.org/2000/svg}svg"))
    texts = [
        [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
        for picture in pictures
    ]
    assert len(pictures) == 2 and all(len(picture.get("aria-label")) > 20 for picture in pictures)
    return *texts, page.find("p").text


def top(texts):
    """The end of the upright axis: its ticks are written first, from low to high."""
    numbers = [text.replace(",", "") for text in texts[2:]]
    values = []
    for text in numbers:
        if not re.fullmatch(r"[\d.]+", text) or values and float(text) <= values[-1]:
            break
        values.append(float(text))
    return values[-1]


def test_a_wild_first_validation_is_written_at_the_edge():
    for curve in (
        [point(10, 2.1, 13)],
        [point(10, 2.1, 13), point(20, 1.5, 1.4)],
        [point(10, 2.1, 13), point(20, 1.5, 5), point(30, 1.2, 1.2), point(40, 1, 1.1)],
    ):
        loss, *_ = charts(draw.training_curves(run(*curve)))
        assert top(loss) <= 4.2 and "↑ 13" in loss


def test_a_loss_that_grows_at_the_end_is_shown():
    curve = [point(10 * n, 2 / n**2, 1 if n < 8 else n - 7) for n in range(1, 11)]
    loss, *_ = charts(draw.training_curves(run(*curve)))
    assert top(loss) >= 3 and not [text for text in loss if "↑" in text]


def test_errors_of_validation_stay_in_sight_where_training_makes_none():
    curve = [point(n, 0.1, 0.1, error=0, validation_error=0.1) for n in range(1, 101)]
    _, error, said = charts(draw.training_curves(run(*curve)))
    assert top(error) >= 10 and "validation loss 0.1, error 10 %" in said


def test_the_first_seconds():
    recent = [(1, 2.4), (2, 2.2), (3, 2.0)]
    history = run(steps=64_000, batch=100)
    loss, error, said = charts(draw.training_curves(history, recent=recent, speed=1000))
    # 63,997 steps of 100 images at 1,000 images a second are 6,399.7 seconds.
    assert said == "step 3 of 64,000 · training loss 2.2 · 1,000 images/s · 1 h 46 min left"
    assert "training" in loss and top(loss) == 2.5 and top(error) == 100
    assert not any("64" in text for text in loss)  # the axis of steps has hardly begun


def test_nothing_yet():
    *_, said = charts(draw.training_curves(run(steps=5)))
    assert said == "step 0 of 5"


def test_a_finished_run_and_a_resumed_one():
    curve = [point(50, 1.5, 1.6), point(100, 0.5, 0.7, 0.125, 0.25)]
    *_, said = charts(draw.training_curves(run(*curve, seconds=[40, 80.4]), speed=900))
    assert said == (
        "step 100 of 100 · training loss 0.5, error 12.5 % · validation loss 0.7, error 25 % · "
        "finished in 1 min 20 s"
    )
    resumed = run(curve[0], seconds=[40])
    *_, said = charts(draw.training_curves(resumed, 60, [(60, 1.25)], 128))
    assert said == (
        "step 60 of 100 · training loss 1.25, error 50 % · validation loss 1.6, error 50 % · "
        "128 images/s · 40 s left"
    )


values = st.none() | st.floats(0, 1e6) | st.sampled_from((math.nan, math.inf))


@settings(deadline=None)
@given(
    st.lists(st.builds(point, st.just(0), values, values, values, values), max_size=9),
    st.lists(values.filter(lambda value: value is not None), max_size=200),
)
def test_every_mark_of_any_run_is_a_number_in_the_picture(curve, losses):
    for place, entry in enumerate(curve):
        entry["step"] = 7 * (place + 1)
    recent = [(7 * len(curve) + place, loss) for place, loss in enumerate(losses, 1)]
    html = draw.training_curves(run(*curve, steps=300), recent=recent, speed=10)
    charts(html)
    for path in re.findall(r'd="M([^"hHz]*)"', html):
        for pair in path.split("L"):
            x, y = map(float, pair.split())
            assert 0 <= x <= draw.WIDTH and 0 <= y <= 260, path
    assert html.count("L") < 200  # long runs are thinned out


@pytest.mark.parametrize("exponent, text", [(0, "1"), (-3, "10⁻³"), (12, "10¹²")])
def test_power(exponent, text):
    assert draw.power(exponent) == text
