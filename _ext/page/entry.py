"""What explorers.js calls: a state is written as in a link, `kernel=3&stride=2`."""

from browser import window
from javascript import JSON

from resnet_lab.explorers.explorer import ALL

LAST = {"state": ("", ""), "values": {}}
JUDGES = []  # pages with exercises have one, of `exercises.py`


def values(name: str, state: str) -> dict:
    """The values of a state, which is asked for several times before it changes."""
    if LAST["state"] != (name, state):
        LAST["values"] = ALL[name].check(ALL[name].read(state))
        LAST["state"] = name, state
    return LAST["values"]


def render(name: str, state: str, results: str = "") -> str:
    return ALL[name].render(values(name, state), JSON.parse(results) if results else None)


def job(name: str, state: str) -> str:
    return JSON.stringify(ALL[name].job(**values(name, state)))


def question(name: str, state: str) -> str:
    asked = ALL[name].question
    return JSON.stringify(asked(**values(name, state))) if asked else ""


def code(name: str, state: str) -> str:
    return ALL[name].code(ALL[name].read(state))


def check(record: str, answer: str) -> list[str]:
    return JUDGES[0](record, answer)


window.resnet_lab = {
    "render": render,
    "code": code,
    "job": job,
    "question": question,
    "check": check,
}
