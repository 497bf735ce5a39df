"""The exercises of chapter 18."""

from __future__ import annotations

import resnet_lab as rl

from .drawing import Draw
from .forms import Choice, Code, Number

# Blocks in four stages. With these no network has the name of another one in the book.
DEPTHS = (
    (1, 2, 2, 2),
    (2, 3, 4, 2),
    (2, 3, 5, 3),
    (2, 4, 8, 3),
    (3, 4, 6, 3),
    (3, 4, 9, 3),
    (3, 6, 11, 3),
)


def listed(depths: tuple[int, ...]) -> str:
    """Numbers as a sentence has them: 2, 3, 4 and 2."""
    return ", ".join([str(each) for each in depths[:-1]]) + f" and {depths[-1]}"


def exercise_1(draw: Draw) -> Number:
    kind, depths = draw("basic", ("basic", "bottleneck")), draw((2, 2, 2, 2), DEPTHS)
    table = rl.trace(rl.ResNet(kind, depths), (3, 224, 224))
    named, each = table.weight_layers, 2 if kind == "basic" else 3
    convolutions = len([row for row in table if row.kind == "conv"])
    return Number(
        convolutions,
        question=(
            f"ResNet-{named} has {listed(depths)} {kind} blocks in its four stages, each with "
            f"{each} convolutions on the main path. How many convolutions does it contain, the "
            "first one and the projections included?"
        ),
        slips=[
            (
                named,
                (
                    "That is the number in its name: it leaves out the projections and includes "
                    "the classifier."
                ),
            ),
            (named - 1, "Those are the convolutions on the main path. Add the projections."),
            (convolutions + 1, "You counted the fully connected layer too."),
        ],
        hint=(
            f"{named - 1} on the main path, and one projection for each stage that changes the "
            "shape."
        ),
        solution=(
            f"1 + {each} · {sum(depths)} = {named - 1} on the main path and "
            f"{convolutions - named + 1} projections: {convolutions}."
        ),
    )


def exercise_2(draw: Draw) -> Number:
    # With all of these twice the rounded MACs are the rounded operations.
    small = [(18, 224), (18, 288), (34, 192), (34, 256), (50, 160), (50, 192), (50, 224)]
    large = [(101, 160), (101, 224), (101, 256), (101, 288), (152, 160), (152, 320)]
    depth, size = draw((152, 224), small + large)
    macs = rl.trace(rl.resnet(depth), (3, size, size)).macs
    return Number(
        round(2 * macs / 1e9, 1),
        question=(
            f"ResNet-{depth} needs {macs / 1e9:.1f} G multiply-accumulates for one image of "
            f"{size} × {size}. How many G floating-point operations are that, about?"
        ),
        tolerance=0.1,
        slips=[
            (round(macs / 1e9, 1), "A multiply-accumulate is one multiplication and one addition."),
            (round(macs / 2e9, 1), "The other way round: more operations than MACs."),
        ],
        hint="Two operations for each MAC.",
        solution=f"2 · {macs / 1e9:.1f} = {2 * macs / 1e9:.1f} G.",
    )


def exercise_3(draw: Draw) -> Number:
    out = draw(28, range(10, 57))
    padding, stride = draw((1, 2), ((1, 2), (2, 2), (2, 3), (2, 4), (3, 2), (3, 3), (3, 4)))
    kernel = 2 * padding + 1
    sizes = [n for n in range(1, 250) if rl.conv_output_size(n, kernel, stride, padding) == out]
    *others, largest = [n - 1 for n in sizes]
    return Number(
        min(sizes),
        question=(
            f"Derive it. A {kernel} × {kernel} convolution of stride {stride} and padding "
            f"{padding} puts out {out} pixels. What is the smallest input that it can have had?"
        ),
        slips=[
            (
                max(sizes),
                (
                    f"That one gives {out} too, but a smaller one does as well: the division is "
                    "rounded down."
                ),
            ),
            ((out - 1) * stride + kernel, "You left out the padding: 2p is to be subtracted."),
            (
                out * stride - kernel,
                f"Count again: ({out} − 1) · {stride} + {kernel} − {2 * padding}.",
            ),
        ],
        hint=(
            f"Solve floor((n + {2 * padding} − {kernel})/{stride}) + 1 = {out} for n. "
            f"{('Two', 'Three', 'Four')[stride - 2]} sizes do."
        ),
        solution=(
            f"(n − 1)/{stride}, rounded down, must be {out - 1}: n − 1 is "
            f"{', '.join(map(str, others))} or {largest}, so n is "
            f"{', '.join(map(str, sizes[:-1]))} or {sizes[-1]}."
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


def exercise_7(draw: Draw) -> Number:
    kind, depths = draw("basic", ("basic", "bottleneck")), draw((2, 2, 2, 2), DEPTHS)
    table = rl.trace(rl.ResNet(kind, depths), (3, 224, 224))
    convolutions = [row for row in table if row.kind == "conv"]
    wasted = sum([row.output_shape[0] for row in convolutions])
    return Number(
        wasted,
        question=(
            f"Build it and measure: ResNet-{table.weight_layers} has {listed(depths)} {kind} "
            "blocks in its four stages. How many parameters would it carry for nothing if all its "
            f'convolutions had a bias? (<code>rl.trace(rl.ResNet("{kind}", {depths}), '
            "(3, 224, 224))</code> has a row for every layer.)"
        ),
        slips=[
            (
                sum([row.input_shape[0] for row in convolutions]),
                "A bias belongs to each output channel, not to each input channel.",
            ),
            (
                sum([row.output_shape[0] for row in convolutions if row.on_main_path]),
                "The projections are convolutions too.",
            ),
        ],
        hint=(
            "One bias for every output channel of every convolution: row.output_shape[0] "
            'where row.kind is "conv".'
        ),
        solution=(f'sum(row.output_shape[0] for row in table if row.kind == "conv") = {wasted:,}.'),
    )
