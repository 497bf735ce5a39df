"""What explorers.js calls for exercises; a record is an exercise's, as JSON."""

from browser import window
from javascript import JSON

from resnet_lab.exercises.checking import check


def judge(record: str, answer: str) -> list[str]:
    result = check(JSON.parse(record), answer)
    return [result.state, result.text]


window.resnet_lab.check = judge
