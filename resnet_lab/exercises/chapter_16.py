"""The exercises of chapter 16."""

from __future__ import annotations

from math import perm

from .. import probes, recorded
from .drawing import Draw, in_words
from .forms import Choice, Code, Number


def exercise_1(draw: Draw) -> Number:
    blocks, taken = draw(10, range(6, 13)), draw(3, (2, 3, 4))
    paths = probes.path_counts(blocks)[taken]
    all_of_them, these = in_words(blocks), in_words(taken)
    product = " · ".join([str(blocks - left) for left in range(taken)])
    orders = " · ".join([str(1 + left) for left in range(taken)])
    return Number(
        paths,
        question=(
            f"How many paths of a residual network with {blocks} blocks go through exactly {taken} "
            "branches?"
        ),
        slips=[
            (2**blocks, "That is the number of all paths."),
            (
                blocks * taken,
                f"Not {all_of_them} times {these}: choose which {these} of the {all_of_them} "
                "blocks it goes through.",
            ),
            (perm(blocks, taken), f"The order in which you choose the {these} does not matter."),
        ],
        hint=f"Choose {taken} of the {blocks} branches.",
        solution=f"{product} / ({orders}) = {paths}.",
    )


def exercise_2(draw: Draw) -> Number:
    blocks = draw(54, (9, 15, 18, 21, 27, 30, 36, 45, 54))
    off = draw(1, (2, 3, 4))
    kept = 2 ** (blocks - off) / 2**blocks
    remain = f"2^{blocks - off} of 2^{blocks} remain, {100 * kept:g} %."
    if off == 1:
        silent, leave = "the one that is off", "one block leaves it only one"
        solution = f"Half of all paths went through that branch: {remain}"
    else:
        silent, leave = "none of those that are off", f"{off} blocks leave it only one each"
        solution = f"Each of the {off} takes half of the paths that were left: {remain}"
    return Number(
        100 * kept,
        question=(
            f"A network has {blocks} residual blocks, and the branches of {off} of them are "
            "switched off. What percentage of its paths is left?"
        ),
        tolerance=0.01,
        slips=[
            (
                100 * (blocks - off) / blocks,
                f"Of the blocks, yes. But how many paths go through {silent}?",
            ),
            (0, "That would be a plain network."),
        ],
        hint=f"In every block a path has two choices; now {leave}.",
        solution=solution,
    )


def exercise_3() -> Choice:
    runs = recorded.why_it_works("paths", network="residual-56")
    before, after = (
        sum(sum(k * share for k, share in enumerate(run[when])) for run in runs) / len(runs)
        for when in ("before", "after")
    )
    return Choice(
        (
            "through fewer branches than before",
            "through more branches than before",
            "through as many: the paths are the same",
        ),
        0 if after < before - 1 else 1 if after > before + 1 else 2,
        hints={
            1: "Look at the picture of the network with 27 blocks.",
            2: "The paths are the same. What they carry is not.",
        },
        hint="Compare the two coloured lines.",
        solution=f"Through fewer: {before:.1f} branches on average before, {after:.1f} after.",
    )


def exercise_4(draw: Draw) -> Number:
    block = draw(9, range(3, 25))
    return Number(
        1 / (block + 1),
        question=(
            "Derive it: the input of a residual network has variance 1, and BatchNorm gives every "
            f"branch a variance of 1. What is the share of block {block}'s branch in the variance "
            "of that block's sum?"
        ),
        tolerance=0.0005,
        slips=[
            (1 / block, "The input's own variance of 1 is in the sum as well."),
            (0.5, "That is the first block."),
        ],
        hint="What arrives has the variance 1 of the input and 1 of each block before.",
        solution=f"The branch has variance 1, the sum 1 + {block}: 1/{block + 1}.",
    )


def exercise_5(draw: Draw) -> Number:
    blocks = draw(10, (5, 6, 7, *range(9, 21)))
    return Number(
        2**blocks,
        question=(
            "Without BatchNorm each branch has the variance of what arrives at its block. By what "
            f"factor has the variance grown after {blocks} blocks?"
        ),
        slips=[
            (blocks + 1, "That is with BatchNorm in the branches, where each adds 1."),
            (blocks * 2, "Each block doubles what the one before has doubled."),
            (2 ** (blocks / 2), "That is the factor of the size; the variance is its square."),
        ],
        hint="The sum of two equal variances is twice as large. And then again.",
        solution=f"2 · 2 · … · 2 = 2^{blocks} = {2**blocks:,}.",
    )


def exercise_6() -> Choice:
    return Choice(
        ("a narrower valley", "the same valley", "a wider, flatter valley"),
        2,
        hints={
            0: "A step of length 1 is a smaller part of longer weights.",
            1: "The network computes the same. But how much does a step of length 1 change it?",
        },
        hint="By what part of itself does such a step change the weights?",
        solution=(
            "Wider, by a factor of 10, though it is the same network: under BatchNorm only the "
            "direction of a filter counts. That is why the directions are as long as the filters."
        ),
    )


def exercise_7() -> Code:
    return Code(
        "def lengths(blocks):\n    ...",
        [((blocks,), probes.path_counts(blocks)) for blocks in (1, 2, 5, 16)],
        (
            "def lengths(blocks):\n"
            "    counts = [1]\n"
            "    for _ in range(blocks):\n"
            "        taken, skipped = [0] + counts, counts + [0]\n"
            "        counts = [a + b for a, b in zip(taken, skipped)]\n"
            "    return counts"
        ),
        hint="With one more block every path comes twice: once as it is, once a branch longer.",
    )
