"""What a message cannot decide is a Task for people; what should leave no trace leaves none (ADR 0007, decision 14)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_service.settings import Settings
from profiles import names
from tests.rest.conftest import BASE, opened_rest

from .conftest import Hospital, pid, pv1, segment

ONE, OTHER = "15918512397", "01911560042"
RF1 = segment("RF1", f1="P", f3="KOORD", f6="R-1^DIPS")


def reviews(hospital: Hospital) -> list[dict]:
    return hospital.find("Task", code=f"{names.KE_TASK_CODE}|manual-review")


def test_two_identifiers_of_two_persons_are_refused_and_looked_at(hospital: Hospital) -> None:
    """hl7v2-mapping.md 6.2: AE 204, nothing written, Task manual-review."""
    hospital.send("ADT^A01", "202611200900", pid(ONE), pv1("U-1"))
    hospital.send("ADT^A01", "202611200900", pid("M7", f3="M7^^^DIPS^MR"), pv1("U-2"))
    both = pid(ONE, f3=f"{ONE}^^^FNR^FNR~M7^^^DIPS^MR")
    code, errors = hospital.send("ADT^A01", "202611201000", both, pv1("U-3"))
    assert code == "AE"
    assert [line.split("|")[3].split("^")[0] for line in errors if "|E|" in line] == ["204"]
    assert ONE not in "".join(errors)
    assert hospital.find("Encounter", identifier="U-3") == []
    (task,) = reviews(hospital)
    assert task["owner"]["reference"] == "Organization/ke-5001"
    assert task["focus"]["reference"].startswith("Binary/")


@pytest.fixture
def careful(tmp_path: Path) -> Iterator[Hospital]:
    """A hospital whose endpoint keeps unknown persons only when a need is told."""
    agreed = tmp_path / "endpoints.json"
    agreed.write_text(json.dumps({"DIPS|St. Olavs hospital^883974832^ENH": {"unknown_persons": "need-only"}}))
    settings = Settings(database=f"sqlite:///{tmp_path / 'k.db'}", mllp="", base_url=BASE, endpoints=agreed)
    with opened_rest(settings, tmp_path / "k.db") as rest:
        yield Hospital(rest)


def test_stay_of_a_person_nobody_knows_leaves_no_trace_where_that_is_agreed(careful: Hospital) -> None:
    assert careful.send("ADT^A01", "202611200900", pid(OTHER), pv1("D-1"))[0] == "AA"
    assert careful.find("Patient") == careful.find("Encounter") == careful.find("Binary") == []


def test_need_of_a_person_nobody_knows_is_kept_and_so_is_what_follows(careful: Hospital) -> None:
    assert careful.send("REF^I12", "202611200900", RF1, pid(OTHER))[0] == "AA"
    assert careful.send("ADT^A01", "202611201000", pid(OTHER), pv1("D-2"))[0] == "AA"
    assert len(careful.find("Task", patient=careful.patient(OTHER)["id"])) == 1
    assert careful.stay("D-2")["status"] == "in-progress"
