"""Images in pictures are the pixels that were given."""

import base64
import io
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from resnet_lab import draw

SVG = "{http://www.w3.org/2000/svg}"


def pictures(text):
    """The images in a picture, as Pillow reads them."""
    found = []
    for image in ElementTree.fromstring(text).iter(f"{SVG}image"):
        kind, data = image.get("href").split(",")
        assert kind == "data:image/bmp;base64"
        found.append(Image.open(io.BytesIO(base64.b64decode(data, validate=True))).convert("RGB"))
    return found


@settings(deadline=None)
@given(st.integers(1, 17), st.integers(1, 9), st.data())
def test_a_feature_map_has_the_greys_of_its_values(width, height, data):
    values = data.draw(
        st.lists(st.floats(0, 1e3), min_size=width * height, max_size=width * height)
    )
    (image,) = pictures(draw.feature_maps([("map", values, height, width)], "A map"))
    times = image.width // width
    assert image.height == height and image.width == times * width
    most = max(values) or 1
    for place, value in enumerate(values):
        for twin in range(times):
            grey = image.getpixel((place % width * times + twin, place // width))
            assert grey[0] == grey[1] == grey[2]
            assert abs(grey[0] - 255 * value / most) <= 4


def test_signed_maps_share_one_scale():
    text = draw.feature_maps([("a", [-2.0, 0.0], 1, 2), ("b", [1.0, 2.0], 1, 2)], "Two maps")
    a, b = pictures(text)
    assert a.getpixel((2, 0)) == (255, 255, 255)
    (red, _, blue), (half, _, _) = a.getpixel((0, 0)), b.getpixel((0, 0))
    assert red > blue  # orange
    full = b.getpixel((2, 0))
    assert full[2] > full[0] and abs((255 - half) - (255 - full[0]) / 2) <= 1  # blue, half as much
    assert "orange −2, blue 2" in text


def test_a_decision_map_is_white_at_one_half_and_shows_every_point():
    values = [0.0, 0.5, 1.0, 0.25]
    points = [(-1.0, 1.0, 0), (0.5, -0.5, 1), (0.5, 0.5, 1)]
    text = draw.decision_map(values, 2, points, "Four cells")
    (image,) = pictures(text)
    orange, white, blue = (image.getpixel(place) for place in ((0, 0), (1, 0), (0, 1)))
    assert orange[0] > orange[2] and white == (255, 255, 255) and blue[2] > blue[0]
    dots = [path.get("d") for path in ElementTree.fromstring(text).iter(f"{SVG}path")]
    middle = draw.WIDTH / 2
    places = [
        [float(n) for n in dot.split("h")[0].split()] for d in dots for dot in d.split("M")[1:]
    ]
    expected = [[0.0, 0.0], [1.5 * middle, 1.5 * middle], [1.5 * middle, 0.5 * middle]]
    assert sorted(places) == sorted(2 * expected)  # each with its rim


@pytest.mark.parametrize("value", [-0.1, 1.01, float("nan"), float("inf")])
def test_a_decision_map_takes_probabilities_alone(value):
    with pytest.raises(ValueError, match=f"a value of the map is {value}; give probabilities"):
        draw.decision_map([0.5, value, 0.5, 0.5], 2, [], "label")


def test_feature_maps_name_the_map_that_does_not_fit():
    with pytest.raises(ValueError, match="conv1 has 3 values; 2 × 2 are 4"):
        draw.feature_maps([("conv1", [1, 2, 3], 2, 2)], "label")
    with pytest.raises(ValueError, match="conv1 has a value that is not a number"):
        draw.feature_maps([("conv1", [float("nan")], 1, 1)], "label")


def test_a_row_of_a_confusion_matrix_is_as_dark_as_its_shares():
    text = draw.confusion([[3, 1], [0, 8]], ["cat", "dog"], "Three of four cats are found")
    cells = list(ElementTree.fromstring(text).iter(f"{SVG}rect"))
    shares = [(float(cell.get("fill-opacity")) - 0.12) / 0.6 for cell in cells]
    assert shares == pytest.approx([0.75, 0.25, 1], abs=0.01)
    assert ["projection" in cell.get("class") for cell in cells] == [False, True, False]
