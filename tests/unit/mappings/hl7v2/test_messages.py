"""What the events mean (hl7v2-mapping.md 2, 6, 9 and 10)."""

from collections.abc import Callable
from datetime import datetime

import pytest

from mappings.hl7v2.format import message_types
from mappings.message import Endpoint, Mode
from profiles import names
from tests.golden import translated

from .building import FNR, PID, codes, message, of_type, proposal, segment, told

VISIT = "V1^^^DIPS"
ADMITTED = "20261120102000"


def pv1(**more: str) -> str:
    """PV1 of an inpatient stay; `f36="home"` sets PV1-36."""
    stated = {2: "I", 19: VISIT, 44: ADMITTED} | {int(key[1:]): said for key, said in more.items()}
    return segment("PV1", stated)


@pytest.mark.parametrize(
    ("event", "status"),
    [("A01", "in-progress"), ("A02", "in-progress"), ("A03", "finished"), ("A11", "cancelled"), ("A13", "in-progress")],
)
def test_event_sets_the_status_of_the_stay(event: str, status: str) -> None:
    encounter = proposal(told(f"ADT^{event}", "EVN||20261122110000", PID, pv1()), "encounter")
    assert (encounter.values["status"], encounter.states) == (status, True)


def test_update_states_no_status() -> None:
    """Section 2: A08 conveys none; only a new Encounter takes over what PV1 says."""
    open_stay = proposal(told("ADT^A08", PID, pv1()), "encounter")
    ended = proposal(told("ADT^A08", PID, pv1(f45="20261122110000")), "encounter")
    unknown = proposal(told("ADT^A08", PID, pv1(f2="U")), "encounter")
    planned = proposal(told("ADT^A08", PID, pv1(f2="P", f3="A")), "encounter")
    assert [e.states for e in (open_stay, ended, unknown, planned)] == [False] * 4
    statuses = [e.values["status"] for e in (open_stay, ended, unknown, planned)]
    assert statuses == ["in-progress", "finished", "unknown", "planned"]
    assert planned.values["location"][0]["status"] == "planned"


@pytest.mark.parametrize(
    ("evn", "discharged", "end"),
    [
        ("EVN||20261122110000||||20261122103000", "20261122100000", "2026-11-22T10:00:00+01:00"),
        ("EVN||20261122110000||||20261122103000", "", "2026-11-22T10:30:00+01:00"),
        ("EVN||20261122110000", "", "2026-11-22T11:00:00+01:00"),
    ],
)
def test_discharge_ends_at_the_best_time_that_is_stated(evn: str, discharged: str, end: str) -> None:
    found = told("ADT^A03", evn, PID, pv1(f45=discharged))
    assert proposal(found, "encounter").values["period"]["end"] == end
    assert found.issues == ()


def test_discharge_without_any_time_is_told() -> None:
    found = told("ADT^A03", PID, pv1())
    assert "end" not in proposal(found, "encounter").values["period"]
    assert codes(found) == [("field-required", "PV1-45")]


def test_cancelled_discharge_takes_back_what_a_discharge_states() -> None:
    encounter = proposal(told("ADT^A13", PID, pv1(f36="home", f37="X", f45="20261122110000")), "encounter")
    paths = {"period.end", "hospitalization.dischargeDisposition", "hospitalization.destination"}
    assert set(encounter.cleared) == paths
    assert "hospitalization" not in encounter.values
    assert set(encounter.values["period"]) == {"start"}


def test_transfer_leaves_one_place_and_takes_another() -> None:
    encounter = proposal(told("ADT^A02", PID, pv1(f3="B^2^1", f6="A^1^1")), "encounter")
    places = [(place["location"]["display"], place["status"]) for place in encounter.values["location"]]
    assert places == [("B, 2, 1", "active"), ("A, 1, 1", "completed")]


def test_same_bed_is_one_location_and_part_of_its_room() -> None:
    found = told("ADT^A02", PID, pv1(f3="A^1^1", f6="A^1^2", f40="O"))
    paths = [p.key.identifiers[0][1] for p in of_type(found, "Location")]
    assert paths == ["A", "A/1", "A/1/1", "A/1/2"]
    bed = of_type(found, "Location")[2]
    assert bed.values["partOf"]["reference"] == "proposal:location-2"
    assert (bed.values["operationalStatus"]["code"], bed.mode) == ("O", Mode.SNAPSHOT)
    assert of_type(found, "Location")[0].mode is Mode.FILL


@pytest.mark.parametrize(
    ("segments", "at"),
    [
        (("EVN||20261122110000||||20261122103000",), "2026-11-22T10:30:00+01:00"),
        (("EVN||20261122110000",), "2026-11-22T11:00:00+01:00"),
        ((), "2026-11-22T12:00:00+01:00"),
    ],
)
def test_event_clock_is_the_best_time_of_the_event(segments: tuple[str, ...], at: str) -> None:
    found = told("ADT^A01", *segments, PID, pv1())
    assert found.occurred_at == proposal(found, "encounter").at == datetime.fromisoformat(at)


def test_visit_number_is_the_key_of_the_stay() -> None:
    key = proposal(told("ADT^A01", PID, pv1()), "encounter").key
    assert (key.identifiers, key.natural) == ((("urn:hl7v2:STO:DIPS", "V1"),), None)


def test_stay_without_visit_number_is_known_by_patient_sender_and_admission() -> None:
    """6.2: never MSH-7, never a hash of the PV1."""
    key = proposal(told("ADT^A01", PID, pv1(f19="")), "encounter").key
    assert key.natural == "start:2026-11-20T10:20:00+01:00"
    assert key.within == (("subject", "patient"), ("serviceProvider", "sender"))


def test_stay_that_cannot_be_known_again_is_left_out() -> None:
    found = told("ADT^A01", PID, pv1(f19="", f44=""), "DG1|1||I63.9^^I10|||F")
    assert of_type(found, "Encounter") == []
    assert ("field-required", "PV1-19") in codes(found)
    assert proposal(found, "condition-1").key.within == (("subject", "patient"),)


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


@pytest.mark.parametrize(
    ("segments", "place"),
    [
        (("PID|1||1^^^DIPS^MR||X||20240230", "PV1|1|I"), "PID-7"),
        ((PID, segment("PV1", {2: "I", 19: VISIT, 44: "20260231"})), "PV1-44"),
        ((PID, segment("PV1", {2: "I", 19: VISIT, 44: ADMITTED, 45: "2026112225"})), "PV1-45"),
        (("EVN||20260231", PID, "PV1|1|I"), "EVN-2"),
    ],
)
def test_impossible_date_refuses_in_the_fields_that_matter(segments: tuple[str, ...], place: str) -> None:
    found = told("ADT^A01", *segments)
    assert ("bad-date", place) in codes(found)
    assert any(issue.refuses for issue in found.issues)


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


def test_null_deletes_and_empty_says_nothing() -> None:
    """3.5"""
    stated = {3: f"{FNR}^^^^FNR", 5: '""', 11: '""', 13: '""', 16: '""'}
    found = told("ADT^A08", segment("PID", stated), pv1(f36='""', f45='""'))
    assert proposal(found, "patient").cleared == ("name", "address", "maritalStatus", "telecom")
    assert proposal(found, "encounter").cleared == ("hospitalization.dischargeDisposition", "period.end")


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


@pytest.mark.parametrize("processing", ["T", "D"])
def test_training_message_marks_all_it_makes(processing: str) -> None:
    found = told("ADT^A01", PID, pv1(f3="A^1", f7="1^X^Y"), processing=processing)
    assert {p.values["meta"]["tag"][0]["code"] for p in found.proposals} == {"HTEST"}
    assert all("tag" not in p.values.get("meta", {}) for p in told("ADT^A01", PID, pv1()).proposals)


def test_practitioner_named_twice_is_one_and_one_without_number_is_only_named() -> None:
    doctor = "9144889^Strøm^Åse^^^^^^HPR^L^^^HPR"
    found = told("ADT^A01", PID, pv1(f7=doctor, f17=f"{doctor}~^Lie^Ingrid"))
    assert len(of_type(found, "Practitioner")) == 1
    rows = proposal(found, "encounter").values["participant"]
    assert [r["type"][0]["coding"][0]["code"] for r in rows] == ["ATND", "ADM", "ADM"]
    assert rows[2]["individual"] == {"display": "Ingrid Lie"}


def test_author_is_who_entered_the_event() -> None:
    evn = "EVN||20261122110000||01|9144889^Strøm^Åse^^^^^^HPR^L^^^HPR"
    found = told("ADT^A01", evn, PID, pv1())
    assert found.author and proposal(found, found.author).values["name"][0]["family"] == "Strøm"
    assert found.facts["reason"] == "01"
    nameless = told("ADT^A01", "EVN||20261122110000|||^Strøm^Åse", PID, pv1())
    assert nameless.author is None
    assert ("unmapped", "EVN-5") in codes(nameless)


@pytest.mark.parametrize(
    ("facility", "system", "value"),
    [
        ("St. Olavs^883974832^ENH", names.ENH, "883974832"),
        ("883974832", names.ENH, "883974832"),
        ("St. Olavs^4208723^RESH", names.RESH, "4208723"),
        ("HMN^1.2.3^ISO", names.RFC_3986, "urn:oid:1.2.3"),
        ("St. Olavs", names.RFC_3986, "urn:hl7v2:St.%20Olavs"),
    ],
)
def test_sender_is_known_by_the_best_number_it_gives(facility: str, system: str, value: str) -> None:
    found = translated(message("ADT^A08", PID, facility=facility))
    assert proposal(found, "sender").key.identifiers == ((system, value),)
    assert found.sender == "sender"


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


@pytest.mark.parametrize(
    ("segments", "issue"),
    [
        (("DG1|1||||||",), ("field-required", "DG1-3")),
        (("DG1|1||I63^^I10", "DG1|2||I63^^I10"), ("unmapped", "DG1[2]")),
        (("AL1|1|DA",), ("field-required", "AL1-3")),
        (("AL1|1|DA|P^P^L", "AL1|2|DA|P^P^L"), ("unmapped", "AL1[2]")),
        (("AL1|1|DA|P^P^L|SV",), ("unmapped", "AL1-4")),
        (("NK1|1||MTH",), ("field-required", "NK1-2")),
        (("NK1|1|A^B|MTH", "NK1|2|A^B|MTH"), ("unmapped", "NK1[2]")),
        (("ROL|1|AD|SW|1^A^B",), ("unmapped", "ROL")),
        ((pv1(), "PV2|||||||||||uker"), ("bad-number", "PV2-11")),
        (("PV2|||^Slag",), ("unmapped", "PV2")),
        (("OBX|1", "OBX|2", "ZXY|1"), ("unmapped", "OBX")),
        (("ZXY|1",), ("unmapped", "ZXY")),
        (("NTE|1||tekst",), ("unmapped", "NTE")),
    ],
)
def test_nothing_disappears_silently(segments: tuple[str, ...], issue: tuple[str, str]) -> None:
    """S8"""
    assert issue in codes(told("ADT^A08", PID, *segments))


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


def test_roles_belong_to_what_they_follow() -> None:
    roles = [f"ROL|{n}|AD|{role}|{n}^Lege{n}^X" for n, role in ((1, "PP"), (2, "AT"), (3, "AT"))]
    ended = "ROL|4|D|CP|4^Lege4^X"
    found = told("ADT^A01", PID, roles[0], pv1(), roles[1], ended, "PR1|1", roles[2])
    assert proposal(found, "patient").values["generalPractitioner"][0]["display"] == "X Lege1"
    rows = proposal(found, "encounter").values["participant"]
    assert [r["individual"]["display"] for r in rows] == ["X Lege2", "X Lege4"]
    assert rows[1]["period"] == {"end": "2026-11-22T12:00:00+01:00"}
    assert ("unmapped", "ROL[4]") in codes(found)


def test_stay_takes_over_what_pv2_says() -> None:
    pv2 = segment(
        "PV2", {3: "^Slag", 8: "20261119", 9: "20261201", 11: "12", 12: "a<b", 13: "1^X^Y", 22: "Y", 25: "2", 38: "A"}
    )
    values = proposal(told("ADT^A01", PID, pv1(), pv2), "encounter").values
    assert values["reasonCode"] == [{"text": "Slag"}]
    assert [e["url"].rsplit("/", 1)[1] for e in values["extension"]] == [
        "extension-Encounter.plannedStartDate",
        "extension-Encounter.plannedEndDate",
        "encounter-modeOfArrival",
    ]
    assert values["length"]["value"] == 12
    assert "a&lt;b" in values["text"]["div"]
    assert values["meta"]["security"][0]["code"] == "R"
    assert values["priority"]["coding"][0]["code"] == "UR"
    assert values["participant"][0]["type"][0]["coding"][0]["code"] == "REF"


def test_expected_disposition_counts_only_while_the_stay_is_planned() -> None:
    pv2 = segment("PV2", {27: "rehab"})
    planned = proposal(told("ADT^A08", PID, pv1(f2="P"), pv2), "encounter").values
    admitted = proposal(told("ADT^A01", PID, pv1(), pv2), "encounter").values
    assert planned["hospitalization"]["dischargeDisposition"]["coding"][0]["code"] == "rehab"
    assert "hospitalization" not in admitted


def test_death_as_disposition_without_death_of_the_patient_is_told() -> None:
    assert ("field-required", "PID-30") in codes(told("ADT^A03", PID, pv1(f36="20", f45="20261122")))


@pytest.mark.parametrize("key", sorted(message_types()))
def test_message_type_says_what_it_is(key: tuple[str, str]) -> None:
    kind = message_types()[key]
    assert kind.key == key
    assert kind.title and "MSH" in kind.requires and "PID" in kind.requires
    translate: Callable[..., object] = kind.translate
    assert translate.__doc__


def test_number_of_a_test_person_is_refused_where_none_are_accepted() -> None:
    found = told("ADT^A08", PID, endpoint=Endpoint(synthetic_persons=False))
    assert codes(found) == [("test-person", "PID-3.1")]
    assert found.proposals == ()


def test_everything_that_replaces_carries_the_time_of_the_event() -> None:
    """Section 13: an older message only fills gaps, also in a diagnosis or a relative."""
    found = told("ADT^A08", PID, pv1(), "DG1|1||I63^^I10", "NK1|1|A^B|MTH", "AL1|1|DA|P^P^L")
    assert {p.at for p in found.proposals if p.mode is Mode.SNAPSHOT} == {found.occurred_at}
    assert {p.at for p in found.proposals if p.mode is Mode.FILL} == {None}


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        ("20261122100000", "20261122", {"start", "end"}),
        ("20261123100000", "20261122", {"end"}),
        ("20261122100000", "20261122095959", {"end"}),
        ("2026", "20260101", {"start", "end"}),
    ],
)
def test_period_is_reversed_only_as_far_as_both_times_are_precise(start: str, end: str, kept: set[str]) -> None:
    found = told("ADT^A03", PID, pv1(f44=start, f45=end))
    assert set(proposal(found, "encounter").values["period"]) == kept
    assert [c for c, _ in codes(found)] == ([] if len(kept) == 2 else ["period-reversed"])


def test_place_that_is_stated_is_not_cleared_by_an_empty_one() -> None:
    encounter = proposal(told("ADT^A02", PID, pv1(f3='""', f6="A^1")), "encounter")
    assert encounter.cleared == ()
    assert [p["status"] for p in encounter.values["location"]] == ["completed"]


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


def test_stay_of_no_class_is_no_stay() -> None:
    found = told("ADT^A08", PID, "PV1|1|N")
    assert of_type(found, "Encounter") == []
    assert codes(found) == [("unmapped", "PV1")]


def test_message_without_a_sender_names_no_channel() -> None:
    body = "\r".join(["MSH|^~\\&|||KE|KE|20261122120000||ADT^A08|1|P|2.5", PID, pv1()]).encode()
    found = translated(body)
    assert found.sender is None
    assert "meta" not in proposal(found, "encounter").values


def test_destination_without_code_and_name_is_none() -> None:
    encounter = proposal(told("ADT^A03", PID, pv1(f37="^20261122", f45="20261122")), "encounter")
    assert "hospitalization" not in encounter.values


def test_general_practitioner_who_has_left_is_not_stated() -> None:
    found = told("ADT^A08", PID, "ROL|1|D|PP|1^Lege^X")
    assert "generalPractitioner" not in proposal(found, "patient").values
