"""The stay as the events tell it (hl7v2-mapping.md 2, 6.2, 9: PV1, PV2, ROL)."""

import pytest

from mappings.message import Mode

from .building import PID, codes, of_type, proposal, pv1, segment, told


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


def test_practitioner_named_twice_is_one_and_one_without_number_is_only_named() -> None:
    doctor = "9144889^Strøm^Åse^^^^^^HPR^L^^^HPR"
    found = told("ADT^A01", PID, pv1(f7=doctor, f17=f"{doctor}~^Lie^Ingrid"))
    assert len(of_type(found, "Practitioner")) == 1
    rows = proposal(found, "encounter").values["participant"]
    assert [r["type"][0]["coding"][0]["code"] for r in rows] == ["ATND", "ADM", "ADM"]
    assert rows[2]["individual"] == {"display": "Ingrid Lie"}


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


def test_stay_of_no_class_is_no_stay() -> None:
    found = told("ADT^A08", PID, "PV1|1|N")
    assert of_type(found, "Encounter") == []
    assert codes(found) == [("unmapped", "PV1")]


def test_destination_without_code_and_name_is_none() -> None:
    encounter = proposal(told("ADT^A03", PID, pv1(f37="^20261122", f45="20261122")), "encounter")
    assert "hospitalization" not in encounter.values
