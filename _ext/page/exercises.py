"""What explorers.js calls for exercises; a record is an exercise's, as JSON."""

from javascript import JSON
from page import JUDGES

from resnet_lab.exercises.checking import check


def judge(record: str, answer: str) -> list[str]:
    result = check(JSON.parse(record), answer)
    return [result.state, result.text]


JUDGES.append(judge)
