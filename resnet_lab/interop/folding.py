"""Blocks that repeat: found in a list of layers, and folded into one with its number of copies."""

from __future__ import annotations

from dataclasses import replace

from ..graph import Graph, Layer, index_place, shifted
from ..rows import Row

Pair = tuple[Layer, Row]


def folded(graph: Graph, rows: list[Row]) -> Graph:
    """The same network, a block that follows another of its kind standing for all after it.

    The first of a stage stays by itself, as it does in a description: what reaches it may differ.

    Args:
        graph: with every layer written out.
        rows: of its layers, which have to be alike too.
    """
    layers, kept, place = list(zip(graph.layers, rows, strict=True)), list[Layer](), 0
    repeats: list[tuple[int, int, int]] = []
    while place < len(layers):
        size, copies, index = repetition(layers, place)
        if index == 0 and copies > 1:
            kept += graph.layers[place : place + size]
            place, copies = place + size, copies - 1
        if copies > 1:
            repeats.append((len(kept), len(kept) + size, copies))
        kept += graph.layers[place : place + size]
        place += size * copies
    short = Graph(graph.name, kept, graph.dims, graph.in_channels, tuple(repeats), graph.notes)
    return short if short.written_out() == graph.layers else graph


def repetition(layers: list[Pair], first: int) -> tuple[int, int, int]:
    """What begins at a place: a block's layers, how many such follow each other, its index.

    A layer that begins no block is a block by itself.
    """
    parts = layers[first][0].name.split(".")
    for place, word in enumerate(parts[:-1]):
        prefix = ".".join(parts[: place + 1]) + "."
        begins = first == 0 or not layers[first - 1][0].name.startswith(prefix)
        digits = word[len(word.rstrip("0123456789")) :]
        if not digits or not begins:
            continue
        size = run_of(layers, first, prefix)
        if index_place([layer for layer, _ in layers[first : first + size]]) != place:
            continue
        copies = 1
        while is_copy(layers, first, size, copies, place):
            copies += 1
        if copies > 1:
            return size, copies, int(digits)
    return 1, 1, 0


def run_of(layers: list[Pair], first: int, prefix: str) -> int:
    """How many layers from a place on have names that begin so."""
    stop = first
    while stop < len(layers) and layers[stop][0].name.startswith(prefix):
        stop += 1
    return stop - first


def is_copy(layers: list[Pair], first: int, size: int, number: int, place: int) -> bool:
    """Whether the block that many further on is the first again, with its index shifted."""
    start = first + number * size
    prefix = shifted(".".join(layers[first][0].name.split(".")[: place + 1]), number, place) + "."
    if run_of(layers, start, prefix) != size:
        return False
    pairs = zip(layers[first:], layers[start : start + size], strict=False)
    for (layer, row), (other, its_row) in pairs:
        if counts(row) != counts(its_row):
            return False
        try:
            inputs = tuple([shifted(name, number, place) for name in layer.inputs])
            if replace(layer, name=shifted(layer.name, number, place), inputs=inputs) != other:
                return False
        except (IndexError, ValueError):
            return False
    return True


def counts(row: Row) -> tuple[object, ...]:
    """What rows of copies have in common."""
    shapes = row.input_shape, row.output_shape
    return *shapes, row.params, row.macs, row.gated, row.field.size is None, row.field.stride
