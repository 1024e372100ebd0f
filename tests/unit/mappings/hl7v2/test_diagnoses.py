"""Diagnoses of a stay (hl7v2-mapping.md 9: DG1)."""

import pytest

from profiles import names

from .building import PID, proposal, pv1, segment, told


@pytest.mark.parametrize(
    ("kind", "event", "use", "verification"),
    [
        ("F", "A03", "DD", "confirmed"),
        ("F", "A01", None, "confirmed"),
        ("W", "A03", None, "provisional"),
        ("A", "A01", "AD", None),
    ],
)
def test_type_of_a_diagnosis(kind: str, event: str, use: str | None, verification: str | None) -> None:
    found = told(f"ADT^{event}", "EVN||20261122110000", PID, pv1(), f"DG1|1||I63.9^Slag^I10|||{kind}")
    row = proposal(found, "encounter").values["diagnosis"][0]
    condition = proposal(found, "condition-1").values
    assert row.get("use", {}).get("coding", [{}])[0].get("code") == use
    assert condition.get("verificationStatus", {}).get("coding", [{}])[0].get("code") == verification


def test_deleted_diagnosis_finds_the_one_it_deletes() -> None:
    kept = told("ADT^A08", PID, pv1(), "DG1|1||I63.9^^I10|||F")
    deleted = told("ADT^A08", PID, pv1(), segment("DG1", {3: "I639^^I10", 6: "F", 21: "D"}))
    assert proposal(deleted, "condition-1").key == proposal(kept, "condition-1").key
    assert proposal(deleted, "condition-1").values["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" in proposal(deleted, "condition-1").cleared
    assert "diagnosis" not in proposal(deleted, "encounter").values


def test_diagnosis_with_a_number_of_its_own_is_known_by_it() -> None:
    dg1 = segment("DG1", {2: "I10", 3: "I63.9", 4: "Slag & lammelse", 6: "F", 15: "2", 20: "D7^DIPS", 22: "D6^DIPS"})
    found = told("ADT^A08", PID, pv1(), dg1)
    condition = proposal(found, "condition-1")
    assert condition.key.identifiers == (("urn:hl7v2:STO:DIPS", "D7"),)
    assert condition.values["code"]["coding"][0]["system"] == names.ICD_10
    assert condition.values["code"]["text"] == "Slag & lammelse"
    assert proposal(found, "encounter").values["diagnosis"][0]["rank"] == 2
