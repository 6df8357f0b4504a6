"""What the README shows is what a stranger gets."""

import json
import re
from pathlib import Path

import httpx

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_readmes_first_question_has_the_readmes_answer(mitra):
    [question, *_] = re.findall(r"-d '(\{.*?\})'\n", README, re.DOTALL)
    [shown] = re.findall(r"```json\n(.*?)```", README, re.DOTALL)

    answer = httpx.post(f"{mitra.url}/graphql", json=json.loads(question.replace("\n", " ")))

    assert answer.json() == json.loads(shown)
