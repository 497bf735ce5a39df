"""Some tests take a sample, so that all of them end in some twenty minutes.

With `RESNET_LAB_EVERYTHING=1` in the environment they take everything: every notebook, every
network of torchvision, every control from a server, too. That is an hour more.
"""

import os

import pytest

EVERYTHING = bool(os.environ.get("RESNET_LAB_EVERYTHING"))
only_with_everything = pytest.mark.skipif(
    not EVERYTHING, reason="this runs with RESNET_LAB_EVERYTHING=1"
)


def examples(count):
    """Of so many random examples, how many are tried today."""
    return count if EVERYTHING else count // 3
