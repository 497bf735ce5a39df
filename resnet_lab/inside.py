"""A look into a trained network while it answers: what is asked of it, and what can be seen.

Two networks of 20 layers, one with shortcuts and its plain twin, were trained on Fashion-MNIST and
stand in `trained`. A question is plain data: a picture, a factor for every block's branch, a place
in one of its maps. `inside_runner` answers it with PyTorch, `inside_runner.js` in a page. The maps
of an answer are bytes in base64, each row filled up to a multiple of four bytes.
"""

from __future__ import annotations

from .tracing import trace
from .zoo import cifar_plain, cifar_resnet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .architecture import ResNet

CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
PICTURES = 20  # the first two test images of every class, of those that come with the package
BLOCKS = ("1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "3.0", "3.1", "3.2")
SIDE = 28
SHAPE = (1, SIDE, SIDE)
COLUMNS = {16: 4, 32: 8, 64: 8}  # in which a block's maps stand, by their number
PARTS = ("shortcut", "branch", "sum")


def networks() -> dict[str, ResNet]:
    """Both descriptions, by the name that `trained` has for their weights.

    >>> [net.name for net in networks().values()]
    ['ResNet-20', 'plain-20']
    """
    return {"resnet20": cifar_resnet(20, in_channels=1), "plain20": cifar_plain(20, in_channels=1)}


def question(
    picture: int | str = 0,
    network: str = "resnet20",
    block: int = 1,
    factors: tuple[float, ...] = (1.0,) * 9,
    part: str = "sum",
    channel: int = 0,
    row: int = 14,
    column: int = 14,
) -> dict[str, Any]:
    """What is asked: about a picture, and about one place of one block of one of the networks.

    Args:
        picture: number of a test image, or "own".
        network: which is opened, "resnet20" or "plain20".
        block: which block, from 1 to 9.
        factors: for each block what its branch is multiplied with, in both networks.
        part: "shortcut", "branch" or "sum": whose map `channel` the place is in.
        channel: of the map; the last one, where there are fewer.
        row, column: the place, in pixels of the picture.

    Example:
        >>> asked = question(block=9)
        >>> asked["layer"], asked["row"], asked["column"]
        ('layer3.2', 3, 3)
    """
    stride = 2 ** ((block - 1) // 3)
    return {
        "picture": picture,
        "network": network,
        "layer": f"layer{BLOCKS[block - 1]}",
        "factors": list(factors),
        "part": part,
        "channel": min(channel, 16 * stride - 1),
        "row": row // stride,
        "column": column // stride,
        "columns": COLUMNS[16 * stride],
    }


def job() -> dict[str, Any]:
    """The job of opening both networks; it then answers what `question` returns."""
    return {"kind": "inside", "steps": 1, "data": ["trained"]}


def with_factors(graph: dict[str, Any]) -> dict[str, Any]:
    """A network's graph, as `Graph.to_dict` gives it, for the page's engine.

    The branch of a plain block is all that there is. Here it ends in an addition of one input, so
    that it can be multiplied like the others.
    """
    if "add" in [layer["kind"] for layer in graph["layers"]]:
        return graph
    layers: list[dict[str, Any]] = []
    for layer in graph["layers"]:
        before = layers[-1]["name"] if layers else ""
        if before.endswith(".bn2"):
            name = before.removesuffix("bn2") + "add"
            layers.append({"name": name, "kind": "add", "inputs": [before]})
            layer = {**layer, "inputs": [name]}
        layers.append(layer)
    return {**graph, "layers": layers}


FIELDS: dict[tuple[str, str], Any] = {}


def possible_field(asked: dict[str, Any]) -> tuple[int, int, int, int]:
    """What the place of a question can see of the picture: (left, top, right, bottom), in pixels.

    The right and the bottom are no longer in it; what lies beyond the picture is left out.

    Example:
        >>> possible_field(question(block=1, row=0, column=14))
        (11, 0, 18, 4)
    """
    branch = f"{asked['layer']}.conv2"
    if not FIELDS:
        for row in trace(cifar_resnet(20, in_channels=1), SHAPE):
            FIELDS[row.name, row.kind] = row.field
            FIELDS[row.name, ""] = row.field
    if asked["part"] == "shortcut":
        at = BLOCKS.index(asked["layer"].removeprefix("layer"))
        field = FIELDS[f"layer{BLOCKS[at - 1]}.conv2" if at else "conv1", "conv"]
        step = 2 if at in (3, 6) else 1  # option A takes every second pixel
    else:
        field, step = FIELDS[branch, "conv"], 1
    sides = []
    for place in (asked["column"], asked["row"]):
        start = step * place * field.stride - field.padding
        sides.append((max(start, 0), min(start + field.size, SIDE)))
    (left, right), (top, bottom) = sides
    return left, top, right, bottom
