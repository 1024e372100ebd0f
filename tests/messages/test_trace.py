"""SR-33: what a message leaves behind about itself is R4 (decision 23)."""

from datetime import UTC, datetime

import pytest

from fhir_service.storage.port import Write
from fhir_service.workflow.trace import SERVICE_AGENT, audit_of_message, binary, provenance_of_message
from profiles.validate import check

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
WRITE = Write("Patient", "p1", 1, NOW, {"resourceType": "Patient", "id": "p1"}, b"{}")


@pytest.mark.parametrize("event", ["A01", ""])
@pytest.mark.parametrize("patient", ["Patient/p1", None])
def test_audit_event_is_valid_whatever_the_message_says(event: str, patient: str | None) -> None:
    audit = dict(audit_of_message({"display": "HUS"}, patient, "Binary/b1", event, NOW))
    assert list(check(audit)) == []
    assert ("subtype" in audit) is bool(event)


@pytest.mark.parametrize("event", ["A01", ""])
@pytest.mark.parametrize("occurred", ["2026-11-22T07:00:00+01:00", None])
def test_provenance_is_valid_whatever_the_message_says(event: str, occurred: str | None) -> None:
    provenance = dict(provenance_of_message([WRITE], [SERVICE_AGENT], "Binary/b1", event, (NOW, occurred)))
    assert list(check(provenance)) == []
    assert ("activity" in provenance, "occurredDateTime" in provenance) == (bool(event), bool(occurred))


def test_binary_keeps_the_bytes() -> None:
    assert binary(b"MSH|\r\xe6", "x-application/hl7-v2+er7")["data"] == "TVNIfA3m"
