"""INV-02 and workflow.md 4.5: when a CareTeam claims the person's place for a coordinator."""

from typing import Any

import pytest

from fhir_service.resources import resource_type
from profiles.names import TEAM_CATEGORY, TEAM_ROLE

CARE_TEAM = resource_type("CareTeam")
COORDINATION = {"coding": [{"system": TEAM_CATEGORY, "code": "coordination"}]}


def participant(role: str, end: str | None = None, system: str = TEAM_ROLE) -> dict[str, Any]:
    period = {"start": "2026-11-01"} | ({"end": end} if end else {})
    return {"role": [{"coding": [{"system": system, "code": role}]}], "period": period}


def team(status: str | None, *participants: dict[str, Any], category: dict[str, Any] = COORDINATION) -> dict[str, Any]:
    found = {"resourceType": "CareTeam", "category": [category], "participant": list(participants)}
    return found if status is None else found | {"status": status}


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("proposed", ()),  # K1: a candidate only
        ("active", ("coordinator",)),  # K2
        ("suspended", ("coordinator",)),
        ("inactive", ()),  # K6
        ("entered-in-error", ()),
        (None, ("coordinator",)),
    ],
)
def test_team_with_an_open_coordinator_claims_by_its_status(status: str | None, kinds: tuple[str, ...]) -> None:
    assert CARE_TEAM.in_force(team(status, participant("coordinator"))) == kinds


@pytest.mark.parametrize("role", ["coordinator", "child-coordinator"])
def test_both_municipal_roles_claim_the_same_place(role: str) -> None:
    assert CARE_TEAM.in_force(team("active", participant("member"), participant(role))) == ("coordinator",)


@pytest.mark.parametrize("role", ["specialist-coordinator", "deputy", "ke", "person"])
def test_other_roles_claim_nothing(role: str) -> None:
    assert CARE_TEAM.in_force(team("active", participant(role))) == ()


def test_change_of_coordinator_in_one_version_claims_once() -> None:
    """K4: the old period ends the moment the new one starts."""
    changed = team("active", participant("coordinator", end="2026-11-20"), participant("coordinator"))
    assert CARE_TEAM.in_force(changed) == ("coordinator",)


def test_suspended_team_whose_coordinator_left_claims_nothing() -> None:
    """K5"""
    assert CARE_TEAM.in_force(team("suspended", participant("coordinator", end="2026-11-20"))) == ()


def test_end_in_the_future_is_an_end() -> None:
    """Decision 35: an open period is one without `end`."""
    assert CARE_TEAM.in_force(team("active", participant("coordinator", end="2099-01-01"))) == ()


def test_coordinator_without_a_period_is_open() -> None:
    someone = {"role": participant("coordinator")["role"]}
    assert CARE_TEAM.in_force(team("active", someone)) == ("coordinator",)


def test_teams_of_other_categories_are_ordinary() -> None:
    """Decision 10"""
    other = team("active", participant("coordinator"), category={"coding": [{"code": "coordination"}]})
    assert CARE_TEAM.in_force(other) == ()
    assert not CARE_TEAM.guarded(other)
    assert CARE_TEAM.guarded(team("proposed"))


def test_role_of_another_system_is_another_role() -> None:
    assert CARE_TEAM.in_force(team("active", participant("coordinator", system="http://example.org"))) == ()
