"""The verdicts of `profiles.validate.check`: the table in tests/cases/r4 and what a table cannot hold (stack.md 4)."""

import json
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from profiles.checking.rules import RULES
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Severity
from profiles.validate import MOST, check

CASES = Path(__file__).parents[2] / "cases" / "r4" / "verdicts.json"


def read_cases() -> list[dict[str, Any]]:
    # json, not msgspec: one case holds half of a surrogate pair
    return json.loads(CASES.read_text(encoding="utf-8"), parse_float=Decimal)


def named(cases: Iterable[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case["resource"], case["issues"], id=case["name"]) for case in cases]


@pytest.mark.parametrize(("resource", "issues"), named(read_cases()))
def test_verdict_is_that_of_the_table(resource: Any, issues: list[list[str]]) -> None:
    found = sorted([issue.code, issue.at] for issue in check(resource))

    assert found == sorted(issues)


def test_every_code_of_a_verdict_is_an_issue_code() -> None:
    assert {issue.code for case in read_cases() for issue in check(case["resource"])} <= ISSUE_CODES.keys()


def test_every_invariant_by_hand_is_broken_by_a_case() -> None:
    told = {issue.text.partition(":")[0] for case in read_cases() for issue in check(case["resource"])}

    assert {key for rules in RULES.values() for key in rules} - told == set()


def test_no_text_repeats_what_was_sent() -> None:
    issues = check({"resourceType": "Patient", "gender": "Kari Moen", "birthDate": "15918512397", "name": "Kari Moen"})

    assert len(issues) == 3
    assert not [issue for issue in issues if "Moen" in issue.text or "159185" in issue.text]


def test_warning_does_not_refuse() -> None:
    case = next(case for case in read_cases() if "con-3" in case["name"])

    assert [issue.severity for issue in check(case["resource"])] == [Severity.WARNING]


def test_type_is_checked_when_one_is_expected() -> None:
    assert check({"resourceType": "Patient"}, "Patient") == ()
    assert [(i.code, i.at) for i in check({"resourceType": "Patient"}, "Task")] == [
        ("structure", "Patient.resourceType")
    ]
    assert [(i.code, i.at) for i in check({"active": True}, "Task")] == [("structure", "Task.resourceType")]
    assert [(i.code, i.at) for i in check(None, "Task")] == [("structure", "Task.resourceType")]


def test_nesting_without_end_is_an_issue() -> None:
    extension: dict[str, Any] = {"url": "a", "valueString": "x"}
    for _ in range(5000):
        extension = {"url": "a", "extension": [extension]}

    issues = check({"resourceType": "Patient", "extension": [extension]})

    assert [issue.code for issue in issues] == ["too-deep"]


def test_nesting_of_a_hundred_is_checked() -> None:
    extension: dict[str, Any] = {"url": "a"}
    for _ in range(48):
        extension = {"url": "a", "extension": [extension]}

    issues = check({"resourceType": "Patient", "extension": [extension]})

    assert [issue.code for issue in issues] == ["invariant"]


def test_flood_of_mistakes_is_told_in_part() -> None:
    issues = check({"resourceType": "Patient", "name": [{"given": [0] * 200_000}]})

    assert len(issues) == MOST + 1
    assert all(issue.refuses for issue in issues)


def test_flood_of_nulls_beside_extensions_does_not_hide_a_mistake() -> None:
    extension = {"extension": [{"url": "http://example.org/e", "valueString": "x"}]}
    name = {"given": [None] * 300, "_given": [extension] * 300}

    assert check({"resourceType": "Patient", "name": [name]}) == ()
    found = check({"resourceType": "Patient", "name": [name | {"family": ""}]})
    assert [(i.code, i.at) for i in found] == [("value", "Patient.name[0].family")]


def test_decimal_of_any_length_is_a_number() -> None:
    value = msgspec.json.decode(b'{"v":1.10000000000000000000000000000000000001}', type=dict[str, Decimal])["v"]
    quantity = {"value": value, "unit": "kg"}

    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": quantity}

    assert check(observation) == ()
    assert [i.code for i in check(observation | {"valueQuantity": {"value": Decimal("NaN")}})] == ["structure"]


def test_string_of_a_mebibyte_is_the_longest() -> None:
    plan = {"resourceType": "CarePlan", "status": "draft", "intent": "plan", "subject": {"reference": "Patient/1"}}

    assert check(plan | {"description": "a" * 1024 * 1024}) == ()
    assert [i.code for i in check(plan | {"description": "a" * (1024 * 1024 + 1)})] == ["value"]


@pytest.mark.parametrize(
    "flood",
    [
        {f"x{i}": 1 for i in range(10_001)},
        {"name": [{"given": ["a"] * 10_001, "_given": [1] * 10_001}]},
        {"maritalStatus": {"coding": [1] * 10_001}},
        {"maritalStatus": {"coding": [1] * 10_001, "text": "x"}},
    ],
)
def test_flood_of_one_kind_ends(flood: dict[str, Any]) -> None:
    assert len(check({"resourceType": "Patient", **flood})) == MOST + 1


def test_flood_of_warnings_does_not_refuse() -> None:
    entry = {"resource": {"resourceType": "Questionnaire", "status": "draft", "name": "not usable"}}

    issues = check({"resourceType": "Bundle", "type": "collection", "entry": [entry] * (MOST + 10)})

    assert len(issues) == MOST + 1
    assert not [issue for issue in issues if issue.refuses]


def test_error_among_many_warnings_is_told() -> None:
    entry = {"resource": {"resourceType": "Questionnaire", "status": "draft", "name": "not usable"}}
    wrong = {"resource": {"resourceType": "Questionnaire", "status": "nonsense"}}

    issues = check({"resourceType": "Bundle", "type": "collection", "entry": [entry] * (MOST + 10) + [wrong]})

    assert issues[0].code == "code-invalid"
    assert [issue.refuses for issue in issues].count(True) == 2  # and that there are more


def test_new_sets_of_elements_without_end_are_checked_all_the_same() -> None:
    names = ["family", "text", "use", "given", "prefix", "suffix", "period"]
    values: dict[str, Any] = {
        "use": "usual",
        "given": ["a"],
        "prefix": ["a"],
        "suffix": ["a"],
        "period": {"end": "2026"},
    }
    for order in islice(permutations(names), 200):
        name = {key: values.get(key, "x") for key in order}
        assert check({"resourceType": "Patient", "name": [name]}) == ()
        assert [i.at for i in check({"resourceType": "Patient", "name": [name | {"use": "x"}]})] == [
            "Patient.name[0].use"
        ]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({"photo": [{"data": 5, "contentType": "a/b"}]}, [("structure", "Patient.photo[0].data")]),
        ({"managingOrganization": {"reference": " "}}, [("value", "Patient.managingOrganization.reference")]),
        ({"managingOrganization": {"reference": ""}}, [("value", "Patient.managingOrganization.reference")]),
        (
            {"extension": [{"url": "a", "valueRange": {"low": {"value": 2.5}, "high": {"value": 1.5}}}]},
            [("invariant", "Patient.extension[0].valueRange")],
        ),
        ({"extension": [{"url": "a", "valueRange": {"low": {"value": 2.5}, "high": {"value": 3.5}}}]}, []),
    ],
)
def test_value_of_another_kind_is_told_once(says: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert [(i.code, i.at) for i in check({"resourceType": "Patient", **says})] == told
