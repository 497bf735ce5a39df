"""Cheaper convolutions: what may stand in the place of one k x k convolution, and what it costs.

Every replacement keeps the image's size and the number of channels, and sees k x k pixels. What it
gives up is freedom: fewer weights, or fewer channels seen by each output.
"""

from __future__ import annotations

from dataclasses import dataclass

from .arithmetic import conv_macs, conv_params
from .checks import check_choice, check_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

REDUCTION = 4  # channels inside a bottleneck, as a fraction of those outside

KINDS = {
    "standard": "standard",
    "stacked": "stacked 3 × 3",
    "factorised": "factorised",
    "bottleneck": "bottleneck",
    "grouped": "grouped",
    "depthwise": "depthwise",
    "separable": "separable",
    "shuffled": "grouped, shuffled",
}


@dataclass(frozen=True)
class Convolution:
    """One convolution of stride 1, without bias, padded so that the image keeps its size.

    Attributes:
        in_channels: channels of its input.
        out_channels: channels of its output.
        kernel: height and width, both odd.
        groups: how many groups the channels form.
        shuffled: whether its output channels are dealt out among its groups, as `shuffle` does.

    Example:
        >>> depthwise = Convolution(64, 64, (3, 3), groups=64)
        >>> depthwise.params, depthwise.macs(56), depthwise.moved(56)
        (576, 1806336, 401984)
    """

    in_channels: int
    out_channels: int
    kernel: tuple[int, int]
    groups: int = 1
    shuffled: bool = False

    def __post_init__(self) -> None:
        for name in ("in_channels", "out_channels", "groups"):
            object.__setattr__(self, name, check_int(name, getattr(self, name)))
        if not isinstance(self.kernel, (tuple, list)) or len(self.kernel) != 2:
            raise TypeError(
                f"kernel is {self.kernel!r}; it must be a tuple of height and width, such as (3, 3)"
            )
        sides = tuple([check_int("kernel", side) for side in self.kernel])
        object.__setattr__(self, "kernel", sides)
        if sides[0] % 2 == 0 or sides[1] % 2 == 0:
            raise ValueError(f"kernel is {sides}; both must be odd, so that padding keeps the size")
        conv_params(self.in_channels, self.out_channels, sides, self.groups)  # groups must divide

    @property
    def params(self) -> int:
        """Its weights."""
        return conv_params(self.in_channels, self.out_channels, self.kernel, self.groups)

    def macs(self, size: int) -> int:
        """Multiply-accumulates for one image of `size` x `size` pixels."""
        sides = (check_int("size", size),) * 2
        return conv_macs(self.in_channels, self.out_channels, self.kernel, sides, self.groups)

    def moved(self, size: int) -> int:
        """Numbers that must travel between memory and processor: inputs, outputs and weights."""
        size = check_int("size", size)
        return (self.in_channels + self.out_channels) * size * size + self.params


def replacement(kind: str, channels: int, kernel: int = 3, groups: int = 4) -> list[Convolution]:
    """The convolutions that stand in for one of the same kernel and channels.

    Args:
        kind: a key of `KINDS`.
        channels: of the input and of the output.
        kernel: odd, from 3.
        groups: counts for "grouped" and "shuffled" only.

    Raises:
        ValueError: if the kernel is even or below 3, or if the channels cannot be divided as the
            kind asks.

    Sources:
        "stacked": Simonyan and Zisserman (2014), section 2.3;
        "factorised": Szegedy et al., "Rethinking the Inception architecture" (2015), section 3.2;
        "bottleneck": He et al. (2015), figure 5;
        "grouped": Krizhevsky et al. (2012), section 3.5;
        "separable": Howard et al., "MobileNets" (2017), section 3.1;
        "shuffled": Zhang et al., "ShuffleNet" (2017), section 3.2.

    Example:
        >>> [convolution.params for convolution in replacement("separable", 256)]
        [2304, 65536]
    """
    check_choice("kind", kind, tuple(KINDS))
    channels, groups = check_int("channels", channels), check_int("groups", groups)
    kernel = check_int("kernel", kernel, 3)
    if kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}; it must be odd, so that padding can keep the size")
    inner = channels // REDUCTION
    if kind in ("bottleneck", "shuffled") and channels % REDUCTION:
        raise ValueError(f"channels is {channels}; a bottleneck needs a multiple of {REDUCTION}")
    divided = {"grouped": channels, "shuffled": inner}.get(kind, groups)
    if divided % groups:
        raise ValueError(f"groups is {groups}; it must divide {divided} channels")

    square, point = (kernel, kernel), (1, 1)
    if kind == "stacked":
        return [Convolution(channels, channels, (3, 3)) for _ in range(kernel // 2)]
    if kind == "factorised":
        return [
            Convolution(channels, channels, (1, kernel)),
            Convolution(channels, channels, (kernel, 1)),
        ]
    if kind == "bottleneck":
        return [
            Convolution(channels, inner, point),
            Convolution(inner, inner, square),
            Convolution(inner, channels, point),
        ]
    if kind == "shuffled":
        return [
            Convolution(channels, inner, point, groups, shuffled=True),
            Convolution(inner, inner, square, inner),
            Convolution(inner, channels, point, groups),
        ]
    spatial = Convolution(
        channels, channels, square, {"standard": 1, "grouped": groups}.get(kind, channels)
    )
    return [spatial, Convolution(channels, channels, point)] if kind == "separable" else [spatial]


def shuffle(channels: int, groups: int) -> list[int]:
    """Where each channel comes from after a shuffle: the groups are dealt out like hands of cards.

    The same order as `x.view(n, groups, channels // groups, ...).transpose(1, 2).flatten(1, 2)`.

    Source:
        Zhang et al., "ShuffleNet" (2017), section 3.1.

    Example:
        >>> shuffle(6, 2)
        [0, 3, 1, 4, 2, 5]
    """
    channels, groups = check_int("channels", channels), check_int("groups", groups)
    if channels % groups:
        raise ValueError(f"groups is {groups}; it must divide {channels} channels")
    return [
        start + place
        for place in range(channels // groups)
        for start in range(0, channels, channels // groups)
    ]


def channels_seen(convolutions: Sequence[Convolution]) -> int:
    """How many input channels one output channel depends on, through all `convolutions`.

    Example:
        >>> channels_seen(replacement("depthwise", 64)), channels_seen(replacement("separable", 64))
        (1, 64)
    """
    if not convolutions:
        raise ValueError("convolutions is empty; give at least one")
    # Sets of channels, one bit each.
    seen = [1 << channel for channel in range(convolutions[0].in_channels)]
    for conv in convolutions:
        wide, out = conv.in_channels // conv.groups, conv.out_channels // conv.groups
        after: list[int] = []
        for group in range(conv.groups):
            union = 0
            for channel in seen[group * wide : (group + 1) * wide]:
                union |= channel
            after += [union] * out
        seen = (
            [after[source] for source in shuffle(conv.out_channels, conv.groups)]
            if conv.shuffled
            else after
        )
    return bin(seen[0]).count("1")
