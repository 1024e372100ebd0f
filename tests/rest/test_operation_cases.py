"""Golden cases of the operations that answer from the terminology: `tests/cases/operations/<operation>/<case>.json`.

Each file has what is asked and the whole answer. `world.json` lists what is stored. After a change on purpose,
`UPDATE_CASES=1 pytest tests/rest/test_operation_cases.py` writes the answers anew; the diff shows what changed.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fhir_service.rest.operations import operations
from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import FHIR_JSON, Rest

FOLDER = Path(__file__).parents[1] / "cases" / "operations"
CASES = sorted(FOLDER.glob("*/*.json"))
CHANGES = frozenset({"timestamp", "id"})
"""What is another one each time."""


@pytest.fixture(scope="module")
def world(rest: Rest) -> None:
    for resource in json.loads((FOLDER / "world.json").read_text(encoding="utf-8")):
        rest.stored(resource)


@pytest.mark.parametrize("case", CASES, ids=lambda file: f"{file.parent.name}/{file.stem}")
@pytest.mark.usefixtures("world")
def test_operation_answers_as_written_down(rest: Rest, case: Path) -> None:
    told: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    asked = told["request"]
    more = {"json": asked["body"], "headers": FHIR_JSON} if "body" in asked else {}
    answer = rest(asked["method"], asked["path"], **more)
    resource: Resource = answer.json()
    assert not [issue for issue in check(resource) if issue.refuses]
    found = {"status": answer.status_code, "body": _steady(resource)}
    if os.environ.get("UPDATE_CASES"):
        text = json.dumps({**told, "answer": found}, indent=2, ensure_ascii=False)
        case.write_text(text + "\n", encoding="utf-8")
        return
    assert found == told["answer"], told["says"]


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _steady(inner) for name, inner in value.items() if name not in CHANGES}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def test_every_case_is_about_an_operation_and_says_what_it_shows() -> None:
    known = {operation.id for operation in operations()}
    assert {case.parent.name for case in CASES} <= known
    assert all(json.loads(case.read_text(encoding="utf-8"))["says"] for case in CASES)
