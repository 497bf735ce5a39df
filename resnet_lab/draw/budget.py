"""What a training step takes: bytes as bars, and layers under the roofline of a device."""

from __future__ import annotations

from .charts import power, scientific
from .svg import WIDTH, line, polyline, rect, short, svg, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEFT, RIGHT, TOP, HEIGHT = 34, WIDTH - 8, 20, 170
PART_COLOURS = {
    "weights": "conv",
    "gradients": "projection",
    "optimizer": "linear",
    "activations": "identity",
}
DOT_COLOURS = {"conv": "conv", "linear": "linear"}


def bytes_text(number: float) -> str:
    """A number of bytes in three figures: 102 MB, MB being a million bytes, as data sheets count.

    >>> bytes_text(102_228_128), bytes_text(12)
    ('102 MB', '12 bytes')
    """
    return f"{short(number)}B" if number >= 1000 else f"{number:g} bytes"


def memory_bars(label: str, parts: Iterable[tuple[str, int]], memory: float, device: str) -> str:
    """A bar for every part of what training needs, each beginning where the one before it ends.

    Args:
        label: the result in a sentence.
        parts: (name, bytes) each; a part of nothing is left out.
        memory: bytes that the device has; drawn where the parts come near it.
        device: its name.

    >>> "activations" in memory_bars("1 GB of 80 GB", [("activations", 10**9)], 8e10, "H100")
    True
    """
    shown = [(name, size) for name, size in parts if size]
    total = sum([size for _, size in shown])
    left, right = 92, WIDTH - 68
    scale = (right - left) / max(total, memory if memory < 2 * total else 0)
    body, y, start = [], 8, float(left)
    for name, size in shown:
        width = max(1, size * scale)
        colour = PART_COLOURS.get(name, "muted")
        body += [
            write(left - 6, y + 11, name, "rl-small rl-end"),
            rect(start, y + 1, width, 13, colour),
            write(start + width + 4, y + 11, bytes_text(size), "rl-small"),
        ]
        start += size * scale
        y += 19
    body += [
        f'<path class="rl-rule" d="M{left} {y}H{right}"/>',
        write(left - 6, y + 14, "together", "rl-small rl-strong rl-end"),
        rect(left, y + 4, total * scale, 13, "accent"),
    ]
    end = left + total * scale
    if memory < 2 * total:
        x = left + memory * scale
        body.append(line(f"M{x:.1f} 4V{y + 20}", "projection rl-dashed"))
        side = " rl-end" if x > WIDTH / 2 else ""
        words = f"{device} has {bytes_text(memory)}"
        body.append(write(x + (-4 if side else 4), y + 32, words, f"rl-small{side}"))
        end = max(end, x) if abs(end - x) < 60 else end
    body.append(write(end + 4, y + 14, bytes_text(total), "rl-small rl-strong"))
    return svg(y + (38 if memory < 2 * total else 22), label, "".join(body))


def roofline(
    label: str, dots: Sequence[tuple[str, float, float]], peak: float, bandwidth: float, device: str
) -> str:
    """Layers under a roof, on two logarithmic axes.

    Args:
        label: the result in a sentence.
        dots: (kind, log10 of the intensity, log10 of the operations a second at most) of every
            layer that computes.
        peak: log10 of the device's operations a second.
        bandwidth: log10 of its bytes a second.
        device: its name.

    >>> "H100" in roofline("one layer, bound by memory", [("conv", 1, 13)], 15, 12.5, "H100")
    True
    """
    x_low, x_high, y_low, y_high = -1.0, 4.0, int(peak) - 4, int(peak) + 1
    bottom = TOP + HEIGHT
    x_scale, y_scale = (RIGHT - LEFT) / (x_high - x_low), HEIGHT / (y_high - y_low)

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (min(max(x, x_low), x_high) - x_low) * x_scale
        return across, TOP + (y_high - min(max(y, y_low), y_high)) * y_scale

    body = [
        write(0, 11, "operations a second", "rl-small rl-strong"),
        write(RIGHT, bottom + 28, "operations a byte", "rl-small rl-strong rl-end"),
    ]
    for exponent in range(y_low, y_high + 1):
        y = place(x_low, exponent)[1]
        body += [
            f'<path class="rl-rule" d="M{LEFT} {y:.1f}H{RIGHT}"/>',
            write(LEFT - 5, y + 3.5, power(exponent), "rl-small rl-quiet rl-end"),
        ]
    for exponent in range(-1, 5):
        text = f"{10.0**exponent:,.5g}"
        x = place(exponent, y_low)[0]
        css = "rl-small rl-quiet " + ("rl-end" if exponent == 4 else "rl-middle")
        body.append(write(x, bottom + 14, text, css))
    ridge = peak - bandwidth
    start = max(x_low, y_low - bandwidth)
    arithmetic = "arithmetic-bound" if ridge < 2.7 else "arithmetic"
    roof = [place(start, start + bandwidth), place(ridge, peak), place(x_high, peak)]
    body += [
        line(polyline(roof), "muted", 2),
        line(f"M{roof[1][0]:.1f} {roof[1][1]:.1f}V{bottom}", "muted rl-dashed", 1, 0.7),
        write(RIGHT, roof[1][1] - 6, f"{device}: {scientific(peak)} a second", "rl-small rl-end"),
        write(roof[1][0] - 5, bottom - 6, "memory-bound", "rl-small rl-quiet rl-end"),
        write(roof[1][0] + 5, bottom - 6, arithmetic, "rl-small rl-quiet"),
    ]
    for kind, colour in DOT_COLOURS.items():
        path = ""
        for each, x, y in dots:
            if each == kind:
                across, down = place(x, y)
                path += f"M{across:.1f} {down:.1f}h0"
        if path:
            body.append(line(path, f"{colour} rl-round", 7, 0.55))
    return svg(bottom + 32, label, "".join(body))
