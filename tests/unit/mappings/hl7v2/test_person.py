"""The patient and those around (hl7v2-mapping.md 9: PID, PD1, NK1)."""

import pytest

from mappings.message import Endpoint
from profiles import names

from .building import FNR, PID, codes, of_type, proposal, pv1, segment, told


@pytest.mark.parametrize("place", ["PID-3[2].1", "PID-19.1"])
def test_wrong_number_anywhere_in_the_pid_refuses_and_proposes_nothing(place: str) -> None:
    """SR-20"""
    wrong = "15918512398"
    pid = f"PID|1||H1^^^DIPS^MR~{wrong}^^^^FNR" if "-3" in place else f"PID|1||H1^^^DIPS^MR{'|' * 16}{wrong}"
    found = told("ADT^A01", pid, pv1())
    assert codes(found) == [("bad-check-digit", place)]
    assert found.proposals == ()


def test_message_without_a_usable_number_is_refused() -> None:
    found = told("ADT^A01", "PID|1||||Ukjent", pv1())
    assert codes(found) == [("field-required", "PID-3")]
    assert found.proposals == ()


def test_numbers_of_the_patient_come_national_first_and_licences_match_nobody() -> None:
    pid = f"PID|1||A1^^^BANK^AN~H1^^^DIPS^MR~{FNR}^^^^FNR||N^O" + "|" * 15 + "DL9"
    patient = proposal(told("ADT^A08", pid), "patient")
    assert patient.key.identifiers == ((names.FNR, FNR), ("urn:hl7v2:STO:DIPS", "H1"))
    assert [i["value"] for i in patient.values["identifier"]] == ["A1", "H1", FNR, "DL9"]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (24, {"multipleBirthBoolean": True}),
        (25, {"multipleBirthInteger": 2}),
        (29, {"deceasedDateTime": "2026-11-20"}),
        (30, {"deceasedBoolean": True}),
    ],
)
def test_choice_of_the_patient_takes_the_other_half_away(field: int, said: dict[str, object]) -> None:
    values = {24: "Y", 25: "2", 29: "20261120", 30: "Y"}
    patient = proposal(told("ADT^A08", segment("PID", {3: f"{FNR}^^^^FNR", field: values[field]})), "patient")
    assert said.items() <= patient.values.items()
    assert len(patient.cleared) == 1


def test_special_categories_are_not_stored() -> None:
    """Section 9: PID-10, -17, -22 (race, religion, ethnicity)."""
    pid = segment("PID", {3: f"{FNR}^^^^FNR", 10: "RASE^x", 17: "REL^x", 22: "ETN^x"})
    patient = proposal(told("ADT^A08", pid), "patient")
    assert set(patient.values) == {"resourceType", "identifier"}


def test_protected_address_is_not_stored_anywhere() -> None:
    pid = segment("PID", {3: f"{FNR}^^^^FNR", 11: "Gata 1^^Trondheim^^7013^^H^^5001", 13: "90000001"})
    nk1 = "NK1|1|Nordmann^Anne|MTH|Gata 1^^Trondheim|90000002||C"
    found = told("ADT^A08", pid, "PD1" + "|" * 12 + "Y", nk1)
    patient, mother = proposal(found, "patient"), proposal(found, "related-person-1")
    assert patient.values["meta"]["security"][0]["code"] == "R"
    assert {"address", "telecom"}.isdisjoint(patient.values) and {"address", "telecom"} <= set(patient.cleared)
    assert "address" not in patient.values["contact"][0]
    assert "address" not in mother.values and mother.cleared == ("address",)
    assert found.facts == {"municipality": "5001"}


def test_employer_is_no_related_person_but_its_organization_is_a_contact() -> None:
    nk1 = segment("NK1", {2: "", 3: "EMR", 13: "Bedriften^L^942110464^^^^ENH"})
    found = told("ADT^A08", PID, nk1)
    assert of_type(found, "RelatedPerson") == []
    contact = proposal(found, "patient").values["contact"][0]
    assert contact["organization"]["reference"] == "proposal:organization-1"


def test_related_person_with_a_number_is_known_by_it() -> None:
    stated = {2: "Nordmann^Anne", 3: "GRD^Verge", 15: "F", 16: "1960", 33: "01911560042^^^^FNR", 37: "01911560042"}
    related = proposal(told("ADT^A08", PID, segment("NK1", stated)), "related-person-1")
    assert related.key.natural == f"{names.FNR}|01911560042"
    assert len(related.values["identifier"]) == 1
    assert related.values["relationship"][0]["coding"][0]["code"] == "GRD"
    assert related.values["birthDate"] == "1960"


def test_wrong_number_of_a_relative_does_not_refuse_the_message() -> None:
    found = told("ADT^A08", PID, segment("NK1", {2: "A^B", 37: "15918512398"}))
    assert codes(found) == [("bad-check-digit", "NK1-37.1")]
    assert "identifier" not in proposal(found, "related-person-1").values


def test_death_as_disposition_without_death_of_the_patient_is_told() -> None:
    assert ("field-required", "PID-30") in codes(told("ADT^A03", PID, pv1(f36="20", f45="20261122")))


def test_number_of_a_test_person_is_refused_where_none_are_accepted() -> None:
    found = told("ADT^A08", PID, endpoint=Endpoint(synthetic_persons=False))
    assert codes(found) == [("test-person", "PID-3.1")]
    assert found.proposals == ()


def test_citizenship_handicap_and_mothers_maiden_name_are_extensions() -> None:
    pid = segment("PID", {3: f"{FNR}^^^^FNR", 6: "Vik", 26: "NO^Norge^ISO3166_1", 28: "SE"})
    found = proposal(told("ADT^A08", pid, "PD1||||||DØV^Døv^L"), "patient").values["extension"]
    kinds = ["mothersMaidenName", "citizenship", "nationality", "disability"]
    assert [e["url"].rsplit("/patient-", 1)[1] for e in found] == kinds


def test_office_known_by_its_number_alone_and_one_without_any() -> None:
    found = proposal(told("ADT^A08", PID, "PD1|||889640782~Legekontoret"), "patient").values["generalPractitioner"]
    assert found == [{"reference": "proposal:organization-1"}, {"display": "Legekontoret"}]


def test_number_that_is_stated_as_another_kind_than_it_is_follows_its_form() -> None:
    """A D-number sent as FNR must not become a second person."""
    found = told("ADT^A08", "PID|1||55918512380^^^^FNR")
    assert proposal(found, "patient").key.identifiers == ((names.DNR, "55918512380"),)
    assert codes(found) == [("identifier-type-guessed", "PID-3.1")]


def test_general_practitioner_who_has_left_is_not_stated() -> None:
    found = told("ADT^A08", PID, "ROL|1|D|PP|1^Lege^X")
    assert "generalPractitioner" not in proposal(found, "patient").values
