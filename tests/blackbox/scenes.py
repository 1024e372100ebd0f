"""What the scenarios of workflow.md 12 are played with: a service on each database, a hospital that answers, persons
who have nothing to do with each other, and two kinds of client.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from fhir_service.demo import messages
from fhir_service.demo.circle import join, share
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, organization, tell
from fhir_service.demo.needs import person as registered
from fhir_service.demo.numbers import child_number
from fhir_service.demo.walk import Case, Measure, concept
from profiles import names
from profiles.resource import Resource
from tests.ports import free_port

from .conftest import Service, served_on
from .hospital import SENDER, Hospital
from .person import Person, code_of

GP = "Organization/legesenteret"
FIRST = date(2004, 1, 1)
DAYS = count()


@dataclass
class Scene:
    """A running service and the hospital that gets its answers."""

    service: Service
    hospital: Hospital
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        self.hub = self.service.hub()
        organization(self.hub, GP.partition("/")[2], "Legesenteret")

    def number(self) -> tuple[str, date]:
        """A number that nobody has yet, and its day of birth."""
        born = FIRST + timedelta(days=next(DAYS))
        return child_number(born, "female"), born

    def inpatient(self) -> messages.Person:
        """Somebody whom nobody knows yet, in Trondheim."""
        number, born = self.number()
        return messages.Person(number, "Prøve", "Person", f"{born:%Y%m%d}", "F", "Gate 1", "7011", "Trondheim", "5001")

    def referred(self, who: messages.Person) -> Case:
        """The case that the hospital's admission and referral have opened."""
        now = datetime.now(UTC).replace(microsecond=0)
        visit = f"V-{who.number}"
        self.hub.send(messages.admission(who, messages.ST_OLAVS, visit, now - timedelta(days=2)))
        self.hub.send(messages.referral(who, messages.ST_OLAVS, visit, now, "Trenger flere tjenester."))
        return Case.of_number(self.hub, (names.FNR, who.number))

    def told(self, municipality: str = "5001") -> Case:
        """A case that a doctor's office has opened over FHIR."""
        patient = self.registered()
        tell(self.hub, need(patient, GP, municipality, "obtained-oral", "Trenger flere tjenester."))
        return Case.of_patient(self.hub, patient)

    def registered(self) -> str:
        """Somebody whom the doctor's office has registered; `Patient/[id]`."""
        number, born = self.number()
        office = self.hub.acting("notifier", GP)
        return registered(office, (names.FNR, number), ("Prøve", "Person"), born.isoformat(), "female")

    def assessed(self, case: Case) -> Resource:
        """The case is registered, accepted and assessed; returns the person's consent to a plan."""
        case.register()
        case.accept()
        consent = case.consent()
        case.assess()
        return consent

    def coordinated(self, client: "Plain") -> tuple[Case, Resource, Resource]:
        """A case with a coordinator and no plan yet: the case, the team, the consent."""
        case = self.told()
        consent = self.assessed(case)
        client.decide(case)
        return case, client.appoint(case), consent

    def planned(self, client: "Plain") -> tuple[Case, Resource]:
        """A case with a plan in force that has two goals and two measures: one of health, one of a school's.

        The school, `Organization/skole`, is in the team and may see what is its own.
        """
        case, team, consent = self.coordinated(client)
        school = organization(self.hub, "skole", "Skolen")
        share(case, (school, "school"))
        join(case, team, case.employee(("Vold", "Ida"), school, "Kontaktlærer"), "school")
        measures = [Measure("Fysioterapi hver uke"), Measure("Leksehjelp", "school")]
        plan = case.draft_plan(team, consent, case.goal("Lese en bok", "school"), measures)
        walking = case.goal("Gå til butikken")
        goals = [*plan["goal"], {"reference": f"Goal/{walking['id']}"}]
        return case, case.activate(case.coordinator.put(plan, goal=goals))

    def person(self, case: Case) -> Person:
        """Everything there is about whom a case is about."""
        identifier = self.hub.read(case.patient)["identifier"][0]
        return Person(self.hub, (identifier["system"], identifier["value"]))

    def ask(self, method: str, path: str, hub: Hub, body: Any = None, **headers: str) -> httpx.Response:
        """A request in the name of a hub's caller, whose refusal is looked at."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"content-type": "application/fhir+json"}
        return httpx.request(method, f"{self.service.fhir}/{path}", json=body, headers=kind | hub.caller | named)

    def change(self, resource: Resource, hub: Hub, **elements: Any) -> httpx.Response:
        """PUT of the version in hand with elements replaced."""
        version = f'W/"{resource["meta"]["versionId"]}"'
        path = f"{resource['resourceType']}/{resource['id']}"
        return self.ask("PUT", path, hub, resource | elements, if_match=version)


@contextmanager
def scene_on(database: str, folder: Path) -> Iterator[Scene]:
    """A scene over an empty database of that kind."""
    address = free_port()
    endpoints = folder / "endpoints.json"
    endpoints.write_text(json.dumps({SENDER: {"return_address": f"127.0.0.1:{address}"}}))
    hospital = Hospital(address)
    try:
        with served_on(database, folder, KNUTEPUNKT_ENDPOINTS=str(endpoints)) as service:
            yield Scene(service, hospital)
    finally:
        hospital.close()


def said(answer: httpx.Response, status: int) -> list[tuple[str, str]]:
    """(code, expression) of every issue of a refusal."""
    assert answer.status_code == status, answer.text
    return [(i["details"]["coding"][0]["code"], i["expression"][0]) for i in answer.json()["issue"]]


class Plain:
    """A client that knows create, read, update and search, and no operation."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def decide(self, case: Case, coordinator: str = "granted", plan: str = "granted") -> None:
        case.decide(coordinator, plan)

    def appoint(self, case: Case) -> Resource:
        """The CareTeam with its coordinator."""
        return case.appoint(("Berg", "Kari"))

    def hand_over(self, case: Case, plan: Resource, to: str, consent: Resource) -> Resource:
        """The Task that asks the other municipality."""
        agreed = {
            "type": concept(names.TASK_INPUT, "consent"),
            "valueReference": {"reference": f"Consent/{consent['id']}"},
        }
        return case.step(
            "handover-plan",
            30,
            "Personen flytter.",
            focus={"reference": f"CarePlan/{plan['id']}"},
            owner={"reference": to},
            requester={"reference": case.unit},
            input=[agreed],
        )

    def join_records(self, case: Case, retired: Case, kept: Resource, ended: Resource) -> None:
        """KE chooses which plan goes on: it ends the other one and its team, then says that two records are one."""
        why = {
            "url": names.IP_STATUS_REASON,
            "valueCodeableConcept": concept(names.STATUS_REASON, "merged"),
        }
        other = case.ke.read(f"CarePlan/{ended['id']}")
        case.ke.put(other, status="revoked", extension=[*other["extension"], why])
        case.ke.put(case.ke.read(ended["careTeam"][0]["reference"]), status="inactive")
        link = [{"other": {"reference": case.patient}, "type": "replaced-by"}]
        case.ke.put(case.ke.read(retired.patient), link=link)

    def plan_for(self, hub: Hub, case: Case) -> Resource:
        """The plan in force as somebody sees it."""
        return hub.one("CarePlan", patient=case.patient, status="draft,active,on-hold")

    def who_coordinates(self, hub: Hub, case: Case) -> str:
        """The name of the coordinator, as somebody learns it."""
        (team,) = hub.find("CareTeam", patient=case.patient, status="active")
        leads = (p for p in team["participant"] if code_of(p["role"]) == "coordinator")
        return str(next(leads)["member"]["display"])

    def rebased(self, case: Case, base: Resource, mine: Resource) -> Resource:
        """What the coordinator wanted, put to the version that is there now: read again, and merged by hand."""
        current = case.coordinator.read(f"CarePlan/{base['id']}")
        added = [goal for goal in mine["goal"] if goal not in base["goal"]]
        return current | {"goal": [*current["goal"], *added]}


class Shortcuts(Plain):
    """A client that takes the operations where there are some."""

    def decide(self, case: Case, coordinator: str = "granted", plan: str = "granted") -> None:
        role = {"resourceType": "PractitionerRole", "active": True, "organization": {"reference": case.unit}}
        maker = case.ke.post(role)
        self._call(
            case,
            f"Task/{case.task['id']}",
            "$decide",
            {"name": "decision-coordinator", "valueCode": coordinator},
            {"name": "decision-plan", "valueCode": plan},
            {"name": "decision-maker", "valueReference": {"reference": f"PractitionerRole/{maker['id']}"}},
        )

    def appoint(self, case: Case) -> Resource:
        member = case.employee(("Berg", "Kari"), case.unit, "Koordinator")
        self._call(
            case,
            f"Task/{case.task['id']}",
            "$appoint-coordinator",
            {"name": "coordinator", "valueReference": {"reference": member}},
            {"name": "person-accepts", "valueBoolean": True},
            {"name": "unit-confirms", "valueBoolean": True},
        )
        return case.ke.one("CareTeam", patient=case.patient)

    def hand_over(self, case: Case, plan: Resource, to: str, consent: Resource) -> Resource:
        self._call(
            case,
            f"CarePlan/{plan['id']}",
            "$handover",
            {"name": "to", "valueReference": {"reference": to}},
            {"name": "consent", "valueReference": {"reference": f"Consent/{consent['id']}"}},
        )
        return case.ke.one("Task", patient=case.patient, code=f"{names.KE_TASK_CODE}|handover-plan")

    def join_records(self, case: Case, retired: Case, kept: Resource, ended: Resource) -> None:
        answer = self.merge(
            case, retired, {"name": "result-plan", "valueReference": {"reference": f"CarePlan/{kept['id']}"}}
        )
        assert answer.status_code == 200, answer.text

    def merge(self, case: Case, retired: Case, *more: Resource) -> httpx.Response:
        """What `$merge` answers to KE."""
        both = [
            {"name": "source-patient", "valueReference": {"reference": retired.patient}},
            {"name": "target-patient", "valueReference": {"reference": case.patient}},
        ]
        body = {"resourceType": "Parameters", "parameter": [*both, *more]}
        return self.scene.ask("POST", "Patient/$merge", case.ke, body)

    def plan_for(self, hub: Hub, case: Case) -> Resource:
        found = self.scene.ask("GET", f"{case.patient}/$current-plan", hub).json()["entry"]
        plan: Resource = next(e["resource"] for e in found if e["resource"]["resourceType"] == "CarePlan")
        return plan

    def who_coordinates(self, hub: Hub, case: Case) -> str:
        told = self.scene.ask("GET", f"{case.patient}/$coordinator", hub).json()["parameter"]
        parts = next(p["part"] for p in told if p["name"] == "coordinator")
        return str(next(p["valueString"] for p in parts if p["name"] == "name"))

    def rebased(self, case: Case, base: Resource, mine: Resource) -> Resource:
        given = [
            {"name": "base", "valueString": base["meta"]["versionId"]},
            {"name": "resource", "resource": mine},
        ]
        body = {"resourceType": "Parameters", "parameter": given}
        answer = self.scene.ask("POST", f"CarePlan/{base['id']}/$rebase", case.coordinator, body)
        assert answer.status_code == 200, answer.text
        told = answer.json()["parameter"]
        assert [p["name"] for p in told] == ["merged"]
        merged: Resource = told[0]["resource"]
        return merged

    def _call(self, case: Case, on: str, operation: str, *parameters: Resource) -> None:
        version = case.ke.read(on)["meta"]["versionId"]
        body = {"resourceType": "Parameters", "parameter": [*parameters]}
        answer = self.scene.ask("POST", f"{on}/{operation}", case.ke, body, if_match=f'W/"{version}"')
        assert answer.status_code == 200, answer.text


CLIENTS = {"plain": Plain, "operations": Shortcuts}
