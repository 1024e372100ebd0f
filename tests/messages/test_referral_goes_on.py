"""A referral that is changed, cancelled or asked about (workflow.md 4.1 S2, S3, 4.8, 11; SR-12, SR-14)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_service.settings import Settings
from profiles import names
from tests.rest.conftest import BASE, opened_rest

from .conftest import NUMBERS, Hospital, pid, segment

ARNE, OTHER = pid(NUMBERS[0]), pid(NUMBERS[1])


def rf1(number: str) -> str:
    return segment("RF1", f1="P", f3="KOORD", f6=f"{number}^^2.16.578.1.12.4.1.2.9^ISO", f7="20261120")


def need(hospital: Hospital) -> dict:
    (one,) = hospital.find("ServiceRequest", subject=hospital.patient(NUMBERS[0])["id"])
    return one


def case(hospital: Hospital) -> dict:
    (one,) = hospital.find("Task", code=f"{names.KE_TASK_CODE}|assess-need")
    return one


def told(hospital: Hospital, category: str) -> list[dict]:
    return hospital.find("Communication", category=f"{names.FEEDBACK_CATEGORY}|{category}")


def looked_at(hospital: Hospital) -> int:
    return len(hospital.find("Task", code=f"{names.KE_TASK_CODE}|manual-review"))


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    """With one referral, in a database of its own."""
    settings = Settings(database=f"sqlite:///{tmp_path / 'k.db'}", mllp="", base_url=BASE)
    with opened_rest(settings, tmp_path / "k.db") as rest:
        made = Hospital(rest)
        assert made.send("REF^I12", "202611200900", rf1("H-1"), ARNE)[0] == "AA"
        yield made


def test_changed_referral_is_told_and_the_case_keeps_its_clock(hospital: Hospital) -> None:
    before = case(hospital)
    assert hospital.send("REF^I13", "202611210900", rf1("H-1"), ARNE, "NTE|1||Trenger bolig.")[0] == "AA"
    assert need(hospital)["note"] == [{"text": "Trenger bolig."}]
    assert need(hospital)["authoredOn"] == "2026-11-20"
    assert len(told(hospital, "amendment")) == 1
    assert case(hospital) == before
    hospital.send("REF^I13", "202611220900", rf1("H-1"), ARNE, "NTE|1||Trenger bolig.")
    assert len(told(hospital, "amendment")) == 1


def test_change_of_a_referral_that_never_came_is_a_need(hospital: Hospital) -> None:
    hospital.send("REF^I13", "202611210900", rf1("H-2"), OTHER)
    (opened,) = hospital.find("Task", patient=hospital.patient(NUMBERS[1])["id"])
    assert opened["status"] == "requested"


def test_cancelled_referral_ends_its_case_and_changes_no_more(hospital: Hospital) -> None:
    assert hospital.send("REF^I14", "202611210900", rf1("H-1"), ARNE)[0] == "AA"
    assert need(hospital)["status"] == "revoked"
    assert need(hospital)["subject"]["display"] == "Arne Moen"
    assert case(hospital)["status"] == "cancelled"
    assert case(hospital)["businessStatus"]["coding"][0]["code"] == "withdrawn"
    before = need(hospital)
    code, errors = hospital.send("REF^I13", "202611220900", rf1("H-1"), ARNE, "NTE|1||Likevel.")
    assert (code, need(hospital), looked_at(hospital)) == ("AA", before, 1)
    assert any("|W|rule|" in line for line in errors)


def test_cancelling_what_never_came_leaves_nothing(hospital: Hospital) -> None:
    code, errors = hospital.send("REF^I14", "202611210900", rf1("H-2"), OTHER)
    assert code == "AA"
    assert any("|204^" in line and "|W|nothing-to-cancel|" in line for line in errors)
    assert hospital.find("Patient", identifier=NUMBERS[1]) == []


def test_question_makes_the_case_urgent_and_is_answered(hospital: Hospital) -> None:
    assert hospital.send("REF^I15", "202612100900", rf1("H-1"), ARNE, "NTE|1||Hvor er saken?")[0] == "AA"
    assert case(hospital)["priority"] == "urgent"
    (asked,) = told(hospital, "reminder")
    assert asked["about"] == [{"reference": f"Task/{case(hospital)['id']}"}]
    assert asked["recipient"] == [case(hospital)["owner"]]
    assert asked["payload"] == [{"contentString": "Hvor er saken?"}]
    (answer,) = told(hospital, "receipt")
    assert case(hospital)["groupIdentifier"]["value"] in answer["payload"][0]["contentString"]
    assert need(hospital)["meta"]["versionId"] == "1"


@pytest.mark.parametrize("number", ["H-1", "H-2"])
def test_question_about_a_referral_that_is_not_here_is_looked_at(hospital: Hospital, number: str) -> None:
    """It may have got lost; and nobody hears of another person's."""
    assert hospital.send("REF^I15", "202612100900", rf1(number), OTHER)[0] == "AA"
    assert looked_at(hospital) == 1
    assert told(hospital, "reminder") == told(hospital, "receipt") == []


@pytest.mark.parametrize("event", ["I12", "I13", "I14", "I15"])
def test_referral_of_another_sender_is_left_alone_and_looked_at(hospital: Hospital, event: str) -> None:
    before = need(hospital), case(hospital)
    code, errors = hospital.send(f"REF^{event}", "202611210900", rf1("H-1"), ARNE, "NTE|1||X", facility="Sykehuset^1^L")
    assert (code, need(hospital), case(hospital), looked_at(hospital)) == ("AA", *before, 1)
    assert any("|W|forbidden|" in line for line in errors)
