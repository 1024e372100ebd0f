"""Scenarios 1, 2, 8, 9, 13, 14 and 15 of workflow.md 12: from a notice to its answer, on both databases.

Where an operation has a part in it, by a client that takes it and by one that knows none.

20 days and 28 days are not waited for: what a clock sets off needs the test clock.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.cli.stored_messages import look
from fhir_service.demo import messages
from fhir_service.demo.answers import close_by_phone, remind
from fhir_service.demo.needs import need
from fhir_service.demo.walk import Case
from profiles import names
from tests.waiting import until

from .conftest import DATABASES, msa, segments
from .person import Person, code_of
from .scenes import CLIENTS, GP, Plain, Scene, scene_on


@pytest.fixture(scope="module", params=DATABASES)
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene_on(request.param, tmp_path_factory.mktemp(f"cases-{request.param}")) as made:
        yield made


@pytest.fixture(params=CLIENTS)
def client(scene: Scene, request: pytest.FixtureRequest) -> Plain:
    return CLIENTS[request.param](scene)


def test_hospital_learns_who_coordinates_and_the_case_closes(scene: Scene, client: Plain) -> None:
    """Scenarios 1 and 14"""
    who = scene.inpatient()
    case = scene.referred(who)
    assert case.task["status"] == "requested"
    assert case.task["encounter"]
    case.register()
    until(lambda: scene.hospital.about(who.number))
    (registered_,) = scene.hospital.about(who.number)
    assert segments(registered_, "RF1")[0][1][0] == "P"
    case.accept()
    case.consent()
    case.assess()
    client.decide(case)
    client.appoint(case)
    stay = scene.hub.read(case.task["encounter"]["reference"])
    ward = scene.hub.acting("service", stay["serviceProvider"]["reference"])
    assert client.who_coordinates(ward, case) == "Kari Berg"  # as long as the patient is there
    assert ward.find("CarePlan", patient=case.patient) == []
    person = Person(scene.hub, (names.FNR, who.number))
    until(lambda: person.case()["status"] == "completed")
    assert code_of(person.case()["businessStatus"]) == "closed"
    answers = scene.hospital.about(who.number)
    assert [segments(a, "RF1")[0][1][0] for a in answers] == ["P", "A", "A"]
    assert any("Berg" in field for prd in segments(answers[-1], "PRD") for field in prd)
    (told,) = person.all("ServiceRequest")
    assert told["status"] == "completed"
    assert person.told() == {"receipt": 1, "decision": 1, "coordinator": 1}
    assert {c["status"] for c in person.all("Communication") if c.get("basedOn")} == {"completed"}


def test_same_message_three_times_is_one_case(scene: Scene) -> None:
    """Scenario 2"""
    who = scene.inpatient()
    now = datetime.now(UTC).replace(microsecond=0)
    referral = messages.referral(who, messages.ST_OLAVS, f"V-{who.number}", now, "Flere tjenester.").encode()
    first, *others = [scene.service.exchange(referral)[0] for _ in range(3)]
    assert msa(first)[0] == "AA"
    assert others == [first, first]  # byte for byte
    person = Person(scene.hub, (names.FNR, who.number))
    assert person.case()["status"] == "requested"
    assert len(person.all("ServiceRequest")) == 1


@pytest.mark.parametrize("how", ["if-none-exist", "idempotency-key"])
def test_same_need_three_times_over_rest_is_one_case(scene: Scene, how: str) -> None:
    """Scenario 2 for a client that knows no message: workflow.md 7.3."""
    office = scene.hub.acting("notifier", GP)
    patient = scene.registered()
    wanted = need(patient, GP, "5001", "obtained-oral", "Flere tjenester.")
    key = wanted["identifier"][0]
    once = {
        "if-none-exist": {"if_none_exist": f"identifier={key['system']}|{key['value']}"},
        "idempotency-key": {"idempotency_key": key["value"]},
    }[how]
    answers = [scene.ask("POST", "ServiceRequest", office, wanted, **once) for _ in range(3)]
    assert [a.status_code for a in answers] in ([201, 200, 200], [201, 201, 201])
    assert len({a.json()["id"] for a in answers}) == 1
    assert len(scene.hub.find("Task", patient=patient, code=f"{names.KE_TASK_CODE}|assess-need")) == 1


def test_reminder_makes_the_case_urgent_and_is_answered(scene: Scene) -> None:
    """Scenario 8"""
    who = scene.inpatient()
    case = scene.referred(who)
    case.register()
    until(lambda: len(scene.hospital.about(who.number)) == 1)
    stay = scene.hub.read(case.task["encounter"]["reference"])
    hospital = stay["serviceProvider"]["reference"]
    remind(case, hospital, (names.FNR, who.number))
    person = Person(scene.hub, (names.FNR, who.number))
    assert person.case()["priority"] == "urgent"
    assert person.case()["status"] == "received"
    until(lambda: len(scene.hospital.about(who.number)) == 2)
    answer = scene.hospital.about(who.number)[-1]
    assert segments(answer, "RF1")[0][1][0] == "P"
    assert any("Registrert" in field for nte in segments(answer, "NTE") for field in nte)


def again(referral: str, event: str) -> str:
    """Another message about the same referral."""
    fields = referral.split("|")
    fields[8], fields[9] = f"REF^{event}^REF_I12", uuid4().hex[:20]
    return "|".join(fields)


def test_hospital_asks_and_cancels_by_message(scene: Scene) -> None:
    """Scenario 8 by REF^I15, and I14 (workflow.md 11)"""
    who = scene.inpatient()
    now = datetime.now(UTC).replace(microsecond=0)
    referral = messages.referral(who, messages.ST_OLAVS, f"V-{who.number}", now, "Flere tjenester.")
    scene.hub.send(referral)
    scene.hub.send(again(referral, "I15"))
    person = Person(scene.hub, (names.FNR, who.number))
    assert (person.case()["status"], person.case()["priority"]) == ("requested", "urgent")
    until(lambda: len(scene.hospital.about(who.number)) == 1)
    scene.hub.send(again(referral, "I14"))
    assert (person.case()["status"], code_of(person.case()["businessStatus"])) == ("cancelled", "withdrawn")
    until(lambda: len(scene.hospital.about(who.number)) == 2)
    assert [segments(a, "RF1")[0][1][0] for a in scene.hospital.about(who.number)] == ["P", "R"]


def test_person_takes_a_coordinator_and_no_plan(scene: Scene, client: Plain) -> None:
    """Scenarios 9 and 14"""
    case = scene.told()
    scene.assessed(case)
    client.decide(case, plan="declined-by-person")
    client.appoint(case)
    close_by_phone(case)
    person = scene.person(case)
    assert person.case()["status"] == "completed"
    assert person.decision() == {"decision-coordinator": "granted", "decision-plan": "declined-by-person"}
    assert person.tasks("draft-plan") == person.plans() == []
    assert person.team()["status"] == "active"
    (told,) = person.all("ServiceRequest")
    assert told["status"] == "completed"


def test_cancelled_discharge_before_the_discharge_leaves_the_stay_open(scene: Scene) -> None:
    """Scenario 13"""
    who = scene.inpatient()
    visit = f"V-{who.number}"
    out = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    admitted = out - timedelta(days=3)
    scene.hub.send(messages.admission(who, messages.ST_OLAVS, visit, admitted))
    discharge = messages.discharge(who, messages.ST_OLAVS, visit, (admitted, out), "home|")
    later = messages.discharge(who, messages.ST_OLAVS, visit, (admitted, out + timedelta(hours=1)), "home|")
    cancelled = later.replace("ADT^A03^ADT_A03", "ADT^A13^ADT_A01")
    answers = scene.service.exchange(cancelled.encode(), discharge.encode())
    assert [msa(a)[0] for a in answers] == ["AA", "AA"]
    person = Person(scene.hub, (names.FNR, who.number))
    (stay,) = person.all("Encounter")
    assert stay["status"] == "in-progress"
    assert "end" not in stay["period"]
    rows = look(scene.service.database, lambda repository: repository.inbox(2))
    told = {row.kind: [issue.code for issue in row.answer.issues] for row in rows if row.answer}
    assert (told["ADT^A13"], told["ADT^A03"]) == ([], ["late-event"])


def test_protected_address_is_in_no_answer_log_or_export(scene: Scene, tmp_path: Path) -> None:
    """Scenario 15"""
    street = "Skjulestien 13"
    who = replace(scene.inpatient(), street=street)
    now = datetime.now(UTC).replace(microsecond=0)
    protected = "PD1||||||||||||Y"
    for message in (
        messages.admission(who, messages.ST_OLAVS, f"V-{who.number}", now - timedelta(days=1)),
        messages.referral(who, messages.ST_OLAVS, f"V-{who.number}", now, "Flere tjenester."),
    ):
        lines = message.split("\r")
        at = next(n for n, line in enumerate(lines) if line.startswith("PID"))
        scene.hub.send("\r".join([*lines[: at + 1], protected, *lines[at + 1 :]]))
    case = Case.of_number(scene.hub, (names.FNR, who.number))
    case.register()
    (answer,) = until(lambda: scene.hospital.about(who.number))
    assert street not in answer.decode()
    person = scene.person(case)
    kinds = ("Task", "Communication", "ServiceRequest", "Encounter", "Provenance")
    assert street not in json.dumps([person.all(kind) for kind in kinds], ensure_ascii=False)
    assert street not in scene.service.log.read_text()
    exported = CliRunner().invoke(program, ["export", str(tmp_path / "out"), "--http", scene.service.http])
    assert exported.exit_code == 0, exported.output
    files = [path.read_text() for path in (tmp_path / "out").rglob("*.ndjson")]
    assert who.number in "".join(files)
    assert street not in "".join(files)


def test_numbers_of_the_year_are_counted_by_search(scene: Scene, client: Plain) -> None:
    """Scenario 9, as far as a plain client counts: who has a coordinator and no plan."""
    before = _declined(scene)
    case = scene.told()
    scene.assessed(case)
    client.decide(case, plan="declined-by-person")
    assert _declined(scene) == before + Counter({"declined-by-person": 1})


def _declined(scene: Scene) -> Counter[str]:
    cases = scene.hub.find("Task", code=f"{names.KE_TASK_CODE}|assess-need", _count="200")
    outputs = (o for case in cases for o in case.get("output", ()) if code_of(o["type"]) == "decision-plan")
    return Counter(code_of(o["valueCodeableConcept"]) for o in outputs)
