"""What cells.js calls: a cell's code, run as a notebook runs it, after the statements it needs."""

from browser import window
from javascript import JSON
from page_offered import NAMES

from resnet_lab.exercises.checking import TimeUp, escape, limited, said

SECONDS = 10  # that a cell may take
SHOWN = "_shown"  # in it stands what the cell's last line gives
STATEMENTS = (
    "for while if elif else try except finally with def class return raise assert import from del "
    "pass global break continue async"
).split()


class Outputs:
    """What a run shows, as HTML."""

    def __init__(self) -> None:
        self.html: list[str] = []
        self.printed = ""

    def print(self, *values: object, sep: str = " ", end: str = "\n", **others: object) -> None:
        self.printed += sep.join([str(value) for value in values]) + end

    def display(self, *values: object) -> None:
        for value in values:
            if value is None:
                continue
            self.flush()
            if hasattr(value, "_repr_html_"):
                self.html.append(f'<div class="output text_html">{value._repr_html_()}</div>')
            else:
                self.add("text_plain", repr(value))

    def flush(self) -> None:
        if self.printed:
            self.add("stream", self.printed)
        self.printed = ""

    def add(self, kind: str, text: str) -> None:
        inner = f'<div class="highlight"><pre>{escape(text)}</pre></div>'
        self.html.append(f'<div class="output {kind}">{inner}</div>')


def run(before: str, source: str) -> str:
    """Run a cell. As JSON: what it shows, and a sentence about what went wrong, if anything did."""
    outputs = Outputs()
    names = {"__name__": "__main__", "print": outputs.print, "display": outputs.display}
    missing = lacking(source)
    if missing:
        return JSON.stringify(["", missing])
    wrong = ""
    try:
        exec(before, names)
        limited(exec, prepared(source), names, seconds=SECONDS)
        outputs.display(names.get(SHOWN))
    except SyntaxError as error:
        where = f"line {error.lineno}" if error.lineno else "this"
        wrong = escape(f"Python cannot read {where}: {error.msg}.")
    except TimeUp:
        wrong = f"Stopped: it took longer than {SECONDS} seconds. Does every loop end?"
    except BaseException as error:
        wrong = f"{place(error)} stops with {said(error)}."
    outputs.flush()
    return JSON.stringify(["".join(outputs.html), wrong])


def lacking(source: str) -> str:
    """A sentence about the first thing that is imported and that no page has."""
    for number, line in enumerate(source.split("\n")):
        beginning, _, names = line.replace("(", " ").replace(")", " ").partition("import ")
        words = beginning.split()
        if words and (words[0] != "from" or len(words) != 2):
            continue
        home = f"{words[1]}." if words else ""
        for each in names.split(","):
            name = home + "".join(each.split()[:1])  # what `as` may follow
            if each.strip() and name not in NAMES:
                return (
                    f"Line {number + 1} needs {escape(name)}, which this page does not have. "
                    "The chapter as a notebook can import it."
                )
    return ""


def prepared(source: str) -> str:
    """The source, with the value of an expression at its end, if there is one, in `SHOWN`."""
    lines = source.rstrip().split("\n")
    for start in range(len(lines) - 1, -1, -1):
        if not lines[start] or lines[start][0] in " \t#)]}@":
            continue
        # Of these Brython's `compile` does not say that they are no expression.
        if lines[start].replace(":", " ").split()[0] in STATEMENTS:
            break
        before, last = "\n".join(lines[:start]), "\n".join(lines[start:])
        try:
            compile(last, "cell", "eval")
            compile(before, "cell", "exec")
        except SyntaxError:
            continue
        # Lines keep their numbers, which errors name.
        return f"{before}\n{SHOWN} = ({last}\n)" if start else f"{SHOWN} = ({last}\n)"
    return source


def place(error: BaseException) -> str:
    """The line of the cell that was running; functions that it calls may be of other cells."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != "<string>":
        trace = trace.tb_next
    return f"Line {trace.tb_lineno}" if trace else "Your code"


window.resnet_cell = run
