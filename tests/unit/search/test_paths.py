"""Search expressions compiled to closures: https://hl7.org/fhirpath/N1/"""

from typing import Any

import pytest

from fhir_service.search.path_syntax import UnsupportedExpressionError, read
from fhir_service.search.paths import compile_path

TEAM: dict[str, Any] = {
    "resourceType": "CareTeam",
    "status": "active",
    "participant": [
        {"role": [{"coding": [{"system": "s", "code": "a"}]}], "member": {"reference": "Practitioner/1"}},
        {
            "role": [{"coding": [{"system": "s", "code": "b"}]}],
            "member": {"reference": "Organization/2"},
            "period": {"start": "2026", "end": "2027"},
        },
        {
            "role": [{"coding": [{"system": "t", "code": "a"}]}],
            "member": {"reference": "http://x/Patient/3/_history/1"},
        },
    ],
    "extension": [{"url": "http://e", "valueDate": "2026-01-01"}, {"url": "http://f", "valueString": "text"}],
}


def values(expression: str, resource: dict[str, Any] = TEAM) -> list[Any]:
    return [v for branch in compile_path(resource["resourceType"], expression) for v in branch.getter()(resource)]


def members(expression: str) -> list[str]:
    return [
        member["reference"].split("/")[0 if "http" not in member["reference"] else 3] for member in values(expression)
    ]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("CareTeam.status", ["active"]),
        ("Resource.status", ["active"]),
        ("status", ["active"]),
        ("CareTeam.name", []),
        ("CareTeam.participant.role.coding.code", ["a", "b", "a"]),
        ("CareTeam.participant[1].role.coding.code", ["b"]),
        ("CareTeam.participant[7].role.coding.code", []),
        ("CareTeam.name | CareTeam.status", ["active"]),
        ("(CareTeam.participant | CareTeam.participant[0]).role.coding.code", ["a", "b", "a", "a"]),
        ("CareTeam.participant.where(role.coding.where(system='s').exists()).role.coding.code", ["a", "b"]),
        ("CareTeam.participant.where(period.exists()).role.coding.code", ["b"]),
        ("CareTeam.participant.where(period.end.empty() and role.coding.code='a').role.coding.system", ["s", "t"]),
        ("CareTeam.participant.where(period.exists() or role.coding.system='t').role.coding.code", ["b", "a"]),
        ("CareTeam.extension('http://e').value", ["2026-01-01"]),
        ("CareTeam.extension('http://e').value as date", ["2026-01-01"]),
        ("CareTeam.extension('http://e').value.ofType(string)", []),
        ("CareTeam.extension('http://none').value", []),
        ("CareTeam.status = 'active'", [True]),
        ("CareTeam.status != 'active'", [False]),
        ("CareTeam.name != 'x'", [False]),
        ("CareTeam.name.exists() or CareTeam.status.exists()", [True]),
        ("CareTeam.participant.role.coding.code = 'a'", [False]),
    ],
)
def test_expression_finds_what_fhirpath_says(expression: str, found: list[Any]) -> None:
    assert values(expression) == found


@pytest.mark.parametrize("rtype", ["Practitioner", "Organization", "Patient"])
def test_resolve_is_decided_by_the_address(rtype: str) -> None:
    expression = f"CareTeam.participant.member.where(resolve() is {rtype})"
    assert members(expression) == [rtype]


@pytest.mark.parametrize(
    ("element", "found"),
    [({"scheduledPeriod": {"start": "2026"}}, "Period"), ({"scheduledString": "weekly"}, "string")],
)
def test_choice_element_is_found_under_its_json_name(element: dict[str, Any], found: str) -> None:
    plan = {"resourceType": "CarePlan", "activity": [{"detail": element}]}
    branches = compile_path("CarePlan", "CarePlan.activity.detail.scheduled")
    assert {branch.type for branch in branches} == {"Period", "Timing", "string"}
    assert [branch.type for branch in branches if branch.getter()(plan)] == [found]


def test_element_whose_content_repeats_another_is_followed() -> None:
    consent = {"resourceType": "Consent", "provision": {"provision": [{"provision": [{"type": "permit"}]}]}}
    assert values("Consent.provision.provision.provision.type", consent) == ["permit"]


@pytest.mark.parametrize(
    "resource",
    [
        {"participant": "x", "extension": 7, "status": None},
        {"participant": [None, "x", {"role": "x"}, {"role": [None]}], "extension": [None, "x"]},
    ],
)
def test_values_of_another_shape_are_passed_over(resource: dict[str, Any]) -> None:
    odd = {"resourceType": "CareTeam", **resource}
    assert values("CareTeam.participant.role.coding.code", odd) == []
    assert values("CareTeam.participant.where(period.end.exists()).member", odd) == []
    assert values("CareTeam.extension('http://e').value", odd) == []
    assert values("CareTeam.participant.member.where(resolve() is Patient)", odd) == []


@pytest.mark.parametrize(
    ("path", "many"),
    [("CareTeam.status", False), ("CareTeam.participant.member", True), ("CareTeam.participant[0].period", False)],
)
def test_number_of_values_is_known_from_the_definitions(path: str, many: bool) -> None:
    assert [branch.many for branch in compile_path("CareTeam", path)] == [many]


@pytest.mark.parametrize(
    "expression",
    [
        "", "CareTeam.", "CareTeam.nothing", "CareTeam.status.first()", "CareTeam.participant[x]", "CareTeam.status +",
        "CareTeam.participant.where()", "CareTeam.participant.where(period)", "CareTeam.participant.where(a, b)",
        "CareTeam.extension(status)", "(status",
        "CareTeam.status as", "status status", "CareTeam.status ~ 'x'", "'text'", "CareTeam.status.as('code')",
        "CareTeam.status = CareTeam.name", "|", "where(resolve() is 'x')", "CareTeam.exists(", "exists()",
    ],
)  # fmt: skip
def test_expression_that_is_not_understood_is_told(expression: str) -> None:
    with pytest.raises(UnsupportedExpressionError):
        compile_path("CareTeam", expression)


def test_operators_bind_as_in_the_specification() -> None:
    assert read("a or b and c = 'x' | d") == read("a or (b and (c = ('x' | d)))")
    assert read("a | b as c") == read("a | (b as c)")
