"""What all pictures are made of."""

import pytest

from resnet_lab import draw


@pytest.mark.parametrize(
    "number, text",
    [
        (1, "1"),
        (999, "999"),
        (1000, "1.00 k"),
        (9_994, "9.99 k"),
        (9_996, "10.0 k"),
        (99_960, "100 k"),
        (999_600, "1.00 M"),
        (25_557_032, "25.6 M"),
        (4_089_184_256, "4.09 G"),
    ],
)
def test_short(number, text):
    assert draw.short(number) == text
