"""The exercises of chapter 18."""

from __future__ import annotations

import resnet_lab as rl

from .forms import Choice, Code, Number


def exercise_1() -> Number:
    net = rl.resnet(18)
    table = rl.trace(net, (3, 224, 224))
    convolutions = [row for row in table if row.kind == "conv"]
    return Number(
        len(convolutions),
        slips=[
            (
                table.weight_layers,
                (
                    "That is the number in its name: it leaves out the projections and includes "
                    "the classifier."
                ),
            ),
            (
                table.weight_layers - 1,
                "Those are the convolutions on the main path. Add the projections.",
            ),
            (len(convolutions) + 1, "You counted the fully connected layer too."),
        ],
        hint="17 on the main path, and one projection for each stage that changes the shape.",
        solution=(
            f"1 + 2 · {sum(net.depths)} = {table.weight_layers - 1} on the main path and "
            f"{len(convolutions) - table.weight_layers + 1} projections: "
            f"{len(convolutions)}."
        ),
    )


def exercise_2() -> Number:
    resnet152 = rl.trace(rl.resnet(152), (3, 224, 224)).macs
    return Number(
        round(2 * resnet152 / 1e9, 1),
        tolerance=0.1,
        slips=[
            (
                round(resnet152 / 1e9, 1),
                "A multiply-accumulate is one multiplication and one addition.",
            ),
            (round(resnet152 / 2e9, 1), "The other way round: more operations than MACs."),
        ],
        hint="Two operations for each MAC.",
        solution=f"2 · {resnet152 / 1000000000.0:.1f} = {2 * resnet152 / 1000000000.0:.1f} G.",
    )


def exercise_3() -> Number:
    sizes = [n for n in range(1, 200) if rl.conv_output_size(n, 3, stride=2, padding=1) == 28]
    return Number(
        min(sizes),
        slips=[
            (
                max(sizes),
                (
                    "That one gives 28 too, but a smaller one does as well: the division is "
                    "rounded down."
                ),
            ),
            ((28 - 1) * 2 + 3, "You left out the padding: 2p is to be subtracted."),
            (28 * 2 - 3, "Count again: (28 − 1) · 2 + 3 − 2."),
        ],
        hint="Solve floor((n + 2 − 3)/2) + 1 = 28 for n. Two sizes do.",
        solution=(
            "(n − 1)/2, rounded down, must be 27: n − 1 is 54 or 55, so n is "
            f"{' or '.join(map(str, sizes))}."
        ),
    )


def exercise_4() -> Choice:
    return Choice(
        (
            "counting its parameters",
            "comparing input and output shapes",
            "zeroing the last BatchNorm’s scale and comparing the output with relu(x)",
            "training for longer",
        ),
        2,
        hints={
            0: "An identity shortcut has no parameters.",
            1: "The plain block has the same shapes.",
            3: "Plain blocks train too, up to a depth.",
        },
        hint="Which entry of this chapter is about it?",
        solution=(
            "With a branch of 0 only the shortcut is left, and the output must be relu(x). Entry 3."
        ),
    )


def exercise_5() -> Choice:
    return Choice(
        (
            "the best of the three best epochs",
            "the mean of the three best epochs",
            (
                "the test accuracy at an epoch that was chosen on validation data, for all "
                "three runs"
            ),
        ),
        2,
        hints={
            0: "Chosen twice over by luck.",
            1: "Every one of the three is still a maximum over epochs.",
        },
        hint="Which numbers were allowed to influence a choice?",
        solution=(
            "Choices are made on validation data; the test set is read once for each "
            "run, and all runs are reported, with their spread. Entry 6."
        ),
    )


def exercise_6() -> Code:
    batches = [([8, 9, 1], [10, 10, 2]), ([3, 3], [3, 4]), ([0, 128], [128, 128])]
    return Code(
        "def accuracy(right, sizes):\n    ...",
        [((right, sizes), sum(right) / sum(sizes)) for right, sizes in batches],
        "def accuracy(right, sizes):\n    return sum(right) / sum(sizes)",
        tolerance=1e-9,
        hint="Do not average the batches: add up, then divide once.",
    )


def exercise_7() -> Number:
    bias = rl.trace(rl.resnet(18), (3, 224, 224))
    wasted = sum(row.output_shape[0] for row in bias if row.kind == "conv")
    return Number(
        wasted,
        slips=[
            (
                sum(row.input_shape[0] for row in bias if row.kind == "conv"),
                "A bias belongs to each output channel, not to each input channel.",
            ),
            (
                sum(row.output_shape[0] for row in bias if row.kind == "conv" and row.on_main_path),
                "The projections are convolutions too.",
            ),
        ],
        hint=(
            "One bias for every output channel of every convolution: row.output_shape[0] "
            'where row.kind is "conv".'
        ),
        solution=(f'sum(row.output_shape[0] for row in table if row.kind == "conv") = {wasted:,}.'),
    )
