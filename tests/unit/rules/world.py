"""A person's standing that drafts are judged against, one transaction after the other, and resources to begin with."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from fhir_service.principal import DEVELOPER, Principal
from fhir_service.rules import Context, Dispatch, Draft, Judgement, Settings, Standing, judge
from mappings.sources import source_uri
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource
from profiles.routing import national
from profiles.validate import check

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PATIENT = "Patient/arne"
KE = "Organization/ke-5001"
COORDINATOR = {"reference": "PractitionerRole/kari", "display": "Kari Nordmann"}


@dataclass
class World:
    """What is stored for one person. `write` judges and keeps; `refuse` expects a refusal."""

    resources: dict[str, Resource] = field(default_factory=dict)
    now: datetime = NOW
    sent: list[Dispatch] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    person: str | None = "person"

    def judged(self, *drafts: Draft) -> Judgement:
        context = Context(now=self.now, today=self.now.date(), routes=national(), settings=self.settings)
        return judge(drafts, Standing(self.person, deepcopy(self.resources)), context)

    def draft(self, resource: Resource, by: Principal = DEVELOPER, cause: str = "rest") -> Draft:
        before = self.resources.get(f"{resource['resourceType']}/{resource['id']}")
        return Draft(resource["resourceType"], resource["id"], resource, before, by, cause)

    def take(self, *drafts: Draft) -> Judgement:
        judgement = self.judged(*drafts)
        assert not judgement.issues, judgement.issues
        for draft in judgement.drafts:
            self.resources.pop(draft.reference, None)
            if draft.after is not None:
                assert_valid(draft.after)
                self.resources[draft.reference] = draft.after
        self.sent.extend(judgement.dispatches)
        self.now += timedelta(minutes=1)
        return judgement

    def write(self, resource: Resource, by: Principal = DEVELOPER, cause: str = "rest") -> Resource:
        """The resource as it is stored in the end."""
        self.take(self.draft(resource, by, cause))
        return self.resources[f"{resource['resourceType']}/{resource['id']}"]

    def change(self, resource: Resource, by: Principal = DEVELOPER, cause: str = "rest", **elements: Any) -> Resource:
        current = self.resources[f"{resource['resourceType']}/{resource['id']}"]
        return self.write(current | elements, by, cause)

    def refuse(self, resource: Resource, by: Principal = DEVELOPER, **elements: Any) -> list[tuple[str, str]]:
        """(code, at) of every issue."""
        current = self.resources.get(f"{resource['resourceType']}/{resource['id']}", resource)
        judgement = self.judged(self.draft(current | elements, by))
        assert judgement.refused
        assert not judgement.drafts
        return [(i.code, i.at) for i in judgement.issues]

    def of(self, rtype: str) -> list[Resource]:
        return [r for r in self.resources.values() if r["resourceType"] == rtype]

    def task(self, code: str) -> Resource:
        """The one Task with that code."""
        (found,) = self.tasks(code)
        return found

    def tasks(self, code: str) -> list[Resource]:
        return [t for t in self.of("Task") if any(c["code"] == code for c in t["code"]["coding"])]

    @property
    def case(self) -> Resource:
        return self.task("assess-need")

    def move(self, status: str, business: str, **elements: Any) -> Resource:
        """Take the case to a status."""
        return self.change(self.case, status=status, businessStatus=business_status(business), **elements)


def assert_valid(resource: Resource) -> None:
    """Valid R4, by our checker and by the typed models (decision 23)."""
    assert [i for i in check(resource) if i.refuses] == []
    get_fhir_model_class(resource["resourceType"]).model_validate(deepcopy(resource))


def business_status(code: str) -> Resource:
    return concept(names.KE_BUSINESS_STATUS, code)


def reason(code: str) -> Resource:
    return concept(names.STATUS_REASON, code)


def patient(**elements: Any) -> Resource:
    return {
        "resourceType": "Patient",
        "id": "arne",
        "identifier": [{"system": names.FNR, "value": "15918512397"}],
        "name": [{"family": "Prøvesen", "given": ["Arne"]}],
        "birthDate": "1971-11-15",
        "address": [{"use": "home", "district": "5001"}],
        **elements,
    }


def need(rid: str = "need", **elements: Any) -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": rid,
        "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "obtained-oral"}],
        "identifier": [{"system": "urn:hl7v2:STOLAV:RF1-6", "value": f"REF-{rid}"}],
        "status": "active",
        "intent": "proposal",
        "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
        "code": concept(names.REQUEST_KIND, "coordinated-services"),
        "subject": {"reference": PATIENT},
        "authoredOn": "2026-11-21T14:00:00+01:00",
        "requester": {"reference": "Organization/stolav"},
        "performer": [{"reference": KE}],
        **elements,
    }


def need_by_message(rid: str = "need", **elements: Any) -> Resource:
    return need(rid, meta={"source": source_uri("EPJ|STOLAV")}, **elements)


def output(kind: str, **value: Any) -> Resource:
    return {"type": concept(names.DECISION_OUTPUT, kind), **value}


def decision(coordinator: str = "granted", plan: str = "granted", *more: Resource) -> list[Resource]:
    return [
        output("decision-coordinator", valueCodeableConcept=concept(names.DECISION, coordinator)),
        output("decision-plan", valueCodeableConcept=concept(names.DECISION, plan)),
        output("decision-date", valueDateTime="2026-11-22T10:00:00+01:00"),
        output("decision-maker", valueReference={"reference": "PractitionerRole/saksbehandler"}),
        *more,
    ]


def consent(rid: str = "consent", status: str = "active", kind: str = "plan-creation") -> Resource:
    return {
        "resourceType": "Consent",
        "id": rid,
        "status": status,
        "scope": concept(names.CONSENT_SCOPE, "patient-privacy"),
        "category": [concept(names.CONSENT_KIND, kind)],
        "patient": {"reference": PATIENT},
        "dateTime": "2026-11-22T10:00:00+01:00",
        "performer": [{"reference": PATIENT}],
        "organization": [{"reference": KE}],
        "policy": [{"uri": "https://lovdata.no/lov/1999-07-02-63"}],
        "verification": [{"verified": True, "verifiedWith": {"reference": PATIENT}}],
        "provision": {"type": "deny"},
    }


def participant(role: str, member: Resource, **period: str) -> Resource:
    return {
        "role": [concept(names.TEAM_ROLE, role)],
        "member": member,
        "period": {"start": "2026-11-22", **period},
    }


def team(rid: str = "team", status: str = "proposed", **elements: Any) -> Resource:
    return {
        "resourceType": "CareTeam",
        "id": rid,
        "status": status,
        "category": [concept(names.TEAM_CATEGORY, "coordination")],
        "subject": {"reference": PATIENT},
        "period": {"start": "2026-11-22"},
        "participant": [
            participant("coordinator", COORDINATOR),
            participant("person", {"reference": PATIENT}),
            participant("ke", {"reference": KE}),
        ],
        "managingOrganization": [{"reference": KE}],
        **elements,
    }


def goal(rid: str = "goal", **elements: Any) -> Resource:
    return {
        "resourceType": "Goal",
        "id": rid,
        "lifecycleStatus": "active",
        "description": {"text": "Tilbake i arbeid"},
        "subject": {"reference": PATIENT},
        **elements,
    }


def plan(rid: str = "plan", status: str = "draft", **elements: Any) -> Resource:
    return {
        "resourceType": "CarePlan",
        "id": rid,
        "extension": [
            {"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": {"reference": KE}},
            {"url": names.IP_NEXT_REVIEW, "valueDate": "2027-05-20"},
        ],
        "status": status,
        "intent": "plan",
        "category": [concept(names.PLAN_CATEGORY, "individuell-plan")],
        "title": "Individuell plan",
        "subject": {"reference": PATIENT},
        "period": {"start": "2026-11-22"},
        "created": "2026-11-22",
        "author": COORDINATOR,
        "careTeam": [{"reference": "CareTeam/team"}],
        "supportingInfo": [{"reference": "Consent/consent"}],
        "goal": [{"reference": "Goal/goal"}],
        "activity": [
            {
                "id": "tiltak-1",
                "extension": [
                    {"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": "municipal-health"}}
                ],
                "detail": {"status": "scheduled", "description": "Fysioterapi", "performer": [COORDINATOR]},
            }
        ],
        **elements,
    }


def stay(status: str = "in-progress", rid: str = "stay", **elements: Any) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": rid,
        "status": status,
        "class": {"system": names.V3_ACT_CODE, "code": "IMP"},
        "subject": {"reference": PATIENT},
        "period": {"start": "2026-11-01T08:00:00+01:00"},
        **elements,
    }


def world_at(step: str, **elements: Any) -> World:
    """A world in which the person's way has come as far as `step` (a name in `STEPS`)."""
    world = World()
    world.write(patient())
    for name, do in STEPS:
        do(world)
        if name == step:
            return world
    raise ValueError(step)


def _decide(world: World) -> None:
    world.move("in-progress", "decided", output=decision())


STEPS = (
    ("nothing", lambda w: None),
    ("requested", lambda w: w.write(need())),
    ("received", lambda w: w.move("received", "registered")),
    ("accepted", lambda w: w.move("accepted", "awaiting-consent")),
    ("consented", lambda w: w.write(consent())),
    ("in-progress", lambda w: w.move("in-progress", "under-assessment")),
    ("decided", _decide),
    ("proposed", lambda w: w.write(team())),
    ("appointed", lambda w: w.change(team(), status="active")),
    ("drafted", lambda w: (w.write(goal()), w.write(plan()))),
    ("active", lambda w: w.change(plan(), status="active")),
)
