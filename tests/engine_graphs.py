"""Networks for the engine's tests: the package's descriptions, some by hand, some at random."""

import random

from resnet_lab import ResNet


def layer(name, kind, inputs, channels, **settings):
    """One layer of a graph, as the package writes it for the engine."""
    values = {
        "kernel": 1,
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "groups": 1,
        "bias": False,
        "output_size": None,
    }
    return {
        "name": name,
        "kind": kind,
        "inputs": list(inputs),
        "channels": channels,
        **values,
        **settings,
    }


class Sketch:
    """A graph that grows: `put` adds a layer after the last, or after `inputs`, and names it."""

    def __init__(self, name, in_channels, dims=2):
        self.graph = {"name": name, "dims": dims, "in_channels": in_channels, "layers": []}
        self.channels, self.last = {"input": in_channels}, "input"

    def put(self, kind, *inputs, channels=None, name=None, **settings):
        inputs = inputs or (self.last,)
        if channels is None:
            channels = self.channels[inputs[0]]
        name = base = name or f"{kind}{len(self.graph['layers'])}"
        copies = 1
        while name in self.channels:
            copies += 1
            name = f"{base}:{copies}"
        self.graph["layers"].append(layer(name, kind, inputs, channels, **settings))
        self.channels[name], self.last = channels, name
        return name

    def conv(self, channels, kernel=3, *inputs, **settings):
        settings = {"padding": kernel // 2, **settings}
        return self.put("conv", *inputs, channels=channels, kernel=kernel, **settings)

    def classify(self, classes=4):
        """Global average, flatten, linear."""
        self.put("avgpool", output_size=1)
        self.put("flatten")
        self.put("linear", channels=classes, bias=True, name="fc")
        return self.graph


def described():
    """Graphs of descriptions, each with its description and the shape of its input."""
    small = dict(stem="3x3", in_channels=3, classes=5)
    nets = [
        (ResNet("bottleneck", (1, 1), (4, 8), version=version, **small), 9) for version in (1, 1.5)
    ]
    nets += [
        (ResNet("basic", (1, 2), (4, 8), shortcut=shortcut, **small), 8)
        for shortcut in ("A", "B", "C", "none")
    ]
    nets += [
        (ResNet(block, (2, 1), (4, 8), version=2, shortcut=shortcut, **small), 7)
        for block in ("basic", "bottleneck")
        for shortcut in ("A", "B")
    ]
    nets += [
        (ResNet("basic", (2, 1), (4, 6), shortcut="C", fusion="concat", **small), 8),
        (ResNet("single", (2, 2), (4, 8), **small), 6),
        (ResNet("basic", (1, 1), (4, 8), stem="7x7", classes=5), 23),
        (ResNet("basic", (1, 1), (4, 8), kernel=5, **small), 8),
        (
            ResNet(
                "basic",
                (1, 1),
                (4, 8),
                stem="3x3",
                in_channels=1,
                classes=5,
                dims=1,
                head="flatten",
                input_size=30,
            ),
            30,
        ),
        (ResNet("bottleneck", (1, 1), (2, 4), **{**small, "in_channels": 2, "dims": 1}), 17),
        (ResNet("basic", (1, 1), (4, 8), head="flatten", input_size=16, **small), 16),
        (ResNet("basic", (2,), (8,), kernel=1, **{**small, "in_channels": 2}), 1),
        (ResNet("basic", (1, 2), (16, 32), se=True, **small), 7),
    ]
    return [
        (net, net.graph().to_dict(), (net.in_channels, *[size] * net.dims)) for net, size in nets
    ]


def by_hand():
    """Graphs of what the descriptions do not have, each with the shape of its input."""
    graphs = []

    net = Sketch("inception", 3)
    start = net.conv(6, bias=True)
    one = net.conv(3, 1, start)
    net.conv(2, 1, start)
    two = net.conv(4, 3)
    net.put("maxpool", start, kernel=3, stride=1, padding=1)
    three = net.conv(2, 1)
    net.put("concat", one, two, three, channels=9)
    net.put("tanh")
    graphs.append((net.classify(), (3, 8, 8)))

    net = Sketch("separable", 3)
    net.conv(6, groups=3, stride=2)
    net.put("batchnorm")
    net.conv(6, groups=6, kernel=5)
    net.conv(9, 1, groups=3, bias=True)
    net.put("relu")
    net.conv(9, 3, groups=9, dilation=2, padding=2)
    graphs.append((net.classify(), (3, 11, 9)))

    net = Sketch("sizes", 2)
    net.conv(5, 4, stride=3, padding=2)
    net.conv(5, 2, padding=3, dilation=2)
    net.put("maxpool", kernel=3, stride=2)
    net.conv(4, 1, stride=2, padding=1)
    net.put("avgpool", kernel=2, stride=1, padding=1)
    net.conv(4, 3, stride=2, padding=0, dilation=1)
    net.put("avgpool", output_size=2)
    graphs.append((net.classify(), (2, 19, 22)))

    net = Sketch("signal", 2, dims=1)
    net.conv(4, 7, stride=2)
    net.put("maxpool", kernel=3, stride=2, padding=1)
    net.put("batchnorm")
    net.conv(6, 3, dilation=3, padding=3, groups=2)
    net.put("sigmoid")
    net.put("avgpool", output_size=5)
    graphs.append((net.classify(), (2, 40)))

    net = Sketch("perceptron", 3)
    net.put("flatten", channels=12)
    net.put("linear", channels=7)
    net.put("relu")
    net.put("linear", channels=4, bias=True)
    graphs.append((net.graph, (3, 2, 2)))
    return graphs


def at_random(seed):
    """A random graph and the shape of its input: any kinds, sizes and branches that fit."""
    draw = random.Random(seed)
    dims = draw.choice((1, 2, 2))
    channels = draw.choice((1, 2, 3))
    shape = (channels, *[draw.randint(5, 12) for _ in range(dims)])
    net, sizes = Sketch(f"random {seed}", channels, dims), list(shape[1:])

    def window(kernel, stride, padding, dilation=1):
        after = [(n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 for n in sizes]
        return after if min(after) > 1 else None

    def convolve(width, keep=False):
        kernel = draw.choice((1, 2, 3, 4, 5))
        dilation, stride = draw.choice((1, 1, 2)), draw.choice((1, 1, 1, 2, 3))
        padding = draw.randint(0, 3)
        if keep:
            kernel, stride = draw.choice((1, 3, 5)), 1
            padding = dilation * (kernel - 1) // 2
        after = window(kernel, stride, padding, dilation)
        if after is None:
            kernel, stride, padding, dilation, after = 1, 1, 0, 1, list(sizes)
        both = [g for g in (1, 2, 3, 4) if not net.channels[net.last] % g and not width % g]
        sizes[:] = after
        net.conv(
            width,
            kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=draw.choice(both),
            bias=draw.random() < 0.4,
        )

    convolve(draw.choice((2, 4, 6)))
    for _ in range(draw.randint(2, 6)):
        width, start = net.channels[net.last], net.last
        kind = draw.choice(
            ("conv", "conv", "norm", "pool", "curve", "add", "concat", "gate", "pad")
        )
        if kind == "conv":
            convolve(draw.choice((2, 3, 4, 6)))
        elif kind == "norm":
            net.put("batchnorm")
        elif kind == "pool":
            kernel = draw.choice((2, 3))
            stride, padding = draw.choice((1, 2)), draw.choice((0, 1))
            after = window(kernel, stride, padding)
            if after:
                sizes[:] = after
                net.put(
                    draw.choice(("maxpool", "avgpool")),
                    kernel=kernel,
                    stride=stride,
                    padding=padding,
                )
        elif kind == "curve":
            net.put(draw.choice(("relu", "tanh", "sigmoid")))
        elif kind == "add":
            convolve(width, keep=True)
            net.put("batchnorm")
            net.put("add", *draw.sample([net.last, start], 2))
            net.put("relu")
        elif kind == "concat":
            convolve(draw.choice((1, 2, 3)), keep=True)
            net.put("concat", start, net.last, channels=width + net.channels[net.last])
        elif kind == "gate":
            net.put("avgpool", output_size=1)
            net.conv(width, 1, bias=True)
            net.put("sigmoid")
            net.put("multiply", start, net.last)
        else:
            stride = draw.choice((1, 2))
            sizes[:] = [-(-n // stride) for n in sizes]
            net.put("zero-pad", channels=width + draw.choice((0, 2)), stride=stride)
    return net.classify(draw.choice((2, 4, 5))), shape
