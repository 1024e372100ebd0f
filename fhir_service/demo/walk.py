"""The steps of a case by plain REST, each in the name of who takes it: the koordinerende enhet, the coordinator, the
person (workflow.md 1 and 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fhir_service.demo.hub import Hub
from profiles import names
from profiles.resource import Resource


def concept(system: str, code: str) -> Resource:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def now() -> str:
    """The present as FHIR dateTime."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Measure:
    """One activity of a plan. `performer`: who carries it out, None: the coordinator."""

    text: str
    sector: str = "municipal-health"
    performer: str | None = None


@dataclass(slots=True)
class Case:
    """A person's way through the koordinerende enhet. `patient`: `Patient/[id]`; `task`: the case Task."""

    hub: Hub
    patient: str
    task: Resource
    unit: str
    """`Organization/[id]` of the KE."""
    led_from: str | None = None
    """Where the coordinator works, when it is not the KE."""
    speaker: str | None = None
    """Who consents for the person: `RelatedPerson/[id]` of a parent; None: the person."""

    @classmethod
    def of_patient(cls, hub: Hub, patient: str) -> "Case":
        """The open case of a person."""
        task = hub.one("Task", patient=patient, code=f"{names.KE_TASK_CODE}|assess-need")
        return cls(hub, patient, task, task["owner"]["reference"])

    @classmethod
    def of_number(cls, hub: Hub, number: tuple[str, str]) -> "Case":
        """The open case of whoever has a number (system, value), whichever record of theirs it is about."""
        told = {"patient.identifier": "|".join(number), "code": f"{names.KE_TASK_CODE}|assess-need"}
        task = hub.one("Task", **told)
        return cls(hub, task["for"]["reference"], task, task["owner"]["reference"])

    @property
    def ke(self) -> Hub:
        """As the koordinerende enhet."""
        return self.hub.acting("ke", self.unit)

    @property
    def coordinator(self) -> Hub:
        """As the coordinator."""
        return self.hub.acting("coordinator", self.led_from or self.unit)

    def move(self, status: str, business_status: str, **elements: Any) -> None:
        """Take the case Task to a status."""
        business = concept(names.KE_BUSINESS_STATUS, business_status)
        current = self.ke.read(f"Task/{self.task['id']}")
        self.task = self.ke.put(current, status=status, businessStatus=business, **elements)

    def register(self) -> None:
        self.move("received", "registered")

    def accept(self) -> None:
        self.move("accepted", "awaiting-consent")

    def assess(self) -> None:
        self.move("in-progress", "under-assessment")

    def consent(self, kind: str = "plan-creation", *provisions: Resource) -> Resource:
        """The person, or who speaks for them, agrees to what `kind` says (oral consent, heard by the KE)."""
        speaker = {"reference": self.speaker or self.patient}
        return self.ke.post(
            {
                "resourceType": "Consent",
                "status": "active",
                "scope": concept(names.CONSENT_SCOPE, "patient-privacy"),
                "category": [concept(names.CONSENT_KIND, kind)],
                "patient": {"reference": self.patient},
                "dateTime": now(),
                "performer": [speaker],
                "organization": [{"reference": self.unit}],
                "policy": [{"uri": "https://lovdata.no/lov/1999-07-02-63/§2-5"}],
                "verification": [{"verified": True, "verifiedWith": speaker, "verificationDate": now()}],
                "provision": {"type": "deny", **({"provision": [*provisions]} if provisions else {})},
            }
        )

    def decide(
        self, coordinator: str = "granted", plan: str = "granted", reason: str | None = None, child: bool = False
    ) -> None:
        """The KE's decision (workflow.md 4.4); the service drafts the letter and makes the Tasks that follow.

        `child`: a child coordinator, too, and that is whom the family chooses.
        """
        maker = self.ke.post(
            {"resourceType": "PractitionerRole", "active": True, "organization": {"reference": self.unit}}
        )
        output = [
            _output("decision-coordinator", valueCodeableConcept=concept(names.DECISION, coordinator)),
            _output("decision-plan", valueCodeableConcept=concept(names.DECISION, plan)),
            _output("decision-date", valueDateTime=now()),
            _output("decision-maker", valueReference={"reference": f"PractitionerRole/{maker['id']}"}),
        ]
        if child:
            output.append(
                _output("decision-child-coordinator", valueCodeableConcept=concept(names.DECISION, "granted"))
            )
            chosen = concept(names.TEAM_ROLE, "child-coordinator")
            output.append(_output("chosen-right", valueCodeableConcept=chosen))
        if reason:
            output.append(_output("decision-reason", valueCodeableConcept={"text": reason}))
        status = "declined-by-person" if coordinator == "declined-by-person" else "decided"
        self.move("in-progress", status, output=output)

    def step(self, code: str, days: int, text: str, **elements: Any) -> Resource:
        """A sub-step of the case, the KE's own unless `owner` says otherwise (workflow.md 4.3)."""
        end = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
        return self.ke.post(
            {
                "resourceType": "Task",
                "status": "requested",
                "intent": "order",
                "code": concept(names.KE_TASK_CODE, code),
                "description": text,
                "partOf": [{"reference": f"Task/{self.task['id']}"}],
                "for": {"reference": self.patient},
                "authoredOn": now(),
                "owner": {"reference": self.unit},
                "restriction": {"period": {"end": end}},
                **elements,
            }
        )

    def done(self, task: Resource) -> Resource:
        """The sub-step is taken and carried out."""
        for status in ("accepted", "in-progress", "completed"):
            task = self.ke.put(task, status=status)
        return task

    def goal(self, text: str, *sectors: str) -> Resource:
        """A goal in the person's own words; `sectors`: those that may read it where the person shares it."""
        labels = [{"system": names.SECTOR, "code": sector} for sector in sectors]
        return self.hub.acting("person", person=self.patient).post(
            {
                "resourceType": "Goal",
                **({"meta": {"security": labels}} if labels else {}),
                "lifecycleStatus": "active",
                "description": {"text": text},
                "subject": {"reference": self.patient},
                "expressedBy": {"reference": self.patient},
            }
        )

    def employee(self, name: tuple[str, str], organization: str, profession: str) -> str:
        """Somebody with a family and a given name who works somewhere; returns `PractitionerRole/[id]`."""
        family, given = name
        person = self.ke.post({"resourceType": "Practitioner", "name": [{"family": family, "given": [given]}]})
        held = self.ke.post(
            {
                "resourceType": "PractitionerRole",
                "active": True,
                "practitioner": {"reference": f"Practitioner/{person['id']}", "display": f"{given} {family}"},
                "organization": {"reference": organization},
                "code": [{"text": profession}],
                "telecom": [{"system": "phone", "value": "+47 99 00 00 00", "use": "work"}],
            }
        )
        return f"PractitionerRole/{held['id']}"

    def appoint(self, name: tuple[str, str], role: str = "coordinator", profession: str = "Koordinator") -> Resource:
        """The unit's coordinator is proposed and appointed (K1, K2). Returns the CareTeam."""
        family, given = name
        member = self.employee(name, self.led_from or self.unit, profession)
        start = now()
        team = self.ke.post(
            {
                "resourceType": "CareTeam",
                "status": "proposed",
                "category": [concept(names.TEAM_CATEGORY, "coordination")],
                "subject": {"reference": self.patient},
                "period": {"start": start},
                "participant": [
                    _participant(role, member, start, f"{given} {family}"),
                    _participant("person", self.patient, start),
                    _participant("ke", self.unit, start),
                ],
                "managingOrganization": [{"reference": self.unit}],
            }
        )
        return self.ke.put(self.ke.read(f"CareTeam/{team['id']}"), status="active")

    def draft_plan(
        self, team: Resource, consent: Resource, goal: str | Resource, measures: Sequence[str | Measure]
    ) -> Resource:
        """The coordinator drafts the plan: a goal in the person's words, stored or to be stored, and the measures."""
        coordinator = team["participant"][0]["member"]["reference"]
        stored_goal = self.goal(goal) if isinstance(goal, str) else goal
        whole = (Measure(one) if isinstance(one, str) else one for one in measures)
        return self.coordinator.post(
            {
                "resourceType": "CarePlan",
                "status": "draft",
                "intent": "plan",
                "category": [concept(names.PLAN_CATEGORY, "individuell-plan")],
                "title": "Individuell plan",
                "subject": {"reference": self.patient},
                "period": {"start": date.today().isoformat()},  # noqa: DTZ011 - the day here
                "created": now(),
                "author": {"reference": coordinator},
                "careTeam": [{"reference": f"CareTeam/{team['id']}"}],
                "supportingInfo": [{"reference": f"Consent/{consent['id']}"}],
                "goal": [{"reference": f"Goal/{stored_goal['id']}"}],
                "activity": [_activity(n, measure, coordinator) for n, measure in enumerate(whole, 1)],
                "extension": [
                    {"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": {"reference": self.unit}},
                    {
                        "url": names.IP_NEXT_REVIEW,
                        "valueDate": (datetime.now(UTC) + timedelta(days=170)).date().isoformat(),
                    },
                ],
            }
        )

    def activate(self, plan: Resource) -> Resource:
        """The plan is in force."""
        return self.coordinator.put(self.coordinator.read(f"CarePlan/{plan['id']}"), status="active")

    def review_due(self, plan: Resource, days: int) -> Resource:
        """The next review is so many days from now: less than none, it is overdue."""
        day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
        others = [e for e in plan["extension"] if e["url"] != names.IP_NEXT_REVIEW]
        return self.coordinator.put(plan, extension=[*others, {"url": names.IP_NEXT_REVIEW, "valueDate": day}])


def _output(kind: str, **value: Any) -> Resource:
    return {"type": concept(names.DECISION_OUTPUT, kind), **value}


def _participant(role: str, member: str, start: str, display: str | None = None) -> Resource:
    reference = {"reference": member, "display": display} if display else {"reference": member}
    return {"role": [concept(names.TEAM_ROLE, role)], "member": reference, "period": {"start": start}}


def _activity(number: int, measure: Measure, coordinator: str) -> Resource:
    performer = {"reference": measure.performer or coordinator}
    return {
        "id": f"tiltak-{number}",
        "extension": [{"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": measure.sector}}],
        "detail": {"status": "scheduled", "description": measure.text, "performer": [performer]},
    }
