"""A Sphinx extension for the reference page: the package's docstrings, which are plain text, as autodoc wants them.

What a docstring indents is a formula (in a module's own, code); a name or names before a colon at the start of a line,
and the sentences on errors and sources, begin a paragraph of their own; what stands between backquotes is code.
"""

import re

BEGINS = re.compile(r"(?P<names>[a-z]\w*(, \w+)*|Sources?): |Raises ")


def formula(text: str) -> str:
    """LaTeX of a formula that reads well as text: subscripts of several letters upright, wide gaps kept."""
    return re.sub(r"_(\w+)", r"_{\\text{\1}}", text).replace("   ", r"\quad ")


def prose(line: str) -> str:
    """reStructuredText of a line: code between backquotes, and no other marks of reStructuredText."""
    pieces = line.split("`")
    pieces[::2] = [re.sub(r"([*_|\\])", r"\\\1", piece) for piece in pieces[::2]]
    return "``".join(pieces)


def plain_docstring(app, what, name, obj, options, lines):
    result, example = [], False
    for line in lines:
        example = line.startswith(">>>") or example and line.strip() != ""
        if example:
            result.append(line)
        elif line.startswith("    "):
            mark = "::" if what == "module" else ".. math::"
            result += ([] if result[-2:] and result[-1].startswith("    ") else ["", mark, ""]) + [
                line if what == "module" else "    " + formula(line.strip())
            ]
        elif begins := BEGINS.match(line):
            names = begins["names"]
            result += [
                "",
                f"**{names}**: {prose(line[len(names) + 2 :])}" if names else prose(line),
            ]
        else:
            result.append(prose(line))
    lines[:] = result


def setup(app):
    app.connect("autodoc-process-docstring", plain_docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
