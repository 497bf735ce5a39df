"""Where two networks part, in a sentence: their graphs walked side by side.

Each network is first put into an order of its own, from its output back, the longer branch first:
it makes no difference which branch of a block the code runs first.
"""

from __future__ import annotations

from .graph import Layer
from .phrases import attribute, extra, wiring
from .tracing import Trace
from .walking import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .rows import Row

# What changes no number, only where it stands.
TRANSPARENT = ("flatten", "rearrange", "reshape", "constant")
OWN = ("channels", "kernel", "stride", "padding", "dilation", "groups", "bias", "output_size")


class Comparison:
    """What `compare` finds.

    Attributes:
        sentence: where the networks part first; that they do not, if they are the same.
        same: whether no difference was found.
        differences: all of them, each a sentence.
        names: of the two networks.
        params: of both.
        macs: of both.
    """

    def __init__(self, table: Trace, other: Trace, found: list[tuple[str, str]]) -> None:
        self.names = table.net.name, other.net.name
        self.params, self.macs = (table.params, other.params), (table.macs, other.macs)
        self.differences = [text for _, text in found]
        self.same = not found
        if self.same:
            self.sentence = "No difference: layer for layer the two networks are the same."
        else:
            self.sentence = self.differences[0]
            again = sum([key == found[0][0] for key, _ in found[1:]])
            if again:
                self.sentence += f" The same holds {again} more time{'s' * (again > 1)}."

    def __str__(self) -> str:
        lines = [self.sentence]
        for what, (one, two) in (("parameters", self.params), ("MACs", self.macs)):
            gap = (
                "as many"
                if one == two
                else f"{abs(one - two):,} {'more' if one > two else 'fewer'}"
            )
            lines.append(f"{what}: {one:,} against {two:,}, {gap}")
        return "\n".join(lines)

    __repr__ = __str__


class Node:
    """A layer in a network's own order: its row, and the places of what it reads.

    Attributes:
        layer: of the graph.
        row: what it makes.
        reads: places in the order; -1 is the input.
    """

    def __init__(self, layer: Layer, row: Row, reads: list[int]) -> None:
        self.layer, self.row, self.reads = layer, row, reads

    def own(self) -> dict[str, object]:
        """Its own numbers, as far as they say what it does."""
        values = {name: getattr(self.layer, name) for name in OWN}
        if self.layer.kind not in ("conv", "linear", "transposed-conv", "attention", "zero-pad"):
            values["channels"] = None
        return values

    def like(self, other: Node) -> bool:
        """Whether it does the same, whatever it reads."""
        return self.layer.kind == other.layer.kind and self.own() == other.own()


def ordered(table: Trace) -> list[Node]:
    """A network's layers from the input on, each branch's in a row, the longest branch first."""
    graph = table.net.graph()
    layers = graph.written_out()
    walk = Walk(graph.name, table.input_shape)
    for layer in layers:
        walk.run(layer)
    places = {layer.name: place for place, layer in enumerate(layers)}
    sources: list[list[int]] = []
    lengths: list[int] = []  # of every layer: what it reads, and the longest way to it
    for place, layer in enumerate(layers):
        names = layer.inputs or ((layers[place - 1].name,) if place else ("input",))
        if layer.kind in ("parameter", "constant"):
            names = ()
        reads = [places.get(name, -1) for name in names]
        sources.append(reads)
        lengths.append(1 + max([lengths[read] if read >= 0 else 0 for read in reads], default=0))

    def first(read: int) -> tuple[int, int, int]:
        return (-walk.rows[read].depth, -lengths[read], read) if read >= 0 else (1, 0, 0)

    order: list[int] = []
    new: dict[int, int] = {-1: -1}
    waiting = [(len(layers) - 1, False)]
    while waiting:
        place, ready = waiting.pop()
        if place in new:
            continue
        if not ready:
            waiting.append((place, True))
            waiting += [(read, False) for read in sorted(sources[place], key=first, reverse=True)]
        elif layers[place].kind in TRANSPARENT:
            new[place] = new[sources[place][0]] if sources[place] else -1
        else:
            new[place] = len(order)
            order.append(place)
    return [
        Node(layers[place], walk.rows[place], sorted([new[read] for read in sources[place]]))
        for place in order
    ]


def compare_tables(table: Trace, other: Trace) -> Comparison:
    """Compare two networks, as tables, from the input on.

    Example:
        >>> from resnet_lab import resnet, trace
        >>> tables = [trace(resnet(50, version=v), (3, 224, 224)) for v in (1.5, 1)]
        >>> print(compare_tables(*tables).sentence.split(":")[0])
        The stride stands elsewhere
    """
    one, two = ordered(table), ordered(other)
    name = other.net.name if other.net.name != table.net.name else "the other"
    return Comparison(table, other, Alignment(one, two, name).found())


class Alignment:
    """Two orders walked side by side.

    Args:
        one: the network in question.
        two: what it is compared with.
        name: of the latter.
    """

    def __init__(self, one: list[Node], two: list[Node], name: str) -> None:
        self.one, self.two, self.name = one, two, name
        self.partner = {-1: -1}  # for each place in one that in two
        self.behind: dict[int, int] = {}  # what two has more: for its place that before it

    def found(self) -> list[tuple[str, str]]:
        """Every difference: what sort it is, and a sentence."""
        i = j = 0
        texts: list[tuple[str, str]] = []
        while i < len(self.one) or j < len(self.two):
            skipped = self.skip(i, j)
            if skipped == (0, 0):
                texts += self.pair(i, j)
                self.partner[i] = j
                i, j = i + 1, j + 1
                continue
            more, fewer = skipped
            texts += extra(self, i, j, more, fewer)
            for place in range(i, i + more):
                self.partner[place] = self.partner.get(max(self.one[place].reads, default=-1), -1)
            for place in range(j, j + fewer):
                self.behind[place] = max(self.two[place].reads, default=-1)
            i, j = i + more, j + fewer
        return texts

    def pair(self, i: int, j: int) -> list[tuple[str, str]]:
        """How two layers differ that stand at the same place."""
        one, two = self.one[i], self.two[j]
        texts = attribute(self.one, self.two, i, j, self.name)
        reads = sorted([self.partner.get(read, -1) for read in one.reads])
        if reads != sorted([self.real(read) for read in two.reads]):
            texts += wiring(self.one, i, two, self.name)
        return texts

    def real(self, place: int) -> int:
        """A place in two, or that before it if one has nothing there."""
        while place in self.behind:
            place = self.behind[place]
        return place

    def skip(self, i: int, j: int) -> tuple[int, int]:
        """How many layers to pass over in each, so that they go on alike."""
        rest = len(self.one) - i, len(self.two) - j
        if not min(rest):
            return rest
        if self.one[i].like(self.two[j]):
            return 0, 0
        same_kind = self.one[i].layer.kind == self.two[j].layer.kind
        named = self.one[i].layer.name == self.two[j].layer.name and not (
            self.one[i].layer.name.split(".")[-1].isdigit()
        )
        best, score = (0, 0), float(self.agreement(i + 1, j + 1) + 12 * named * same_kind)
        if not same_kind:
            score = -1
        for total in range(1, 41):
            for more in range(total + 1):
                fewer = total - more
                if more > rest[0] or fewer > rest[1] or more and fewer and total > 6:
                    continue
                alike = self.agreement(i + more, j + fewer) - total / 4
                if alike > score:
                    best, score = (more, fewer), alike
        return best if score >= 0 else (1, 1)

    def agreement(self, i: int, j: int) -> int:
        """How many of the next layers are alike."""
        count = 0
        for one, two in zip(self.one[i : i + 12], self.two[j : j + 12], strict=False):
            if not one.like(two):
                break
            count += 1
        ended = len(self.one) - i == len(self.two) - j == count
        return 12 if ended else count
