"""What is there is changed by whom it belongs to, whoever may read it (SR-27, workflow.md 1; ADR 0030)."""

from typing import Any

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle, concept, to
from tests.rest.conftest import Rest, code

PERSON, PARENT = "person", "parent"


@pytest.fixture(scope="module", name="one")
def one_circle(rest: Rest) -> Circle:
    made = circle(rest, "whose")
    school = to(made.ref("Organization", "school"))
    made.keeps({"resourceType": "Organization", "id": made.id("class"), "name": "Klasse", "partOf": school})
    made.keeps({"resourceType": "Practitioner", "id": made.id("anne"), "name": [{"family": "Prøve"}]})
    made.keeps({"resourceType": "Practitioner", "id": made.id("nobodys"), "name": [{"family": "Prøve"}]})
    works = {"practitioner": to(made.ref("Practitioner", "anne")), "organization": school}
    made.keeps({"resourceType": "PractitionerRole", "id": made.id("annes"), **works})
    made.keeps({"resourceType": "Location", "id": made.id("room"), "managingOrganization": school})
    made.keeps({"resourceType": "HealthcareService", "id": made.id("help"), "providedBy": school})
    made.keeps({"resourceType": "ValueSet", "id": made.id("words"), "status": "draft"})
    near = {"patient": to(made.ref("Patient", "person")), "name": [{"family": "Prøve"}]}
    made.keeps({"resourceType": "RelatedPerson", "id": made.id(PARENT), **near})
    sector = {"security": [{"system": names.SECTOR, "code": "school"}]}
    about = {"subject": to(made.ref("Patient", "person")), "meta": sector}
    made.keeps({"resourceType": "Condition", "id": made.id("finding"), **about})
    return made


def _callers(one: Circle) -> dict[str, dict[str, str]]:
    return {
        "ke": one.ke,
        "coordinator": one.coordinator,
        "school": one.school,
        "school as ke": one.who("ke", "school"),
        "school as coordinator": one.who("coordinator", "school"),
        "stranger": one.who("service", "stranger"),
        "administrator": one.who("administrator", "stranger"),
        PERSON: one.who(None, person=one.ref("Patient", "person")),
        PARENT: one.who(None, person=one.ref("RelatedPerson", PARENT)),
        "developer": {},
    }


SCHOOLS = {"school", "school as ke", "school as coordinator"}
HANDLING = {"ke", "coordinator"}
ALWAYS = {"administrator", "developer"}
WHO_MAY = [
    ("Organization/whose-school", SCHOOLS),
    ("Organization/whose-class", SCHOOLS),
    ("PractitionerRole/whose-annes", SCHOOLS),
    ("Practitioner/whose-anne", SCHOOLS),
    ("Practitioner/whose-nobodys", {"ke", "school as ke"}),
    ("Location/whose-room", SCHOOLS),
    ("HealthcareService/whose-help", SCHOOLS),
    ("ValueSet/whose-words", set[str]()),
    ("Patient/whose-person", HANDLING | {PERSON}),
    ("RelatedPerson/whose-parent", HANDLING | {PERSON, PARENT}),
    ("Condition/whose-finding", HANDLING),
]


@pytest.mark.parametrize(("what", "allowed"), WHO_MAY)
@pytest.mark.parametrize("road", ["PUT", "PATCH", "transaction"])
def test_entries_are_changed_by_whom_they_belong_to(one: Circle, what: str, allowed: set[str], road: str) -> None:
    found: dict[str, int] = {}
    for name, who in _callers(one).items():
        read = one.reads(what, who)
        if read.status_code != 404:
            found[name] = _changed(one, road, what, who, read.json())
    expected = {name: 200 if name in allowed | ALWAYS else 403 for name in found}
    assert found == expected
    assert allowed <= found.keys()


def _changed(one: Circle, road: str, what: str, who: dict[str, str], read: Resource) -> int:
    changed = read | {"language": "nb" if read.get("language") != "nb" else "nn"}
    if road == "PUT":
        return one.asks("PUT", what, who, changed).status_code
    if road == "PATCH":
        patch = [{"op": "add", "path": "/language", "value": changed["language"]}]
        return one.asks("PATCH", what, who, patch, content_type="application/json-patch+json").status_code
    entry = [{"resource": changed, "request": {"method": "PUT", "url": what}}]
    return one.asks("POST", "", who, {"resourceType": "Bundle", "type": "transaction", "entry": entry}).status_code


@pytest.mark.parametrize(
    ("what", "organization"),
    [("Condition/whose-finding", "school"), ("RelatedPerson/whose-parent", "school"), ("Location/whose-room", "ke")],
)
def test_entries_are_deleted_by_whom_they_belong_to(one: Circle, what: str, organization: str) -> None:
    refused = one.asks("DELETE", what, one.who("service", organization))
    assert (refused.status_code, code(refused)) == (403, "forbidden")
    assert one.rest.get(what).status_code == 200


def test_what_somebody_brought_is_theirs(one: Circle) -> None:
    """A hospital changes the record that it brought, and the need that it told; who is to answer does not."""
    hospital, ke = one.who("notifier", "stranger"), one.who("service", "ke")
    patient = one.asks("POST", "Patient", hospital, {"resourceType": "Patient"}).json()
    literal = f"Patient/{patient['id']}"
    need: Resource = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "proposal", "subject": to(literal),
        "authoredOn": "2026-11-20", "identifier": [{"system": "urn:oid:2.16.578.1.99", "value": "whose"}],
        "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
        "code": concept(names.REQUEST_KIND, "coordinated-services"),
        "requester": to(one.ref("Organization", "stranger")), "performer": [to(one.ref("Organization", "ke"))],
        "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "obtained-oral"}],
    }  # fmt: skip
    told = one.asks("POST", "ServiceRequest", hospital, need)
    assert told.status_code == 201, told.text
    assert _changed(one, "PUT", literal, hospital, patient) == 200
    path = f"ServiceRequest/{told.json()['id']}"
    assert one.reads(path, ke).status_code == 200
    answer = one.asks("PUT", path, ke, told.json() | {"note": [{"text": "Vår"}]})
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert _changed(one, "PUT", path, hospital, told.json()) == 200


def test_what_is_recorded_of_changes_is_nobodys_to_change(one: Circle) -> None:
    record: dict[str, Any] = {
        "resourceType": "Provenance", "recorded": "2026-11-20T10:00:00Z", "target": [to(one.plan)],
        "agent": [{"who": to(one.ref("Organization", "ke"))}],
    }  # fmt: skip
    made = one.rest.stored(record)
    for who in (one.ke, one.coordinator, one.school):
        assert _changed(one, "PUT", f"Provenance/{made['id']}", who, made) in (403, 409)
    assert one.rest.get(f"Provenance/{made['id']}").json() == made
