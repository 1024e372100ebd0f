"""Who coordinates is told to the hospital where the person is, and a stay is told by that one (rule 4 of 4.7)."""

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle, concept, to
from tests.rest.conftest import Rest, code

HOSPITAL = ("trust", "hospital")


@pytest.fixture(scope="module", name="one")
def one_circle(rest: Rest) -> Circle:
    made = circle(rest, "staying")
    number = {"identifier": [{"system": names.FNR, "value": "15918512397"}]}
    made.keeps(made.patient() | number, 1)
    kinds = {"trust": [concept(names.SECTOR, "trust")], "kindergarten": [concept(names.SECTOR, "kindergarten")]}
    for organization in (*HOSPITAL, "kindergarten"):
        kind = {"type": kinds[organization]} if organization in kinds else {}
        made.keeps({"resourceType": "Organization", "id": made.id(organization), "name": organization, **kind})
    return made


def _stay(one: Circle, at: str, **more: object) -> Resource:
    """A stay of a person whom the hospital names by number."""
    return {
        "resourceType": "Encounter", "status": "in-progress", "class": {"system": names.V3_ACT_CODE, "code": "IMP"},
        "subject": {"type": "Patient", "identifier": {"system": names.FNR, "value": "15918512397"}},
        "serviceProvider": to(one.ref("Organization", at)), **more,
    }  # fmt: skip


def _told(one: Circle, who: dict[str, str]) -> int:
    return one.reads(f"{one.ref('Patient', 'person')}/$coordinator", who).status_code


@pytest.mark.parametrize(
    ("role", "organization"),
    [
        ("service", "stranger"),
        ("ke", "stranger"),
        ("coordinator", "stranger"),
        ("unit-leader", "stranger"),
        ("service", "hospital"),
        ("notifier", "kindergarten"),
        ("service", "kindergarten"),
        (None, "stranger"),
    ],
)
def test_a_stay_is_no_way_to_learn_who_coordinates(one: Circle, role: str | None, organization: str) -> None:
    who = one.who(role, organization)
    answer = one.asks("POST", "Encounter", who, _stay(one, organization))
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert _told(one, who) == 404


def test_a_stay_of_another_hospital_is_not_told(one: Circle) -> None:
    answer = one.asks("POST", "Encounter", one.who("notifier", "hospital"), _stay(one, "trust"))
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    visit = _stay(one, "stranger") | {"class": {"system": names.V3_ACT_CODE, "code": "AMB"}}
    made = one.asks("POST", "Encounter", one.who("service", "stranger"), visit)
    assert made.status_code == 201, made.text
    patch = [{"op": "replace", "path": "/class/code", "value": "IMP"}]
    kind = {"content_type": "application/json-patch+json"}
    path = f"Encounter/{made.json()['id']}"
    assert one.asks("PATCH", path, one.who("service", "stranger"), patch, **kind).status_code == 403
    assert _told(one, one.who("service", "stranger")) == 404


@pytest.mark.parametrize(("role", "organization"), [("notifier", "hospital"), ("service", "trust")])
def test_the_hospital_where_the_person_is_learns_it_while_they_are(one: Circle, role: str, organization: str) -> None:
    who = one.who(role, organization)
    for period in ({"start": "2099-01-01"}, {"start": "2026-01-01", "end": "2026-01-02"}):
        elsewhen = one.asks("POST", "Encounter", who, _stay(one, organization, period=period))
        assert elsewhen.status_code == 201, elsewhen.text
        assert _told(one, who) == 404
    made = one.asks("POST", "Encounter", who, _stay(one, organization, period={"start": "2026-11-01"}))
    assert made.status_code == 201, made.text
    assert _told(one, who) == 200
    ended = one.asks("PUT", f"Encounter/{made.json()['id']}", who, made.json() | {"status": "finished"})
    assert ended.status_code == 200, ended.text
    assert _told(one, who) == 404
