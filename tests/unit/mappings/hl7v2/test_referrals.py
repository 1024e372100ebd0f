"""REF^I12 (hl7v2-mapping.md 7)."""

import pytest

from mappings.sources import sender_of
from profiles import names
from tests.golden import translated

from .building import FNR, PID, codes, of_type, proposal, segment, told

RP = "PRD|RP|Lie^Ingrid|||73800000^WPN^PH||9144889^HPR|||St. Olavs^L^883974832^^^^ENH"


def rf1(**more: str) -> str:
    stated = {3: "KOORD^Behov for koordinerte tjenester^L", 6: "H1^DIPS"} | {int(k[1:]): v for k, v in more.items()}
    return segment("RF1", stated)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"f3": "KOORD"}, "coordinated-services"),
        ({"f3": "coordinated-services^^L"}, "coordinated-services"),
        ({"f3": "X^^L^koord^^L"}, "coordinated-services"),
        ({"f3": "^Behov  for KOORDINERTE tjenester"}, "coordinated-services"),
        ({"f3": "IP^Individuell plan^L"}, "individual-plan"),
        ({"f3": "BARNEKOORDINATOR"}, "child-coordinator"),
        ({"f3": "MED", "f10": "KOORDINATOR"}, "coordinator"),
        ({"f3": "", "f10": "X^Noe~^Individuell plan"}, "individual-plan"),
        ({"f3": "rehabilitation"}, "rehabilitation"),
    ],
)
def test_need_is_known_by_code_or_whole_text(fields: dict[str, str], kind: str) -> None:
    request = proposal(told("REF^I12", rf1(**fields), RP, PID), "request").values
    assert request["category"][0]["coding"] == [{"system": names.REQUEST_CATEGORY, "code": "need-notification"}]
    assert request["code"]["coding"][0]["code"] == kind


@pytest.mark.parametrize("said", ["MED^Medical^HL70281", "^Ønsker ikke individuell plan", "REH", ""])
def test_referral_of_unknown_kind_is_an_inferred_need_and_the_sender_is_told(said: str) -> None:
    """Never lost and never refused: a person decides (ADR 0007)."""
    found = told("REF^I12", rf1(f3=said), RP, PID)
    request = proposal(found, "request").values
    assert request["category"][0]["coding"] == [{"system": names.REQUEST_CATEGORY, "code": "need-notification"}]
    assert request["code"]["coding"][0]["code"] == "coordinated-services"
    assert {"system": names.TAG, "code": "inferred-need"} in request["meta"]["tag"]
    assert ("unknown-code", "RF1-3") in [(i.code, i.at) for i in found.issues]


def test_request_says_what_the_message_says_and_nothing_of_consent() -> None:
    """Decision of section 7: v2 carries no consent, so the statement is `unknown`."""
    fields = {"f2": "A", "f4": "WR", "f5": "I", "f7": "20261121", "f8": "20270101", "f11": "E9^KE"}
    found = told("REF^I12", rf1(**fields), RP, "NTE|1||Linje 1~Linje 2", PID, "NTE|2||Linje 3", "OBR|1", "NTE|3||Prøve")
    request = proposal(found, "request")
    assert request.values["extension"] == [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "unknown"}]
    assert (request.values["status"], request.values["intent"]) == ("active", "proposal")
    assert request.values["priority"] == "asap"
    assert request.values["authoredOn"] == "2026-11-21"
    assert request.values["occurrencePeriod"] == {"end": "2027-01-01"}
    assert request.values["note"] == [{"text": "Linje 1\nLinje 2\nLinje 3"}]
    assert request.values["orderDetail"] and request.values["locationCode"]
    assert request.key.identifiers == (("urn:hl7v2:STO:DIPS", "H1"), ("urn:hl7v2:STO:KE", "E9"))
    assert "performer" not in request.values
    assert ("unmapped", "NTE[3]") in codes(found)


def test_source_names_the_channel_that_feedback_goes_back_on() -> None:
    request = proposal(told("REF^I12", rf1(), RP, PID), "request").values
    assert sender_of(request["meta"]["source"]) == "EPJ|STO"
    assert sender_of("https://example.org/fhir") is None
    assert sender_of(None) is None


@pytest.mark.parametrize(
    ("prd", "route"),
    [
        ("PRD|RT|||||||||Bergen KE^L^964338531^^^^ENH", "964338531"),
        ("PRD|RT||||||964 338 531^ENH", "964338531"),
        ("PRD|RT||||||17^L|||X^L^964338531", "964338531"),
        ("PRD|RT||||||4601^KOMM", "4601"),
        ("PRD|RT|Moe^Jon", None),
        ("PRD|CP||||||964338531", None),
    ],
)
def test_route_is_the_number_of_the_receiver(prd: str, route: str | None) -> None:
    assert told("REF^I12", rf1(), RP, prd, PID).facts.get("route-to") == route


def test_residence_routes_what_names_nobody() -> None:
    pid = segment("PID", {3: f"{FNR}^^^^FNR", 11: "A 1^^X^^^^BA^^0301~B 2^^Trondheim^^7013^^H^^5001", 12: "Heimdal"})
    assert told("REF^I12", rf1(), RP, pid).facts == {"municipality": "5001", "district": "Heimdal"}


def test_requester_is_the_referring_provider_in_a_role() -> None:
    found = told("REF^I12", rf1(), RP, "CTD|RP|Vik^Siri|||95000000^WPN^CP", PID)
    role = proposal(found, "requester")
    assert role.key.identifiers == (("urn:hl7v2:STO:role", "9144889@883974832"),)
    assert role.values["practitioner"]["display"] == "Ingrid Lie"
    assert role.values["organization"]["reference"] == "proposal:organization-1"
    assert [t["value"] for t in role.values["telecom"]] == ["73800000", "95000000"]
    assert proposal(found, "request").values["requester"]["reference"] == "proposal:requester"


@pytest.mark.parametrize(
    ("prd", "requester"),
    [
        ((), "proposal:sender"),
        (("PRD|RP",), "proposal:sender"),
        (("PRD|RP||||||883974832^ENH|||St. Olavs",), "proposal:organization-1"),
        (("PRD|RP||||||883974832",), "proposal:organization-1"),
    ],
)
def test_requester_without_a_person_is_the_organization(prd: tuple[str, ...], requester: str) -> None:
    request = proposal(told("REF^I12", rf1(), *prd, PID), "request").values
    assert request["requester"]["reference"] == requester


def test_referrer_without_a_number_is_known_by_the_referral() -> None:
    found = told("REF^I12", rf1(), "PRD|RP|Lie^Ingrid", PID)
    assert proposal(found, "requester").key.identifiers == (("urn:hl7v2:STO:referrer", "H1"),)
    assert of_type(found, "Practitioner") == []


def test_referral_without_a_number_is_known_by_its_message() -> None:
    found = told("REF^I12", rf1(f6=""), RP, PID)
    assert proposal(found, "request").key.identifiers == (("urn:hl7v2:STO:message", "1"),)
    assert ("field-required", "RF1-6") in codes(found)


def test_diagnoses_are_reasons_and_the_stay_is_linked() -> None:
    pv1 = segment("PV1", {2: "I", 19: "V1"})
    deleted = segment("DG1", {3: "R47^^I10", 6: "F", 21: "D"})
    found = told("REF^I12", rf1(f9="20261120"), RP, PID, "DG1|1||I63.9^Slag^I10|||F", deleted, pv1)
    request = proposal(found, "request").values
    assert request["reasonReference"] == [{"reference": "proposal:condition-1", "display": "Slag"}]
    assert request["encounter"] == {"reference": "proposal:encounter"}
    assert proposal(found, "encounter").states is False
    assert found.occurred_at and found.occurred_at.isoformat() == "2026-11-20T00:00:00+01:00"


def test_general_practitioner_by_provider_role() -> None:
    found = told("REF^I12", rf1(), RP, "PRD|PP|Berg^Kari||||| 9876543^HPR", "PRD|CP|Moe^Jon", PID)
    assert proposal(found, "patient").values["generalPractitioner"][0]["display"] == "Kari Berg"
    assert ("unmapped", "PRD[3]") in codes(found)


def test_refused_number_refuses_the_referral() -> None:
    found = told("REF^I12", rf1(), RP, "PID|1||15918512398^^^^FNR")
    assert found.proposals == ()


def test_referral_without_any_time_was_made_when_it_came() -> None:
    body = "\r".join(["MSH|^~\\&|EPJ|STO|KE|KE|||REF^I12|1|P|2.5", rf1(), PID]).encode()
    assert proposal(translated(body), "request").values["authoredOn"] == "2026-11-22T12:00:00+00:00"
