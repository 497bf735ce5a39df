"""A trace as a table of texts: for a terminal, for a page, for a spreadsheet."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tracing import Trace


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as the book prints it: 64 × 56 × 56."""
    text = str(shape[0])
    for side in shape[1:]:
        text += f" × {side}"
    return text


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
                f"{row.receptive_field:,}",
                f"{row.params:,}",
                f"{row.macs:,}",
            )
        )
    rows.append(
        (
            "total",
            f"{table.weight_layers} weight layers",
            shape_text(table.output_shape),
            f"{table.receptive_field:,}",
            f"{table.params:,}",
            f"{table.macs:,}",
        )
    )
    return rows


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
    return "\n".join([title, rule, lines[0], rule, *lines[1:-1], rule, lines[-1]])


def to_html(table: Trace, level: str = "stage") -> str:
    """An HTML element, with numbers in cells of class "num"."""
    head, *body, total = cells(table, level)

    def line(row: tuple[str, ...]) -> str:
        texts = [
            f"<td{' class=num' if column > 1 else ''}>{cell}</td>"
            for column, cell in enumerate(row[1:], 1)
        ]
        return f"<tr><th scope='row'>{row[0]}</th>{''.join(texts)}</tr>"

    heading = "".join([f"<th scope='col'>{cell}</th>" for cell in head])
    return (
        f"<table class='rl-table'><thead><tr>{heading}</tr></thead>"
        f"<tbody>{''.join([line(row) for row in body])}</tbody><tfoot>{line(total)}</tfoot></table>"
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
