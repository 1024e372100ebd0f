"""Concept maps: FHIR ConceptMaps that answer look-ups (hl7v2-mapping.md 11)."""

import json
from typing import get_args

import pytest

from mappings import codes
from profiles import names, r4_types
from profiles.code_systems import display
from profiles.validate import check

MAPS = sorted(codes.MAPS.glob("*.json"))


@pytest.mark.parametrize("file", MAPS, ids=lambda f: f.stem)
def test_every_map_is_a_valid_concept_map_named_as_its_file(file: codes.Path) -> None:
    data = json.loads(file.read_text(encoding="utf-8"))
    assert [i for i in check(data) if i.refuses] == []
    assert (data["id"], data["url"]) == (file.stem, f"{names.BASE}/ConceptMap/{file.stem}")
    elements = [e["code"].casefold() for group in data["group"] for e in group["element"]]
    assert len(elements) == len(set(elements))
    targets = [(g.get("target", ""), t) for g in data["group"] for e in g["element"] for t in e.get("target", ())]
    ours = [(t.get("display"), display(system, t["code"])) for system, t in targets if system.startswith(names.BASE)]
    assert [said for said, known in ours if said != known] == []


@pytest.mark.parametrize(
    ("name", "code", "target"),
    [
        ("v2-0001-administrative-gender", "F", "female"),
        ("v2-0004-encounter-class", "i", "IMP"),
        ("v2-0004-encounter-class", "R", "R"),
        ("v2-0063-relationship", "MTH", "MTH"),
        ("v2-0063-relationship", "EMC", "C"),
        ("v2-0190-address-use", "BA", "old"),
        ("v2-0202-telecom-system", "CP", "phone"),
        ("v2-0127-allergy-category", "LA", "environment"),
        ("v2-0128-reaction-severity", "SV", "severe"),
        ("v2-0296-language", "nob", "nb"),
    ],
)
def test_known_code_is_translated(name: str, code: str, target: str) -> None:
    found, issue = codes.translate(name, code, "PID-8")
    assert found and found.code == target
    assert issue is None


@pytest.mark.parametrize(("name", "code"), [("v2-0190-address-use", "P"), ("v2-0128-reaction-severity", "U")])
def test_known_code_without_counterpart_is_no_issue(name: str, code: str) -> None:
    assert codes.translate(name, code, "PID-11.7") == (None, None)


def test_unknown_code_is_told_by_its_place_and_not_shown() -> None:
    """hl7v2-mapping.md 12: no personal data in an answer, and a name looks like a code."""
    found, issue = codes.translate("v2-0001-administrative-gender", "Moen", "PID-8")
    assert found is None
    assert issue and (issue.code, issue.at, issue.refuses) == ("unknown-code", "PID-8", False)
    assert "Moen" not in issue.text


def test_display_of_a_source_code() -> None:
    table = codes.concept_map("v2-0007-admission-type")
    assert (table.display("E"), table.display("?")) == ("Emergency", "")


@pytest.mark.parametrize(
    ("name", "value_set"),
    [
        ("v2-0001-administrative-gender", r4_types.AdministrativeGenderCode),
        ("v2-0003-encounter-status", r4_types.EncounterStatusCode),
        ("v2-0004-encounter-status", r4_types.EncounterStatusCode),
        ("v2-0127-allergy-category", r4_types.AllergyIntoleranceCategoryCode),
        ("v2-0127-allergy-type", r4_types.AllergyIntoleranceTypeCode),
        ("v2-0128-reaction-severity", r4_types.ReactionEventSeverityCode),
        ("v2-0190-address-type", r4_types.AddressTypeCode),
        ("v2-0190-address-use", r4_types.AddressUseCode),
        ("v2-0200-name-use", r4_types.NameUseCode),
        ("v2-0201-telecom-use", r4_types.ContactPointUseCode),
        ("v2-0202-telecom-system", r4_types.ContactPointSystemCode),
        ("v2-0280-request-priority", r4_types.RequestPriorityCode),
    ],
)
def test_map_of_a_required_element_leads_into_its_value_set(name: str, value_set: object) -> None:
    targets = {target.code for target in codes.concept_map(name).targets.values() if target}
    assert targets
    assert targets <= set(get_args(value_set))
