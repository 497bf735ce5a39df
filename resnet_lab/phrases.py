"""Differences between networks in words that a student understands."""

from __future__ import annotations

from .graph import block_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .comparing import Alignment, Node
    from .graph import Layer

    Text = tuple[str, str]  # what sort of difference, and the sentence

KINDS = {
    "conv": "convolution",
    "linear": "fully connected layer",
    "batchnorm": "BatchNorm",
    "layernorm": "LayerNorm",
    "groupnorm": "GroupNorm",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "gelu": "GELU",
    "silu": "SiLU",
    "maxpool": "max pooling",
    "avgpool": "average pooling",
    "mean": "average over all positions",
    "add": "addition",
    "concat": "concatenation",
    "multiply": "multiplication",
    "zero-pad": "zero-padded shortcut",
    "dropout": "dropout",
}
WEIGHTS = ("conv", "linear", "transposed-conv", "attention")


def size(value: object) -> str:
    """A kernel or another number of every axis: 3×3, 1×7."""
    return "×".join([str(each) for each in (value if isinstance(value, tuple) else (value, value))])


def words(layer: Layer) -> str:
    """A layer with its article: a 3×3 convolution of stride 2 with 64 channels."""
    name = KINDS.get(layer.kind, layer.kind)
    if layer.kind == "conv":
        step = f" of stride {layer.stride}" if layer.stride != 1 else ""
        return f"a {size(layer.kernel)} convolution{step} with {layer.channels} channels"
    if layer.kind == "linear":
        return f"a fully connected layer with {layer.channels} outputs"
    if layer.kind in ("maxpool", "avgpool") and layer.output_size is None:
        return f"{'an' if name[0] in 'aeiou' else 'a'} {size(layer.kernel)} {name}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def several(nodes: list[Node]) -> str:
    """Layers in a row: a BatchNorm and a ReLU."""
    texts = [words(node.layer) for node in nodes]
    if len(texts) > 4:
        convs = sum([node.layer.kind == "conv" for node in nodes])
        return f"{len(texts)} layers, {convs} of them convolutions"
    return ", ".join(texts[:-1]) + " and " * (len(texts) > 1) + texts[-1]


def attribute(one: list[Node], two: list[Node], i: int, j: int, name: str) -> list[Text]:
    """How two layers of the same place differ in their own numbers."""
    ours, theirs = one[i].layer, two[j].layer
    if one[i].like(two[j]):
        return []
    where = ours.name
    if ours.kind != theirs.kind:
        text = f"{where} is {words(ours)}; {name} has {words(theirs)} there ({theirs.name})."
        return [(f"{ours.kind} for {theirs.kind}", text)]
    changed = [key for key, value in one[i].own().items() if value != two[j].own()[key]]
    key = f"{ours.kind} {' '.join(changed)}"
    if "stride" in changed and ours.kind == "conv":
        moved = moved_stride(one, two, i, j, name)
        if moved:
            return moved
    if "kernel" in changed and ours.kind == "conv":
        text = f"{where} is {words(ours)}; {name} has {words(theirs)} there."
        if theirs.kernel == 1 and is_projection(where):
            text += " A projection is to fit the channels and needs no neighbours."
        return [(key, text)]
    if changed == ["bias"]:
        return [(key, bias(one, i, ours, name))]
    texts = []
    for attribute in changed:
        noun = attribute.replace("_", " ") + " "
        values = [f"{noun}{getattr(layer, attribute)}" for layer in (ours, theirs)]
        if attribute == "channels":
            noun = "outputs" if ours.kind == "linear" else "channels"
            values = [f"{ours.channels} {noun}", f"{theirs.channels}"]
        texts.append(f"{values[0]} where {name} has {values[1]}")
    what = KINDS.get(ours.kind, ours.kind)
    if ours.kind == "conv":
        what = f"{size(ours.kernel)} {what}"
    return [(key, f"{where} ({what}): {', '.join(texts)}.")]


def is_projection(name: str) -> bool:
    """Whether a layer's name says that it stands in a shortcut."""
    return any([part in name for part in ("downsample", "shortcut", "proj", "skip")])


def bias(one: list[Node], i: int, layer: Layer, name: str) -> str:
    """A bias that the other has not, or the other way round."""
    if not layer.bias:
        return f"{layer.name} has no bias; {name} has one there."
    text = f"{layer.name} has a bias, which {name} has not."
    followers = [node for node in one[i + 1 :] if i in node.reads]
    if followers and followers[0].layer.kind == "batchnorm":
        text += (
            f" The BatchNorm after it ({followers[0].layer.name}) subtracts the mean and the bias "
            "with it, so that it is never used."
        )
    return text


def moved_stride(one: list[Node], two: list[Node], i: int, j: int, name: str) -> list[Text]:
    """A stride that stands in another convolution of the same block, or in both."""
    ours, theirs = one[i].layer, two[j].layer
    for node, other in zip(one[i + 1 : i + 8], two[j + 1 : j + 8], strict=False):
        pair = node.layer, other.layer
        if [layer.kind for layer in pair] != ["conv", "conv"]:
            continue
        if pair[0].stride == theirs.stride and pair[1].stride == ours.stride != theirs.stride:
            here, there = (ours, pair[1]) if ours.stride != 1 else (pair[0], theirs)
            text = (
                f"The stride stands elsewhere: {here.name} ({size(here.kernel)}) has stride "
                f"{here.stride}; in {name} it is {there.name} ({size(there.kernel)})."
            )
            return [("moved stride", text)]
        break
    earlier = [
        node.layer
        for node in one[max(0, i - 6) : i]
        if node.layer.kind == "conv" and node.layer.name.split(".")[:2] == ours.name.split(".")[:2]
    ]
    if ours.stride != 1 and earlier and earlier[-1].stride == ours.stride:
        text = (
            f"{ours.name} has stride {ours.stride} as well as {earlier[-1].name} before it; in "
            f"{name} only the first has, so that here the size is halved twice."
        )
        return [("both strides", text)]
    return []


def extra(pair: Alignment, i: int, j: int, more: int, fewer: int) -> list[Text]:
    """Layers that only one of the two networks has, or other ones in either.

    Args:
        pair: the networks.
        i: where they begin in the network in question.
        j: where they begin in the other.
        more: how many it has.
        fewer: how many the other has.
    """
    name = pair.name
    place = f"after {pair.one[i - 1].layer.name}" if i else "at the beginning"
    if more and fewer:
        return other_layers(pair.one[i : i + more], pair.two[j : j + fewer], name)
    here, net, first, count = (True, pair.one, i, more) if more else (False, pair.two, j, fewer)
    nodes = net[first : first + count]
    kinds = [node.layer.kind for node in nodes]
    key = f"{'more' if here else 'fewer'} {' '.join(kinds[:4])}"
    found = whole_blocks(net, nodes)
    owner = "here" if here else f"in {name}"
    if found:
        text = "One block more" if len(found) == 1 else f"{len(found)} blocks more"
        return [("blocks", f"{text} {owner}: {', '.join(found)} ({several(nodes)}), {place}.")]
    if "add" in kinds or "concat" in kinds:
        join = next(node.layer.name for node in nodes if node.layer.kind in ("add", "concat"))
        if here:
            return [("join", f"{join} joins two branches {place}; {name} does not do that.")]
        text = f"Nothing is added {place}: the block's input is lost; in {name} {join} adds it."
        return [("join", text)]
    if "multiply" in kinds:
        gate = f"A gate more {owner}: {several(nodes)}, from {nodes[0].layer.name} on, {place}."
        return [("gate", gate)]
    if kinds == ["relu"] and here and reader_of(net, first) in ("add", "concat"):
        relu = nodes[0].layer.name
        return [(key, f"A ReLU stands before the addition ({relu}); {name} has none there.")]
    what = several(nodes)
    what = what[0].upper() + what[1:]
    if here:
        names = ", ".join([node.layer.name for node in nodes[:4]])
        return [(key, f"{what} more than in {name}: {names}, {place}.")]
    verb = "is" if len(nodes) == 1 else "are"
    text = f"{what} {verb} missing {place}; {name} has {nodes[0].layer.name} there."
    if set(kinds) == {"batchnorm"} and i and is_projection(pair.one[i - 1].layer.name):
        text += " The branch ends in a BatchNorm, so the shortcut beside it needs one too."
    if kinds == ["batchnorm", "relu"] and i and pair.one[i - 1].layer.kind == "add":
        text += " Nothing else normalises the sum, which grows with every block."
    return [(key, text)]


def other_layers(ours: list[Node], theirs: list[Node], name: str) -> list[Text]:
    """Layers that stand where the other network has others."""
    kinds = [[node.layer.kind for node in nodes] for nodes in (ours, theirs)]
    if kinds == [["relu", "add"], ["add", "relu"]]:
        relu, add = ours[0].layer.name, ours[1].layer.name
        text = f"The ReLU {relu} stands before the addition {add}; in {name} it stands after it."
        return [("relu moved", text)]
    text = f"From {ours[0].layer.name} on: here {several(ours)}, in {name} {several(theirs)}."
    if ours[-1].row.field == theirs[-1].row.field and ours[-1].row.field.size:
        text += f" Both see {ours[-1].row.field_text} pixels."
    return [("other layers", text)]


def whole_blocks(net: list[Node], nodes: list[Node]) -> list[str]:
    """The blocks of which nothing is left without these layers."""
    chosen = [block_name(node.layer.name) for node in nodes]
    found = []
    for block in dict.fromkeys(chosen):
        parts = [node for node in net if block_name(node.layer.name) == block]
        if len(parts) > 1 and len(parts) == chosen.count(block):
            found.append(block)
    return found if len(found) == len(set(chosen)) else []


def reader_of(net: list[Node], place: int) -> str:
    """The kind of the layer that reads one."""
    kinds = [node.layer.kind for node in net[place + 1 :] if place in node.reads]
    return kinds[0] if kinds else ""


def wiring(one: list[Node], i: int, two: Node, name: str) -> list[Text]:
    """A layer that reads other layers than it does in the other network."""
    layer = one[i].layer
    reads = [one[read].layer.name if read >= 0 else "the input" for read in one[i].reads]
    if len(reads) > 1 and len(set(reads)) == 1:
        text = (
            f"{layer.name} adds {reads[0]} to itself: the block's input is never added, as it is "
            f"in {name}."
        )
    else:
        text = f"{layer.name} reads {' and '.join(reads)}; in {name} it reads other layers."
    return [("wiring", text)]
