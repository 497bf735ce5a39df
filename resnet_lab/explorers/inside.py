"""Inside a trained network: its blocks opened while it answers."""

from __future__ import annotations

from .. import inside as network
from ..draw import inside as pictures
from ..draw.svg import figures
from .controls import Choice, Picture, Range, Real
from .explorer import Explorer, formula, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMES = {name: net.name for name, net in network.networks().items()}
SHOWN = {"field": "the field", "class": "what decided", "picture": "nothing"}
OPEN = "Block to open; below it, how much of its branch counts"
BRANCHES = [f"b{number}" for number in range(1, 10)]
ON = dict.fromkeys(BRANCHES, 1.0)


def job(**values: Any) -> dict[str, Any]:
    """What is opened: the same for all values."""
    return network.job()


def question(over: str, **values: Any) -> dict[str, Any]:
    """What the controls ask of the opened networks."""
    factors = tuple([values.pop(name) for name in BRANCHES])
    return network.question(factors=factors, **values)


def view(results: dict[str, Any] | None = None, **values: Any) -> str:
    """The picture with both networks' answers, the opened block, the numbers."""
    if not results or "question" not in results:
        return closed(question(**values))
    asked, chances = results["question"], results["answers"]
    field = spoken = None
    if values["over"] == "field":
        field = network.possible_field(asked), results["field"]
        text = seen(results)
    elif values["over"] == "class":
        spoken = results["class"]["for"], results["class"]["against"]
        winner = network.CLASSES[results["class"]["winner"]]
        name = NAMES[asked["network"]]
        text = f"Blue speaks for “{winner}”, the answer of {name}, and orange against it"
    else:
        text = added(results)
    named = {NAMES[name]: each for name, each in chances.items()}
    top = pictures.answers(said(named), network.CLASSES, named, results["picture"], field, spoken)
    part = asked["part"] if asked["part"] in results["maps"] else "sum"
    block = pictures.parts(
        f"{NAMES[asked['network']]}, {asked['layer']}: {added(results)}",
        shape(asked),
        (part, asked["channel"], asked["row"], asked["column"]),
        results["maps"],
        results["channel"],
        results["reach"],
    )
    rows = [
        (name, *[round(1000 * each[place]) / 10 for each in named.values()])
        for place, name in enumerate(network.CLASSES)
    ]
    return (
        f"<div class='rl-inside'>{top}</div>{formula(text)}{block}"
        f"<details><summary>The numbers</summary>"
        f"{table(('percent', *named), rows)}</details>"
    )


def closed(asked: dict[str, Any]) -> str:
    """What stands there before the networks are opened."""
    names = list(NAMES.values())
    maps, side, _ = shape(asked)
    label = f"{NAMES[asked['network']]}, {asked['layer']}: {maps} maps of {side} × {side}"
    place = asked["part"], asked["channel"], asked["row"], asked["column"]
    top = pictures.answers(
        "The answers of both networks, not yet asked", network.CLASSES, {name: [] for name in names}
    )
    return (
        f"<div class='rl-inside'>{top}</div>"
        + formula("Not yet opened")
        + pictures.parts(f"{label}, not yet opened", shape(asked), place, {}, {}, 1)
        + table(("", *names), [("blocks", 9, 9), ("shortcuts", 9, "none")])
    )


def shape(asked: dict[str, Any]) -> tuple[int, int, int]:
    """How many maps the opened block has, their side, and how many stand in a row."""
    stage = int(asked["layer"][5])
    return 8 * 2**stage, 56 // 2**stage, asked["columns"]


def said(chances: dict[str, list[float]]) -> str:
    """Both answers in a sentence."""
    found = []
    for name, each in chances.items():
        most = max(each)
        found.append(f"{name} says {network.CLASSES[each.index(most)]}, {100 * most:.1f} %")
    return "; ".join(found)


def added(results: dict[str, Any]) -> str:
    """What meets at the place, in numbers."""
    place, asked = results["place"], results["question"]
    where = f"Map {asked['channel']}, row {asked['row']}, column {asked['column']}"
    if "shortcut" not in place:
        return f"{where}: {figures(place['sum'])}, of which nothing came through a shortcut"
    branch = figures(abs(place["branch"]))
    sign = "−" if place["branch"] < 0 else "+"
    return f"{where}: {figures(place['shortcut'])} {sign} {branch} = {figures(place['sum'])}"


def seen(results: dict[str, Any]) -> str:
    """What the place can see and what it sees, in a sentence."""
    left, top, right, bottom = network.possible_field(results["question"])
    pixels = (right - left) * (bottom - top)
    if not results["pixels"]:
        return f"{added(results)}. No gradient leads from there to the picture"
    return (
        f"{added(results)}. The frame holds the {pixels} pixels it can see; "
        f"{results['pixels']} of them have 95 % of the gradient"
    )


def python(**values: Any) -> str:
    """The line that gives the same numbers with PyTorch."""
    asked = question(**values)
    given = [repr(values[name]) for name in ("picture", "network", "block")]
    given.append(repr(tuple(asked["factors"])))
    given += [repr(values[name]) for name in ("part", "channel", "row", "column")]
    return f"answer(question({', '.join(given)}))"


WORDS: dict[int | str, str] = {
    place: f"{network.CLASSES[place // 2]}, {'first' if place % 2 == 0 else 'second'}"
    for place in range(network.PICTURES)
}


class Inside(Explorer):
    """The explorer, which in a notebook can be shown a picture."""

    def show(self, picture: Any) -> None:
        """Ask the networks about a picture of your own.

        Args:
            picture: an image of Pillow's, or an array or a tensor of bytes, (height, width) or
                (height, width, 3), 255 being white. It is made grey and 28 × 28. The networks know
                bright things on black.

        Raises:
            TypeError, ValueError: it is no such thing.
        """
        from ..inside_runner import give

        give(picture)
        self.value = {"picture": "own"}


inside = Inside(
    "inside",
    "Inside two trained networks",
    [
        Picture("picture", "Picture", {**WORDS, "own": "your own"}, 18),
        Choice("network", "Opened", NAMES, "resnet20"),
        Choice("over", "Over the picture", SHOWN, "field"),
        Choice("block", OPEN, tuple(range(1, 10)), 5),
        *[Real(name, f"Branch {number}", 0, 1, 1, 0.05) for number, name in enumerate(BRANCHES, 1)],
        Choice("part", "A place in", network.PARTS, "sum"),
        Range("channel", "Map", 0, 63, 0),
        Range("row", "Row", 0, 27, 14),
        Range("column", "Column", 0, 27, 14),
    ],
    view,
    python,
    presets={
        "all branches on": ON,
        "block 5 off": {**ON, "b5": 0.0},
        "block 4 off, which halves the maps": {**ON, "b4": 0.0},
        "all half on": dict.fromkeys(BRANCHES, 0.5),
    },
    chapter="14-inside-a-trained-network",
    job=job,
    question=question,
    start_job="Open both networks",
)
