"""The exercises of chapter 16."""

from __future__ import annotations

from .. import probes, recorded
from .forms import Choice, Code, Number


def exercise_1() -> Number:
    counts = probes.path_counts(10)
    return Number(
        counts[3],
        slips=[
            (2**10, "That is the number of all paths."),
            (30, "Not ten times three: choose which three of the ten blocks it goes through."),
            (10 * 9 * 8, "The order in which you choose the three does not matter."),
        ],
        hint="Choose 3 of the 10 branches.",
        solution=f"10 · 9 · 8 / (1 · 2 · 3) = {counts[3]}.",
    )


def exercise_2() -> Number:
    kept = 2**53 / 2**54
    return Number(
        100 * kept,
        tolerance=0.01,
        slips=[
            (
                100 * 53 / 54,
                "Of the blocks, yes. But how many paths go through the one that is off?",
            ),
            (0, "That would be a plain network."),
        ],
        hint="In every block a path has two choices; now one block leaves it only one.",
        solution="Half of all paths went through that branch: 2^53 of 2^54 remain, 50 %.",
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


def exercise_4() -> Number:
    block = 9
    return Number(
        1 / (block + 1),
        tolerance=0.0005,
        slips=[
            (1 / block, "The input's own variance of 1 is in the sum as well."),
            (0.5, "That is the first block."),
        ],
        hint="What arrives has the variance 1 of the input and 1 of each block before.",
        solution="The branch has variance 1, the sum 1 + 9: 1/10.",
    )


def exercise_5() -> Number:
    blocks = 10
    return Number(
        2**blocks,
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
