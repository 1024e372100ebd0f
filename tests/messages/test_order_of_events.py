"""A stay is right whatever order its events come in (hl7v2-mapping.md 13 "Duplicates and order", 12: 204)."""

from itertools import permutations

import pytest

from .conftest import NUMBERS, Hospital, pid, pv1

ARNE = pid(NUMBERS[0])


@pytest.mark.parametrize(("event", "status"), [("A11", "cancelled"), ("A13", "in-progress")])
def test_cancelling_what_never_came_is_accepted_with_a_warning(hospital: Hospital, event: str, status: str) -> None:
    visit = f"never-{event}"
    code, told = hospital.send(f"ADT^{event}", "202611100800", ARNE, pv1(visit, f44="202611090800"))
    assert code == "AA"
    (warned,) = [line for line in told if "|204^" in line]
    assert "|W|nothing-to-cancel|" in warned
    assert hospital.stay(visit)["status"] == status
    _, told = hospital.send(f"ADT^{event}", "202611100900", ARNE, pv1(visit, f44="202611090800"))
    assert not any("|204^" in line for line in told)  # now the stay is known


def test_cancelled_discharge_before_the_discharge_leaves_the_stay_open(hospital: Hospital) -> None:
    hospital.send("ADT^A01", "202611100800", ARNE, pv1("early", f44="202611100800"))
    hospital.send("ADT^A13", "202611151300", ARNE, pv1("early"))
    hospital.send("ADT^A03", "202611151200", ARNE, pv1("early", f36="rehab", f37="LIAN", f45="202611151200"))
    stay = hospital.stay("early")
    assert (stay["status"], stay["period"].get("end"), stay.get("hospitalization")) == ("in-progress", None, None)


def test_late_admission_gives_the_start_and_nothing_else(hospital: Hospital) -> None:
    hospital.send("ADT^A03", "202611151200", ARNE, pv1("late", f45="202611151200", f36="home"))
    hospital.send("ADT^A01", "202611100800", ARNE, pv1("late", f3="AKUTT^1^1^StO", f44="202611100800"))
    stay = hospital.stay("late")
    assert stay["status"] == "finished"
    assert stay["period"] == {"start": "2026-11-10T08:00:00+01:00", "end": "2026-11-15T12:00:00+01:00"}
    assert [place["status"] for place in stay["location"]] == ["active", "completed"]


def test_update_after_a_cancelled_admission_does_not_reopen_it(hospital: Hospital) -> None:
    for event, at in (
        ("A01", "202611100800"),
        ("A03", "202611151200"),
        ("A11", "202611151300"),
        ("A08", "202611151400"),
    ):
        hospital.send(f"ADT^{event}", at, ARNE, pv1("gone", f44="202611100800"))
    assert hospital.stay("gone")["status"] == "cancelled"


def test_same_content_under_a_new_id_makes_no_new_version(hospital: Hospital) -> None:
    nk1, dg1, al1 = "NK1|1|Moen^Kari|SPO", "DG1|1||I63.9^Hjerneinfarkt^I10", "AL1|1|DA|P^Penicillin^L"
    stated = (ARNE, nk1, pv1("same", f6="AKUTT^1^2^StO", f44="202611100800"), dg1, al1)
    hospital.send("ADT^A01", "202611100800", *stated)
    types = ("Encounter", "Patient", "Condition", "RelatedPerson", "AllergyIntolerance", "Location", "Provenance")
    before = {rtype: hospital.find(rtype, _count="200") for rtype in types}
    assert hospital.send("ADT^A01", "202611100800", *stated)[0] == "AA"
    assert {rtype: hospital.find(rtype, _count="200") for rtype in types} == before


def planned(stay: dict) -> list[str]:
    return [e["valueDateTime"] for e in stay.get("extension", []) if e["url"].endswith("plannedEndDate")]


def test_planned_discharge_is_set_and_taken_back_in_any_order(hospital: Hospital) -> None:
    """A16 and A25 (workflow.md 4.11): the planned end only."""
    events = {
        "A01": ("202611100800", pv1("plan", f44="202611100800")),
        "A16": ("202611120800", pv1("plan"), "PV2|||||||||202611201200"),
        "A25": ("202611130800", pv1("plan")),
    }
    hospital.send("ADT^A01", events["A01"][0], ARNE, *events["A01"][1:])
    hospital.send("ADT^A16", events["A16"][0], ARNE, *events["A16"][1:])
    assert planned(hospital.stay("plan")) == ["2026-11-20T12:00:00+01:00"]
    hospital.send("ADT^A25", events["A25"][0], ARNE, *events["A25"][1:])
    assert planned(hospital.stay("plan")) == []
    hospital.send("ADT^A16", events["A16"][0], ARNE, *events["A16"][1:])  # late: it is cancelled already
    assert (planned(hospital.stay("plan")), hospital.stay("plan")["status"]) == ([], "in-progress")
    hospital.send("ADT^A16", "202611140800", ARNE, pv1("plan"), "PV2|||||||||202611251200")
    assert planned(hospital.stay("plan")) == ["2026-11-25T12:00:00+01:00"]


@pytest.mark.parametrize("order", list(permutations(("A16", "A25", "A03", "A13"))))
def test_stay_is_the_same_whatever_came_first_after_an_update(hospital: Hospital, order: tuple[str, ...]) -> None:
    """An update that is newer than all of them makes each of them late."""
    visit = "any-" + "-".join(order)
    told = {
        "A16": ("202611120800", pv1(visit), "PV2|||||||||202611201200"),
        "A25": ("202611130800", pv1(visit)),
        "A03": ("202611140800", pv1(visit, f36="home", f45="202611140800")),
        "A13": ("202611150800", pv1(visit)),
    }
    hospital.send("ADT^A01", "202611100800", ARNE, pv1(visit, f44="202611100800"))
    hospital.send("ADT^A08", "202611160800", ARNE, pv1(visit, f3="AKUTT^1^1^StO"))
    for event in order:
        at, *segments = told[event]
        hospital.send(f"ADT^{event}", at, ARNE, *segments)
    stay = hospital.stay(visit)
    assert (stay["status"], stay["period"].get("end"), stay.get("hospitalization"), planned(stay)) == (
        "in-progress",
        None,
        None,
        [],
    )


def test_late_cancellation_leaves_a_discharge_that_came_after_it(hospital: Hospital) -> None:
    hospital.send("ADT^A01", "202611100800", ARNE, pv1("twice", f44="202611100800"))
    hospital.send("ADT^A03", "202611140800", ARNE, pv1("twice", f45="202611140800"))
    hospital.send("ADT^A03", "202611180800", ARNE, pv1("twice", f45="202611180800"))
    hospital.send("ADT^A13", "202611150800", ARNE, pv1("twice"))
    stay = hospital.stay("twice")
    assert (stay["status"], stay["period"]["end"]) == ("finished", "2026-11-18T08:00:00+01:00")
