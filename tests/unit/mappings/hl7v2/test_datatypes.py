"""Data types (hl7v2-mapping.md 4 and 6.1)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.hl7v2.datatypes import address, concept, contact_point, human_name, mapped, mapped_code
from mappings.hl7v2.datatypes_identifiers import (
    CX,
    ORGANIZATION,
    PATIENT,
    PERSON,
    VISIT,
    XCN,
    XON,
    Columns,
    Owner,
    entity_identifier,
    hd_system,
    identifier,
)
from mappings.message import Endpoint
from profiles import names

from .building import field

NO_BASIS_MUNICIPALITY = "http://hl7.no/fhir/StructureDefinition/no-basis-municipalitycode"


@pytest.mark.parametrize(
    ("cx", "system", "value"),
    [
        ("15918512397^^^&2.16.578.1.12.4.1.4.1&ISO", names.FNR, "15918512397"),
        ("15918512397^^^^FNR", names.FNR, "15918512397"),
        ("159185 12397^^^Folkeregisteret", names.FNR, "15918512397"),
        ("55918512380^^^^NNNOR", names.DNR, "55918512380"),
        ("55918512380^^^^DNR", names.DNR, "55918512380"),
        ("81234567802^^^^NI", names.FHN, "81234567802"),
        ("123456789012^^^^DUF", names.DUF, "123456789012"),
        ("1001^^^DIPS^MR", "urn:hl7v2:STO:DIPS", "1001"),
        ("1001^^^^MR", "urn:hl7v2:STO:MR", "1001"),
        ("1001^^^X&1.2.3&ISO^NI", "urn:oid:1.2.3", "1001"),
        ("1001", "urn:hl7v2:STO:patient", "1001"),
        ("15918512398", "urn:hl7v2:STO:patient", "15918512398"),
    ],
)
def test_system_of_a_patient_number(cx: str, system: str, value: str) -> None:
    item, reading = field(cx)
    found = identifier(item, CX, PATIENT, reading)
    assert found and (found["system"], found["value"]) == (system, value)
    assert reading.issues == []


@pytest.mark.parametrize(
    ("cwe", "system"),
    [
        ("MED", names.V2 + "0069"),
        ("med", names.V2 + "0069"),
        ("01", "urn:hl7v2:STO:HL70069"),
        ("01^Kirurgi^HL70069", "urn:hl7v2:STO:HL70069"),
        ("SUR^Kirurgi^HL70069", names.V2 + "0069"),
        ("X^Y^HL79999", names.V2 + "9999"),
    ],
)
def test_code_in_no_hl7_table_is_the_senders_own(cwe: str, system: str) -> None:
    """SR-20: a coding never says that HL7 defines a code that it does not."""
    item, reading = field(cwe)
    found = concept(item, reading, "0069")
    assert found and found["coding"][0]["system"] == system


@pytest.mark.parametrize("kind", ["FNR", "NNNOR", "NI", "DNR", "FHN"])
def test_wrong_check_digit_of_a_patient_refuses(kind: str) -> None:
    """SR-20: no patient is ever made under a wrong number."""
    item, reading = field(f"15918512398^^^^{kind}")
    assert identifier(item, CX, PATIENT, reading) is None
    assert [(i.code, i.at, i.refuses) for i in reading.issues] == [("bad-check-digit", "ZZZ-1.1", True)]


def test_wrong_check_digit_of_somebody_else_is_a_warning() -> None:
    item, reading = field("15918512398^^^^FNR")
    assert identifier(item, CX, PERSON, reading) is None
    assert [i.refuses for i in reading.issues] == [False]


def test_test_person_is_refused_where_none_are_accepted() -> None:
    item, reading = field("15918512397^^^^FNR", Endpoint(synthetic_persons=False))
    assert identifier(item, CX, PATIENT, reading) is None
    assert [i.code for i in reading.issues] == ["test-person"]


def test_untyped_number_that_holds_is_guessed_to_be_national() -> None:
    item, reading = field("15918512397")
    found = identifier(item, CX, PATIENT, reading)
    assert found == {"system": names.FNR, "value": "15918512397"}
    assert [i.code for i in reading.issues] == ["identifier-type-guessed"]


def test_visit_number_is_never_taken_for_a_person() -> None:
    item, reading = field("15918512397^^^^VN")
    assert identifier(item, CX, VISIT, reading)["system"] == "urn:hl7v2:STO:visit"  # type: ignore[index]
    item, reading = field("15918512397")
    assert identifier(item, CX, VISIT, reading)["system"] == "urn:hl7v2:STO:visit"  # type: ignore[index]
    assert reading.issues == []


@pytest.mark.parametrize(
    ("text", "columns", "owner", "system"),
    [
        ("9144889^Strøm^Åse^^^^^^HPR^L^^^HPR", XCN, PERSON, names.HPR),
        ("Trondheim^L^942110464^^^^ENH", XON, ORGANIZATION, names.ENH),
        ("Trondheim^L^942110464", XON, ORGANIZATION, names.ENH),
        ("St. Olavs^L^4208723^^^^RESH", XON, ORGANIZATION, names.RESH),
        ("Avdeling^L^17^^^STO", XON, ORGANIZATION, "urn:hl7v2:STO:STO"),
    ],
)
def test_system_of_practitioners_and_organizations(text: str, columns: Columns, owner: Owner, system: str) -> None:
    item, reading = field(text)
    assert identifier(item, columns, owner, reading)["system"] == system  # type: ignore[index]


def test_invalid_organization_number_is_kept_as_the_senders_own() -> None:
    item, reading = field("X^L^942110465^^^^ENH")
    assert identifier(item, XON, ORGANIZATION, reading)["system"] == "urn:hl7v2:STO:ENH"  # type: ignore[index]
    assert [i.code for i in reading.issues] == ["bad-check-digit"]


def test_details_of_an_identifier_are_kept() -> None:
    item, reading = field("1001^4^M11^DIPS^MR^^20200101^20301231")
    assert identifier(item, CX, PATIENT, reading) == {
        "system": "urn:hl7v2:STO:DIPS",
        "value": "1001",
        "type": {"coding": [{"system": names.V2 + "0203", "code": "MR", "display": "Medical record number"}]},
        "extension": [
            {"url": names.HL7_EXTENSION + "/identifier-checkDigit", "valueString": "4"},
            {"url": names.HL7_EXTENSION + "/namingsystem-checkDigit", "valueString": "M11"},
        ],
        "period": {"start": "2020-01-01", "end": "2030-12-31"},
        "assigner": {"display": "DIPS"},
    }


@pytest.mark.parametrize(
    ("hd", "system"),
    [
        (("", "", ""), ""),
        (("DIPS", "1.2.3", "ISO"), "urn:oid:1.2.3"),
        (("", "426D2726-51FC-89FE-A946-8596E80A80EB", "GUID"), "urn:uuid:426d2726-51fc-89fe-a946-8596e80a80eb"),
        (("", "his.example.org", "DNS"), "his.example.org"),
        (("", "https://his.example.org/a b", "URI"), "https://his.example.org/a%20b"),
        (("Avd A", "9", "L"), "urn:hl7v2:STO:Avd%20A"),
        (("FNR", "", ""), names.FNR),
    ],
)
def test_hd_as_system(hd: tuple[str, str, str], system: str) -> None:
    _, reading = field("x")
    assert hd_system(hd, reading) == system


def test_entity_identifier_takes_its_oid_before_its_name() -> None:
    item, reading = field("4711^DIPS^1.2.3^ISO")
    assert entity_identifier(item, reading, "PLAC")["system"] == "urn:oid:1.2.3"  # type: ignore[index]
    item, reading = field("4711^DIPS")
    assert entity_identifier(item, reading) == {"system": "urn:hl7v2:STO:DIPS", "value": "4711"}
    assert entity_identifier(None, reading) is None


def test_name_with_own_surname_and_middle_name() -> None:
    item, reading = field("&van&Berg^Ola^Ås^Jr^Dr^PhD^D^^^^^20200101^20210101^MD")
    assert human_name(item, reading) == {
        "use": "usual",
        "text": "Ola Ås van Berg",
        "family": "van Berg",
        "given": ["Ola", "Ås"],
        "extension": [
            {"url": "http://hl7.no/fhir/StructureDefinition/no-basis-middlename", "valueString": "Ås"},
        ],
        "prefix": ["Dr"],
        "suffix": ["Jr", "PhD", "MD"],
        "period": {"start": "2020-01-01", "end": "2021-01-01"},
    }


def test_first_name_without_type_is_official_and_an_empty_one_is_none() -> None:
    item, reading = field("Nordmann^Ola")
    assert human_name(item, reading, first=True)["use"] == "official"  # type: ignore[index]
    assert "use" not in human_name(item, reading)  # type: ignore[operator]
    item, reading = field("^^^^Dr")
    assert human_name(item, reading) is None


def test_address_with_municipality_number() -> None:
    item, reading = field("Munkegata 1^H0201^Trondheim^Trøndelag^7013^NO^H^^5001^^^^20200101")
    coding = {"system": names.MUNICIPALITY, "code": "5001"}
    assert address(item, reading) == {
        "use": "home",
        "line": ["Munkegata 1", "H0201"],
        "city": "Trondheim",
        "state": "Trøndelag",
        "postalCode": "7013",
        "country": "NO",
        "_district": {"extension": [{"url": NO_BASIS_MUNICIPALITY, "valueCoding": coding}]},
        "period": {"start": "2020-01-01"},
    }


@pytest.mark.parametrize(("kind", "said"), [("M", {"type": "postal"}), ("BA", {"use": "old"}), ("L", {}), ("P", {})])
def test_address_type(kind: str, said: dict[str, str]) -> None:
    item, reading = field(f"Gata 1^^Oslo^^^^{kind}^^Sagene")
    assert address(item, reading) == {"line": ["Gata 1"], "city": "Oslo", "district": "Sagene"} | said
    assert reading.issues == []


@pytest.mark.parametrize(
    ("xtn", "said"),
    [
        ("90000001^PRN^CP", {"system": "phone", "value": "90000001", "use": "mobile"}),
        ("^PRN^PH^^47^73^100000^12", {"system": "phone", "value": "+47 73 100000 X12", "use": "home"}),
        ("^NET^Internet^ola@example.org", {"system": "email", "value": "ola@example.org", "use": "home"}),
        ("ola@example.org", {"system": "email", "value": "ola@example.org", "use": "home"}),
        ("^WPN^FX^^^^^^^^^73100001", {"system": "fax", "value": "73100001", "use": "work"}),
        ("73100001^^^^^^^^^^^^^^^^^2", {"system": "phone", "value": "73100001", "use": "home", "rank": 2}),
        ("^PRN^TDD^^^^1111", {"system": "other", "value": "1111", "use": "home"}),
    ],
)
def test_contact_point(xtn: str, said: dict[str, Any]) -> None:
    item, reading = field(xtn)
    assert contact_point(item, reading, "home") == said


def test_contact_point_without_a_value_is_none() -> None:
    item, reading = field("^PRN^PH^^47^73")
    assert contact_point(item, reading) is None


@pytest.mark.parametrize(
    ("cwe", "system"),
    [
        ("I63.9^Hjerneinfarkt^I10", names.ICD_10),
        ("I63.9^Hjerneinfarkt^X^^^^^^^^^^^2.16.578.1.12.4.1.1.7110", names.ICD_10),
        ("K90^Slag^ICPC-2", names.ICPC_2),
        ("230690007^Stroke^SCT", names.SNOMED_CT),
        ("A^B^HL70001", names.V2 + "0001"),
        ("A^B^1.2.3", "urn:oid:1.2.3"),
        ("A^B^LOKAL", "urn:hl7v2:STO:LOKAL"),
    ],
)
def test_system_of_a_code(cwe: str, system: str) -> None:
    item, reading = field(cwe)
    assert concept(item, reading)["coding"][0]["system"] == system  # type: ignore[index]


def test_concept_keeps_all_codings_and_the_text() -> None:
    item, reading = field("A^Alfa^I10^B^Beta^SCT^2024^2^Som skrevet")
    assert concept(item, reading) == {
        "coding": [
            {"system": names.ICD_10, "version": "2024", "code": "A", "display": "Alfa"},
            {"system": names.SNOMED_CT, "version": "2", "code": "B", "display": "Beta"},
        ],
        "text": "Som skrevet",
    }
    item, reading = field("^Bare tekst")
    assert concept(item, reading) == {"text": "Bare tekst"}


def test_mapped_code_is_put_before_the_original() -> None:
    item, reading = field("MTH^Mor^HL70063")
    assert [c["code"] for c in mapped(item, "v2-0063-relationship", reading)["coding"]] == ["MTH", "MTH"]  # type: ignore[index]
    assert mapped(None, "v2-0063-relationship", reading) is None


def test_unknown_code_is_kept_and_told_and_never_invented() -> None:
    """hl7v2-mapping.md 11: never invent."""
    item, reading = field("NABO")
    assert mapped(item, "v2-0063-relationship", reading) == {
        "coding": [{"system": "urn:hl7v2:STO:HL70063", "code": "NABO"}]
    }
    assert mapped_code(item, "v2-0001-administrative-gender", reading) == ""
    assert [(i.code, i.at) for i in reading.issues] == [("unknown-code", "ZZZ-1.1")] * 2


def test_text_in_a_code_field_is_not_shown_in_the_issue() -> None:
    """S12: it may be about a person."""
    item, reading = field("Ola Nordmann født 1985")
    mapped_code(item, "v2-0001-administrative-gender", reading)
    assert "Nordmann" not in reading.issues[0].text


@given(st.text(st.characters(codec="utf-8", exclude_characters="|\r\n\x0b\x1c"), min_size=1, max_size=60))
def test_no_data_type_raises(text: str) -> None:
    item, reading = field(f"{text}x")
    for columns, owner in ((CX, PATIENT), (XCN, PERSON), (XON, ORGANIZATION)):
        identifier(item, columns, owner, reading)
    for read in (human_name, address, contact_point, concept):
        read(item, reading)
    mapped(item, "v2-0063-relationship", reading)
    assert not [issue for issue in reading.issues if not issue.code or not issue.at]


def test_code_with_blanks_is_shown_but_is_no_code() -> None:
    item, reading = field("Bor hos mor^^L")
    assert concept(item, reading) == {"coding": [{"display": "Bor hos mor"}]}


def test_address_without_a_place_is_none() -> None:
    item, reading = field("^^^^^NO^H")
    assert address(item, reading) is None
