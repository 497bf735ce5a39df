"""Receptive fields that one interval cannot say: other along each axis, lost, or empty.

`arithmetic.ReceptiveField` is the usual case, alike along every axis. What stands here has the same
methods, and takes over where a kernel is 1 x 7, where positions are mixed, or where nothing of the
input is seen.
"""

from __future__ import annotations

from .arithmetic import ReceptiveField

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from .graph import Numbers

    Field: TypeAlias = "ReceptiveField | PerAxis | NoField"


class PerAxis:
    """A field that differs from axis to axis.

    Attributes:
        axes: the field along the height and along the width, say.
        size: along the axis on which it is widest.
        stride: along that axis.
        padding: along that axis.

    Example:
        >>> field = per_axis(ReceptiveField(), 2).through((1, 7), (1, 1), (0, 3), (1, 1))
        >>> [axis.size for axis in field.axes], field.size
        ([1, 7], 7)
    """

    def __init__(self, axes: Sequence[ReceptiveField]) -> None:
        self.axes = tuple(axes)
        widest = max(self.axes, key=lambda axis: axis.size)
        self.size, self.stride, self.padding = widest.size, widest.stride, widest.padding

    def through(
        self, kernel: Numbers, stride: Numbers = 1, padding: Numbers = 0, dilation: Numbers = 1
    ) -> Field:
        """The field after one more layer, whose numbers are for all axes or one for each."""
        number = len(self.axes)
        windows = [spread(value, number) for value in (kernel, stride, padding, dilation)]
        return joined(
            [
                axis.through(*[window[place] for window in windows])
                for place, axis in enumerate(self.axes)
            ]
        )

    def beside(self, other: Field) -> Field:
        """The field of a sum of two branches. Raises ValueError if their strides differ."""
        if isinstance(other, NoField):
            return other.beside(self)
        others = axes_of(other, len(self.axes))
        return joined([one.beside(two) for one, two in zip(self.axes, others, strict=True)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PerAxis) and self.axes == other.axes

    def __hash__(self) -> int:
        return hash(str(self.axes))

    def __repr__(self) -> str:
        return f"PerAxis({list(self.axes)!r})"


class NoField:
    """What has no receptive field: positions are mixed, or nothing of the input is seen.

    Attributes:
        size: None; 0 where nothing of the input is seen.
    """

    stride = padding = 1

    def __init__(self, size: int | None = None) -> None:
        self.size: Any = size  # what asks for a field's size expects a number

    def through(
        self, kernel: Numbers, stride: Numbers = 1, padding: Numbers = 0, dilation: Numbers = 1
    ) -> Field:
        """Itself: no layer brings a field back."""
        return self

    def beside(self, other: Field) -> Field:
        """The other one where nothing is seen here."""
        return other if self.size == 0 or other.size is None else self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoField) and self.size == other.size

    def __hash__(self) -> int:
        return hash(self.size)

    def __repr__(self) -> str:
        return "NOTHING" if self.size == 0 else "LOST"


LOST = NoField()
NOTHING = NoField(0)


def spread(value: Numbers, number: int) -> tuple[int, ...]:
    """One number for each axis."""
    return value if isinstance(value, tuple) else (value,) * number


def axes_of(field: ReceptiveField | PerAxis, number: int) -> tuple[ReceptiveField, ...]:
    """The field along each of so many axes."""
    return field.axes if isinstance(field, PerAxis) else (field,) * number


def per_axis(field: Field, number: int) -> PerAxis | NoField:
    """The same field, ready for a layer whose numbers differ from axis to axis.

    Example:
        >>> per_axis(ReceptiveField(), 2) == PerAxis((ReceptiveField(), ReceptiveField()))
        True
    """
    return PerAxis((field,) * number) if isinstance(field, ReceptiveField) else field


def joined(axes: Sequence[ReceptiveField]) -> Field:
    """Fields along each axis as one, plain where they are the same."""
    return axes[0] if all([axis == axes[0] for axis in axes]) else PerAxis(axes)


def beside(field: Field, other: Field) -> Field:
    """The field of a sum of two branches, of whatever sort theirs are.

    Example:
        >>> shortcut = ReceptiveField()
        >>> beside(shortcut, shortcut.through(3, padding=1)).size
        3
    """
    if isinstance(field, ReceptiveField) and isinstance(other, ReceptiveField):
        return field.beside(other)
    return other.beside(field) if isinstance(field, ReceptiveField) else field.beside(other)


def growth(before: Field, after: Field) -> Field:
    """What a block adds to the size and the padding of the field before it."""
    if isinstance(before, ReceptiveField) and isinstance(after, ReceptiveField):
        return ReceptiveField(after.size - before.size, 1, after.padding - before.padding)
    if isinstance(before, NoField) or isinstance(after, NoField):
        return ReceptiveField(0, 1, 0)
    wide = before if isinstance(before, PerAxis) else after
    number = len(wide.axes) if isinstance(wide, PerAxis) else 1
    pairs = zip(axes_of(before, number), axes_of(after, number), strict=True)
    return PerAxis([ReceptiveField(b.size - a.size, 1, b.padding - a.padding) for a, b in pairs])


def grown(field: Field, by: Field, number: int) -> Field:
    """A field in the copy of a block so many on, each of which adds the growth `by`."""
    if isinstance(field, ReceptiveField) and isinstance(by, ReceptiveField):
        padding = field.padding + number * by.padding
        return ReceptiveField(field.size + number * by.size, field.stride, padding)
    if isinstance(field, NoField) or isinstance(by, NoField):
        return field
    wide = field if isinstance(field, PerAxis) else by
    count = len(wide.axes) if isinstance(wide, PerAxis) else 1
    pairs = zip(axes_of(field, count), axes_of(by, count), strict=True)
    return joined(
        [
            ReceptiveField(a.size + number * b.size, a.stride, a.padding + number * b.padding)
            for a, b in pairs
        ]
    )


def text(field: Field, gated: bool = False) -> str:
    """A field's size for a table: 427, 7 × 1 where axes differ, 427 / all with a gate, or a dash.

    Example:
        >>> text(ReceptiveField(427, 32, 197)), text(LOST), text(ReceptiveField(11, 4, 5), True)
        ('427', '–', '11 / all')
    """
    if isinstance(field, PerAxis):
        words = " × ".join([f"{axis.size:,}" for axis in field.axes])
    elif not field.size:
        return "–"
    else:
        words = f"{field.size:,}"
    return words + " / all" * gated
