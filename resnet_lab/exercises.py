"""Exercises that answer: a number, a choice or a few lines of code, checked where the reader stands.

In a notebook an exercise is a small form of ipywidgets; in the built page it is a native form, and `check` in this very
file runs there. Both look at the exercise's `record`, a plain dict that travels in the page as JSON.
"""

from __future__ import annotations

READABLE = "a number such as 112, 1,179,648, 3.6e9, 3/4 or 2**10, without a unit"


class Result:
    """What an answer earned. state: "right", "wrong" or "unread"; text: the sentence to show, with a little HTML in it.

    A result is true when the answer is right.
    """

    def __init__(self, state, text):
        self.state, self.text = state, text

    def __bool__(self):
        return self.state == "right"

    def __repr__(self):
        return plain(self.text)

    def _repr_html_(self):
        return f'<span class="rl-{self.state}">{self.text}</span>'


def check(record, answer):
    """Check an answer against an exercise's record. Returns a Result; never raises for anything a reader may write."""
    if not callable(answer) and not str(answer).strip():
        return Result("unread", "Write an answer first.")
    return {"number": check_number, "choice": check_choice, "code": check_code}[record["kind"]](
        record, answer
    )


def check_number(record, answer):
    try:
        value = read_number(str(answer))
    except ValueError as error:
        return Result("unread", escape(f"{error}."))
    tolerance = record["tolerance"]
    if near(value, record["answer"], tolerance):
        return Result("right", f"Right: {show(value)}.")
    for slip, hint in record["slips"]:
        if near(value, slip, tolerance):
            return Result("wrong", f"{show(value)} is not it. {hint}")
    return Result("wrong", f"{show(value)} is not it. {record['hint']}")


def check_choice(record, answer):
    options, text = [plain(option) for option in record["options"]], str(answer).strip()
    if isinstance(answer, int) and answer in range(len(options)):
        chosen = answer
    elif text in options:
        chosen = options.index(text)
    elif len(text) == 1 and "a" <= text.lower() < letter(len(options)):
        chosen = ord(text.lower()) - ord("a")
    else:
        return Result("unread", f"Choose one of the letters a to {letter(len(options) - 1)}.")
    if chosen == record["answer"]:
        return Result("right", f"Right: ({letter(chosen)}).")
    return Result(
        "wrong", f"({letter(chosen)}) is not it. {record['hints'].get(str(chosen), record['hint'])}"
    )


def check_code(record, answer):
    name, function = record["function"], answer
    try:
        if not callable(answer):
            made = {"__name__": "exercise"}
            exec(answer, made)
            function = made.get(name)
            if not callable(function):
                return Result(
                    "unread", f"Your code runs, but it defines no function <code>{name}</code>."
                )
    except SyntaxError as error:
        return Result("unread", escape(f"Python cannot read line {error.lineno}: {error.msg}."))
    except Exception as error:
        return Result("wrong", escape(f"Your code stops with {type(error).__name__}: {error}."))
    # The cases are Python's own text, because JSON would turn tuples into lists.
    cases = eval(record["cases"])
    for arguments, expected in cases:
        call = escape(f"{name}({', '.join([repr(argument) for argument in arguments])})")
        try:
            value = function(*arguments)
        except Exception as error:
            stop = escape(f"{type(error).__name__}: {error}")
            return Result("wrong", f"<code>{call}</code> stops with {stop}. {record['hint']}")
        if not same(value, expected, record["tolerance"]):
            return Result(
                "wrong",
                f"<code>{call}</code> returns <code>{escape(repr(value))}</code>; it should be "
                f"<code>{escape(repr(expected))}</code>. {record['hint']}",
            )
    return Result("right", f"Right: {len(cases)} of {len(cases)} cases.")


def near(value, target, tolerance):
    """Equal within the tolerance, or within rounding where one of the two is not whole."""
    rounding = 0 if isinstance(value, int) and isinstance(target, int) else 1e-9 * abs(target)
    return abs(value - target) <= max(tolerance, rounding)


def same(value, expected, tolerance):
    """`near` for numbers, one by one for lists and tuples, == for anything else."""
    if isinstance(expected, (list, tuple)):
        return (
            isinstance(value, (list, tuple))
            and len(value) == len(expected)
            and all([same(one, other, tolerance) for one, other in zip(value, expected)])
        )
    numbers = [
        isinstance(each, (int, float)) and not isinstance(each, bool) for each in (value, expected)
    ]
    return near(value, expected, tolerance) if all(numbers) else bool(value == expected)


def read_number(text):
    """The value of a number or of a small sum, product, quotient or power as people write it; nothing is evaluated.

    Digits may stand in groups of three with commas, spaces or underscores; ^ is a power, × and · are products.
    Raises ValueError with a sentence that says what was not understood.
    """
    for marks, meaning in (
        ("−–", "-"),
        ("×·⋅", "*"),
        ("÷", "/"),
        ("^", "**"),
        ("_", ","),
        ("\u00a0\u2009\u202f", " "),
    ):
        for mark in marks:
            text = text.replace(mark, meaning)
    if len(text) > 80:
        raise ValueError(f"That is long; write {READABLE}")
    reader = _Reader(text.strip())
    try:
        value = reader.sum()
        if reader.place < len(reader.text):
            reader.refuse()
        if abs(value) < 1e300:
            return value
    except ZeroDivisionError:
        raise ValueError("That divides by zero") from None
    except OverflowError:
        pass
    raise ValueError("That number is too large to be the answer")


class _Reader:
    """Reads sums of products of powers, from left to right."""

    def __init__(self, text):
        self.text, self.place = text, 0

    def refuse(self):
        raise ValueError(f"I cannot read {self.text!r} as a number; write {READABLE}")

    def take(self, *marks):
        """The first of `marks` that comes next, after any spaces, or None."""
        rest = self.text[self.place :]
        start = len(rest) - len(rest.lstrip())
        for mark in marks:
            if rest.startswith(mark, start):
                self.place += start + len(mark)
                return mark

    def sum(self):
        value = self.product()
        while mark := self.take("+", "-"):
            value = value + self.product() if mark == "+" else value - self.product()
        return value

    def product(self):
        value = self.signed()
        while mark := self.take("*", "/"):
            other = self.signed()
            if mark == "*":
                value *= other
            else:
                whole = isinstance(value, int) and isinstance(other, int) and value % other == 0
                value = value // other if whole else value / other
        return value

    def signed(self):
        mark = self.take("-", "+")
        if mark:
            return -self.signed() if mark == "-" else self.signed()
        value = self.term()
        if self.take("**"):
            exponent = self.signed()
            if (
                isinstance(float(value) ** exponent, complex)
                or abs(float(value) ** exponent) > 1e300
            ):
                raise OverflowError
            value **= exponent
        return value

    def term(self):
        if self.take("("):
            value = self.sum()
            return value if self.take(")") else self.refuse()
        self.take("")
        text, start = self.text, self.place
        end = self.digits(start)
        number, grouped = text[start:end], 0 < end - start < 4
        while grouped and text[end : end + 1] in (",", " ") and self.digits(end + 1) == end + 4:
            number += text[end + 1 : end + 4]
            end += 4
        if text[end : end + 1] == ".":
            after = self.digits(end + 1)
            number += text[end:after]
            end = after
        if not number or number == ".":
            self.refuse()
        if text[end : end + 1] in ("e", "E"):
            sign = end + 1 + (text[end + 1 : end + 2] in ("+", "-"))
            after = self.digits(sign)
            if after > sign:
                number += text[end:after]
                end = after
        if text[end : end + 1] == "," and self.digits(end + 1) > end + 1:
            raise ValueError(
                f"In {text!r} the comma does not part groups of three digits; write decimals with a point"
            )
        self.place = end
        return int(number) if number.isdigit() else whole_if_exact(float(number))

    def digits(self, place):
        """The place where the digits that begin at `place` end."""
        while self.text[place : place + 1] and self.text[place] in "0123456789":
            place += 1
        return place


def whole_if_exact(value):
    """The value as an int if it is a whole number, so that 1.2e3 is 1200."""
    return int(value) if abs(value) < 1e15 and value == int(value) else float(value)


def show(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def letter(index):
    return chr(ord("a") + index)


# The ampersand comes first, so that it does not escape the others' names.
MARKS = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))


def escape(text):
    for mark, name in MARKS:
        text = text.replace(mark, name)
    return text


def plain(html):
    """The text of a little HTML, without its tags."""
    text, *rest = html.split("<")
    for piece in rest:
        is_tag = piece[:1] == "/" or piece[:1].isalpha()
        text += piece.split(">", 1)[-1] if is_tag else "<" + piece
    for mark, name in MARKS[::-1]:
        text = text.replace(name, mark)
    return text


class Exercise:
    """What the three kinds share. number: "5.1", chapter and place; question, hint, solution: text, with a little HTML.

    record: the plain dict that `check` looks at.
    """

    def __init__(self, number, question, hint, solution, **record):
        for name, text in (("question", question), ("hint", hint), ("solution", solution)):
            if not isinstance(text, str) or not text.strip():
                raise ValueError(
                    f"the {name} of exercise {number} is {text!r}; every exercise needs one, as text"
                )
        self.number, self.question, self.solution = number, question, solution
        self.record = {**record, "hint": hint}

    def check(self, answer):
        """Check an answer: a number or text, a letter or an option, a function or its source. Returns a Result."""
        return check(self.record, answer)

    def __repr__(self):
        return f"Exercise {self.number}. {plain(self.question)}\nAnswer with exercise.check(...)"

    def to_html(self):
        """The page's form, disabled until the page's script is there. Question and solution can be read without it."""
        import json

        key = "exercise-" + self.number.replace(".", "-")
        return (
            f'<div class="rl-exercise" id="{key}" data-exercise="{escape(json.dumps(self.record))}">'
            f'<form autocomplete="off"><fieldset disabled><legend>Exercise {self.number}</legend>{self.field(key)}'
            '<div class="rl-actions"><button type="submit">Check</button></div></fieldset></form>'
            '<div class="rl-result" role="status"></div>'
            f"<details><summary>Solution</summary><div>{self.solution}</div></details></div>"
        )

    def to_widget(self):
        """The notebook's form, an ipywidgets box."""
        import ipywidgets as widgets

        wide = widgets.Layout(width="auto")
        field = self.input(widgets, wide)
        button, result = widgets.Button(description="Check"), widgets.HTML()

        def answered(_):
            outcome = self.check(field.value or "")
            mark = {"right": "✓", "wrong": "✗", "unread": "?"}[outcome.state]
            result.value = f'<p class="rl-{outcome.state}" role="status">{mark} {outcome.text}</p>'

        button.on_click(answered)
        question = widgets.HTML(f"<p><strong>Exercise {self.number}.</strong> {self.question}</p>")
        solution = widgets.HTML(f"<details><summary>Solution</summary>{self.solution}</details>")
        return widgets.VBox([question, field, button, result, solution])

    def _repr_mimebundle_(self, include=None, exclude=None):
        forms = {"text/plain": repr(self), "text/html": self.to_html()}
        try:
            forms["application/vnd.jupyter.widget-view+json"] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.to_widget().model_id,
            }
        except ImportError:
            pass
        return forms


class Number(Exercise):
    """An answer that is a number, right within `tolerance` (absolute).

    slips: a dict from a wrong number, computed as the reader's slip computes it, to the hint that names the slip.
    Raises ValueError if a slip would count as right.

    >>> exercise = Number("1.1", "What is 7 · 8?", 7 * 8, slips={7 + 8: "That is the sum."}, hint="Add.", solution="56")
    >>> exercise.check("15")
    15 is not it. That is the sum.
    """

    def __init__(self, number, question, answer, *, hint, solution, slips=None, tolerance=0):
        if not abs(float(answer)) < 1e300:
            raise ValueError(
                f"exercise {number} has the answer {answer!r}; it must be a finite number"
            )
        answer = whole_if_exact(answer)
        slips = [[whole_if_exact(slip), text] for slip, text in (slips or {}).items()]
        for slip, _ in slips:
            if near(slip, answer, tolerance):
                raise ValueError(
                    f"exercise {number} has the slip {slip}, which is right: the answer is {answer}, "
                    f"within {tolerance}"
                )
        super().__init__(
            number,
            question,
            hint,
            solution,
            kind="number",
            answer=answer,
            tolerance=tolerance,
            slips=slips,
        )

    def field(self, key):
        return (
            f'<label class="rl-question" for="{key}-answer">{self.question}</label>'
            f'<input type="text" id="{key}-answer" name="answer" spellcheck="false" autocapitalize="off">'
        )

    def input(self, widgets, wide):
        return widgets.Text(placeholder="a number")


class Choice(Exercise):
    """One of several options. answer: the index of the right one; hints: a dict from a wrong index to what is wrong.

    >>> exercise = Choice("1.2", "Which is even?", ("3", "4"), 1, hint="Halve them.", solution="4 is 2 · 2.")
    >>> exercise.check("b")
    Right: (b).
    """

    def __init__(self, number, question, options, answer, *, hint, solution, hints=None):
        if answer not in range(len(options)):
            raise ValueError(
                f"exercise {number} has the answer {answer!r}; it must be an index into its "
                f"{len(options)} options"
            )
        for index in hints or {}:
            if index not in range(len(options)) or index == answer:
                raise ValueError(
                    f"exercise {number} has a hint for option {index}, which is no wrong option"
                )
        hints = {str(index): text for index, text in (hints or {}).items()}
        super().__init__(
            number,
            question,
            hint,
            solution,
            kind="choice",
            answer=int(answer),
            options=list(options),
            hints=hints,
        )

    def lettered(self):
        """Pairs of an option's letter and its text."""
        return [(letter(index), text) for index, text in enumerate(self.record["options"])]

    def __repr__(self):
        options = "".join([f"\n  ({each}) {plain(text)}" for each, text in self.lettered()])
        return super().__repr__().replace("\nAnswer", f"{options}\nAnswer")

    def field(self, key):
        options = "".join(
            [
                f'<label><input type="radio" name="answer" value="{each}"> ({each}) {text}</label>'
                for each, text in self.lettered()
            ]
        )
        return (
            f'<span class="rl-question" id="{key}-question">{self.question}</span>'
            f'<div class="rl-choices" role="radiogroup" aria-labelledby="{key}-question">{options}</div>'
        )

    def input(self, widgets, wide):
        options = [(f"({each}) {plain(text)}", each) for each, text in self.lettered()]
        return widgets.RadioButtons(options=options, value=None, layout=wide)


class Code(Exercise):
    """A function to write. function: its name; starter: what the reader begins with.

    cases: a list of (arguments, expected), arguments a tuple; everything in it must be plain Python values.

    >>> exercise = Code("1.3", "Double it.", "def double(n): ...", "double", [((3,), 6)], hint="Add.", solution="2 * n")
    >>> exercise.check("def double(n): return 2 * n")
    Right: 1 of 1 cases.
    """

    def __init__(self, number, question, starter, function, cases, *, hint, solution, tolerance=0):
        cases = [(tuple(arguments), expected) for arguments, expected in cases]
        try:
            kept = eval(repr(cases), {}) == cases
        except (NameError, SyntaxError):
            kept = False
        if not kept or not cases:
            raise ValueError(
                f"exercise {number} has the cases {cases!r}; it needs one or more, of plain Python values"
            )
        self.starter = starter
        super().__init__(
            number,
            question,
            hint,
            solution,
            kind="code",
            function=function,
            cases=repr(cases),
            tolerance=tolerance,
        )

    def field(self, key):
        return (
            f'<label class="rl-question" for="{key}-answer">{self.question}</label>'
            f'<textarea id="{key}-answer" name="answer" rows="{self.rows()}" wrap="off" spellcheck="false" '
            f'autocapitalize="off">{escape(self.starter)}</textarea>'
        )

    def rows(self):
        return len(self.starter.splitlines()) + 2

    def input(self, widgets, wide):
        return widgets.Textarea(self.starter, rows=self.rows(), layout=wide)
