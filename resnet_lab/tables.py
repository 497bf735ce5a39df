"""A trace as a table of texts: for a terminal, for a page, for a spreadsheet."""

from __future__ import annotations

from .fields import text as field_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tracing import Trace


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as the book prints it: 64 × 56 × 56."""
    text = str(shape[0])
    for side in shape[1:]:
        text += f" × {side}"
    return text


def escape(text: str) -> str:
    """`text` as it may stand in HTML and in SVG, also inside quotation marks."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def cells(table: Trace, level: str = "stage") -> list[tuple[str, ...]]:
    """The table as rows of strings: a heading, one row for every group, the totals."""
    rows: list[tuple[str, ...]] = [
        ("name", "kind", "output shape", "receptive field", "parameters", "MACs")
    ]
    for row in table.groups(level):
        rows.append(
            (
                row.name,
                row.kind,
                shape_text(row.output_shape),
                row.field_text,
                f"{row.params:,}",
                row.macs_text,
            )
        )
    rows.append(
        (
            "total",
            f"{table.weight_layers} weight layers",
            shape_text(table.output_shape),
            field_text(table.field, table.gated),
            f"{table.params:,}",
            "at least " * bool(table.unknown) + f"{table.macs:,}",
        )
    )
    return rows


def notes(table: Trace) -> list[str]:
    """Sentences on what a table does not show: gates, lost fields, layers that are not known."""
    found = []
    if table.gated:
        found.append(
            "all: through gates or norms that average over all positions, an output also sees the "
            "whole input."
        )
    if any([row.field.size is None for row in table.groups("stage")]):
        found.append("–: positions are mixed, so that there is no receptive field any more.")
    for row in table.unknown:
        line = row.layer.line if row.layer else ""
        found.append(
            f"{row.name} is not known, its MACs are not counted" + f" ({line})." * bool(line)
        )
    return found + list(table.net.graph().notes)


def to_text(table: Trace, level: str = "layer") -> str:
    """Aligned columns under a title."""
    rows = cells(table, level)
    widths = [max([len(row[column]) for row in rows]) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        texts = [
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(texts).rstrip())
    rule = "-" * max([len(line) for line in lines])
    title = f"{table.net.name}, input {shape_text(table.input_shape)}"
    return "\n".join([title, rule, lines[0], rule, *lines[1:-1], rule, lines[-1], *notes(table)])


def to_html(table: Trace, level: str = "stage") -> str:
    """An HTML element, with numbers in cells of class "num"."""
    head, *body, total = cells(table, level)

    def line(row: tuple[str, ...]) -> str:
        texts = [
            f"<td{' class=num' if column > 1 else ''}>{escape(cell)}</td>"
            for column, cell in enumerate(row[1:], 1)
        ]
        return f"<tr><th scope='row'>{escape(row[0])}</th>{''.join(texts)}</tr>"

    heading = "".join([f"<th scope='col'>{cell}</th>" for cell in head])
    return (
        f"<table class='rl-table'><thead><tr>{heading}</tr></thead>"
        f"<tbody>{''.join([line(row) for row in body])}</tbody><tfoot>{line(total)}</tfoot></table>"
        + "".join([f"<p class='rl-note'>{escape(note)}</p>" for note in notes(table)])
    )


def to_markdown(table: Trace, level: str = "layer") -> str:
    """A Markdown table, figures aligned to the right."""
    head, *body = ["| " + " | ".join(row) + " |" for row in cells(table, level)]
    return "\n".join([head, "|---|---|---|---:|---:|---:|", *body])


def to_csv(table: Trace, level: str = "layer") -> str:
    """Comma-separated values, figures without thousands separators."""
    return "\n".join(
        [",".join([cell.replace(",", "") for cell in row]) for row in cells(table, level)]
    )
