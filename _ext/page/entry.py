"""What explorers.js calls: a state is written as in a link, `kernel=3&stride=2`."""

from browser import window
from javascript import JSON

from resnet_lab.explorers.explorer import ALL


def render(name: str, state: str, results: str = "") -> str:
    return ALL[name].render(ALL[name].read(state), JSON.parse(results) if results else None)


def job(name: str, state: str) -> str:
    explorer = ALL[name]
    return JSON.stringify(explorer.job(**explorer.check(explorer.read(state))))


def question(name: str, state: str) -> str:
    explorer = ALL[name]
    if not explorer.question:
        return ""
    return JSON.stringify(explorer.question(**explorer.check(explorer.read(state))))


def code(name: str, state: str) -> str:
    return ALL[name].code(ALL[name].read(state))


window.resnet_lab = {"render": render, "code": code, "job": job, "question": question}
