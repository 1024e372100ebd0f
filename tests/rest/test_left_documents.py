"""The documents of a plan stay with the municipality that the person has left (P9, workflow.md 4.7)."""

import base64

import pytest

from fhir_service.workflow import left_documents
from profiles import names
from tests.rest.circles import Circle, circle, concept, to
from tests.rest.conftest import Rest

LARGE = base64.b64encode(b"x" * 45_000).decode()
"""With what is around it a document of 60 KB."""
COUNT = 4


def moved_with_documents(rest: Rest, name: str) -> Circle:
    """A circle whose plan ended as moved, with large documents about it; another municipality has the person now."""
    made = circle(rest, name)
    for n in range(COUNT):
        attachment = {"attachment": {"contentType": "text/plain", "data": LARGE}}
        told = {"subject": to(made.ref("Patient", "person")), "context": {"related": [to(made.plan)]}}
        document = {"resourceType": "DocumentReference", "id": made.id(f"d{n}"), "status": "current", **told}
        made.keeps({**document, "content": [attachment]})
    plan = made.care_plan()
    reason = {"url": names.IP_STATUS_REASON, "valueCodeableConcept": concept(names.STATUS_REASON, "moved")}
    made.keeps({**plan, "status": "completed", "extension": [*plan["extension"], reason]}, 2)
    municipality = [to(made.ref("Organization", "stranger"))]
    made.keeps({**made.team(), "status": "active", "managingOrganization": municipality}, 2)
    return made


def still_open(made: Circle) -> int:
    """How many of the documents the new municipality reads."""
    new = made.who("ke", "stranger")
    assert made.reads(made.ref("CareTeam", "team"), new).status_code == 200
    found = [made.reads(made.ref("DocumentReference", f"d{n}") + "?_summary=true", new) for n in range(COUNT)]
    return sum(answer.status_code == 200 for answer in found)


def test_documents_stay_behind_with_their_plan(rest: Rest) -> None:
    assert still_open(moved_with_documents(rest, "leaves")) == 0


def test_no_more_is_read_than_has_room(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that the guide tells: the newest are marked."""
    monkeypatch.setattr(left_documents, "MOST_BYTES", 100_000)
    made = moved_with_documents(rest, "leaves-much")
    assert still_open(made) == 2
    assert made.reads(made.ref("DocumentReference", "d0"), made.who("ke", "stranger")).status_code == 200
