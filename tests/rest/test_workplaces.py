"""Who works where opens doors: it is told by the place itself (SR-27; decision 42)."""

from typing import Any

import httpx
import pytest

from profiles.resource import Resource
from tests.rest.circles import Circle, circle, to
from tests.rest.conftest import Rest

ORGANIZATIONS = ("school", "stranger", "ke")


@pytest.fixture(scope="module", name="one")
def one_circle(rest: Rest) -> Circle:
    return circle(rest, "places")


def _at(one: Circle, organization: str | None) -> Resource:
    place = {"organization": to(one.ref("Organization", organization))} if organization else {"active": True}
    return {"resourceType": "PractitionerRole", "id": one.id("kari"), **place}


def _kari(one: Circle, who: dict[str, str], body: Any) -> httpx.Response:
    return one.asks("PUT", one.ref("PractitionerRole", "kari"), who, body)


@pytest.mark.parametrize("role", ["ke", "coordinator", "service", "unit-leader", None])
@pytest.mark.parametrize("organization", ORGANIZATIONS)
def test_a_coordinator_is_not_taken_to_another_place(one: Circle, organization: str, role: str | None) -> None:
    answer = _kari(one, one.who(role, organization), _at(one, "stranger"))
    assert answer.status_code == 403, answer.text
    assert one.reads(one.plan, one.stranger).status_code == 404


def test_what_is_not_the_place_is_corrected_by_the_place_too(one: Circle) -> None:
    told = _at(one, "unit") | {"telecom": [{"system": "phone", "value": "+47 99 00 00 00"}]}
    assert _kari(one, one.ke, told).status_code == 403
    assert _kari(one, one.coordinator, told).status_code == 200


def test_the_place_tells_that_somebody_has_left(one: Circle) -> None:
    assert _kari(one, one.who("unit-leader", "unit"), _at(one, None)).status_code == 200
    assert _kari(one, one.stranger, _at(one, "stranger")).status_code == 403
    assert _kari(one, one.who("administrator", "stranger"), _at(one, "unit")).status_code == 200


def test_the_office_tells_where_somebody_works_first(one: Circle) -> None:
    role = one.ref("PractitionerRole", "new")
    body = {"resourceType": "PractitionerRole", "id": one.id("new"), "active": True}
    assert one.asks("PUT", role, one.ke, body).status_code == 201
    placed = body | {"organization": to(one.ref("Organization", "unit"))}
    assert one.asks("PUT", role, one.ke, placed).status_code == 200


@pytest.mark.parametrize(("organization", "status"), [("stranger", 403), ("school", 403), ("ke", 201)])
def test_an_agreement_is_written_by_who_gives_it(one: Circle, organization: str, status: int) -> None:
    agreement = {
        "resourceType": "OrganizationAffiliation",
        "organization": to(one.ref("Organization", "ke")),
        "participatingOrganization": to(one.ref("Organization", "stranger")),
    }
    answer = one.asks("POST", "OrganizationAffiliation", one.who("ke", organization), agreement)
    assert answer.status_code == status, answer.text
