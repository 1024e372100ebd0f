"""A case at a koordinerende enhet as it is made over REST: what tests of the operations begin with."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import concept, to
from tests.rest.conftest import FHIR_JSON, Rest


def version(resource: Resource) -> dict[str, str]:
    return {"if-match": f'W/"{resource["meta"]["versionId"]}"'}


UNITS = {"ke": "Organization/ke-5001", "other-ke": "Organization/ke-4601"}
"""Koordinerende enheter that are there from the start."""


@dataclass
class Case:
    """A need of one person and what became of it. `name` keeps the ids apart from those of other tests."""

    rest: Rest
    name: str
    born: str = "1971-11-15"
    headers: dict[str, str] = field(default_factory=dict)
    """Who does it: a developer, where there are none."""

    def ref(self, rtype: str, what: str) -> str:
        if what in UNITS:
            return UNITS[what]
        return f"{rtype}/{self.name}-{what}"

    @property
    def person(self) -> Resource:
        return to(self.ref("Patient", "person"))

    def keeps(self, rtype: str, what: str, **elements: Any) -> Resource:
        answer = self.rest.put({"resourceType": rtype, "id": f"{self.name}-{what}", **elements})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def finds(self, rtype: str, **criteria: str) -> list[Resource]:
        asked = {"patient": self.ref("Patient", "person"), **criteria}
        found = self.rest.get(f"{rtype}?" + "&".join(f"{k}={v}" for k, v in asked.items()))
        assert found.status_code == 200, found.text
        return [one["resource"] for one in found.json().get("entry", ())]

    def reads(self, reference: str) -> Resource:
        answer = self.rest.get(reference)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def puts(self, resource: Resource, **elements: Any) -> httpx.Response:
        """PUT with If-Match; `elements` replaced, None taken out."""
        body = {k: v for k, v in (resource | elements).items() if v is not None}
        path = f"{body['resourceType']}/{body['id']}"
        return self.rest("PUT", path, json=body, headers=FHIR_JSON | version(resource) | self.headers)

    def put(self, resource: Resource, **elements: Any) -> Resource:
        answer = self.puts(resource, **elements)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def called(self, on: Resource, name: str, *parameters: Resource, **headers: str) -> httpx.Response:
        """POST of an operation on a resource, with If-Match."""
        body = {"resourceType": "Parameters", "parameter": list(parameters)}
        path = f"{on['resourceType']}/{on['id']}/{name}"
        told = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.rest("POST", path, json=body, headers=FHIR_JSON | version(on) | self.headers | told)

    def begins(self) -> "Case":
        """Those around the person, and the need."""
        for what in ("unit", "gp"):
            self.keeps("Organization", what, name=what)
        for what in ("kari", "per", "leader"):
            self.keeps("PractitionerRole", what, organization=to(self.ref("Organization", "unit")))
        self.keeps("Patient", "person", birthDate=self.born, name=[{"family": "Prøvesen"}])
        self.keeps("ServiceRequest", "need", **self.need())
        return self

    def need(self, requester: str = "gp", value: str = "1") -> Resource:
        return {
            "status": "active", "intent": "proposal", "subject": self.person, "authoredOn": "2026-11-20",
            "identifier": [{"system": "urn:oid:2.16.578.1.99", "value": f"{self.name}-{value}"}],
            "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
            "code": concept(names.REQUEST_KIND, "coordinated-services"),
            "requester": to(self.ref("Organization", requester)),
            "performer": [to(self.ref("Organization", "ke"))],
            "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "obtained-oral"}],
        }  # fmt: skip

    @property
    def task(self) -> Resource:
        """The case Task as it is now."""
        return next(t for t in self.finds("Task", focus=self.ref("ServiceRequest", "need")))

    def child(self, code: str) -> Resource:
        """The newest child Task of a code."""
        found = self.finds("Task", code=f"{names.KE_TASK_CODE}|{code}", _sort="-_lastUpdated")
        assert found, f"no Task {code}"
        return found[0]

    def moves(self, status: str, business: str) -> Resource:
        return self.put(self.task, status=status, businessStatus=concept(names.KE_BUSINESS_STATUS, business))

    def consent(self, kind: str, *, status: str = "active", actor: str | None = None) -> Resource:
        provision: Resource = {"type": "deny"}
        if actor:
            role = concept(names.V3_PARTICIPATION, "IRCP")
            permit = {"type": "permit", "period": {"start": "2026-01-01"}, "actor": [
                {"role": role, "reference": to(self.ref("Organization", actor))}],
                "purpose": [{"system": names.V3_ACT_REASON, "code": "TREAT"}]}  # fmt: skip
            provision = {"type": "deny", "provision": [permit]}
        return self.keeps(
            "Consent", kind, status=status, patient=self.person,
            scope=concept(names.CONSENT_SCOPE, "patient-privacy"), category=[concept(names.CONSENT_KIND, kind)],
            dateTime="2026-01-01", performer=[self.person], organization=[to(self.ref("Organization", "ke"))],
            policy=[{"uri": "https://lovdata.no/hol-7-1"}],
            verification=[{"verified": True, "verifiedWith": self.person, "verificationDate": "2026-01-01"}],
            provision=provision,
        )  # fmt: skip

    def consent_of(self, kind: str, status: str) -> Resource:
        """The consent of a kind, with another status."""
        return self.put(self.reads(self.ref("Consent", kind)), status=status)

    def assessed(self) -> "Case":
        """The case under assessment, with consent."""
        self.begins()
        self.moves("received", "registered")
        self.moves("accepted", "under-assessment")
        self.consent("plan-creation")
        self.moves("in-progress", "under-assessment")
        return self

    def decision(self, *, coordinator: str = "granted", plan: str = "granted") -> list[Resource]:
        """The outputs that decide it."""

        def output(kind: str, **value: Any) -> Resource:
            return {"type": concept(names.DECISION_OUTPUT, kind), **value}

        return [
            output("decision-coordinator", valueCodeableConcept=concept(names.DECISION, coordinator)),
            output("decision-plan", valueCodeableConcept=concept(names.DECISION, plan)),
            output("decision-date", valueDateTime="2026-11-22T10:00:00+01:00"),
            output("decision-maker", valueReference=to(self.ref("PractitionerRole", "leader"))),
        ]

    def decided(self, **what: str) -> "Case":
        self.assessed()
        code = "decided" if "granted" in (what or {"": "granted"}).values() else "declined-by-person"
        self.put(self.task, businessStatus=concept(names.KE_BUSINESS_STATUS, code), output=self.decision(**what))
        return self

    def team(self, role: str = "coordinator", who: str = "kari") -> Resource:
        """A team as a plain client proposes it."""
        since = {"start": "2026-11-22"}
        member: list[Resource] = [
            {"role": [concept(names.TEAM_ROLE, role)], "member": to(self.ref("PractitionerRole", who)),
             "period": since},
            {"role": [concept(names.TEAM_ROLE, "person")], "member": self.person, "period": since},
            {"role": [concept(names.TEAM_ROLE, "ke")], "member": to(self.ref("Organization", "ke")), "period": since},
        ]  # fmt: skip
        return {
            "status": "proposed", "category": [concept(names.TEAM_CATEGORY, "coordination")], "subject": self.person,
            "period": since, "participant": member,
            "managingOrganization": [to(self.ref("Organization", "ke"))],
        }  # fmt: skip

    def appointed(self) -> "Case":
        self.decided()
        self.put(self.keeps("CareTeam", "team", **self.team()), status="active")
        return self

    def planned(self, *, active: bool = True) -> "Case":
        """With a plan; complete, and in force unless told otherwise."""
        self.appointed()
        self.keeps("Goal", "goal", lifecycleStatus="active", description={"text": "Bo hjemme"}, subject=self.person)
        self.keeps("Goal", "walk", lifecycleStatus="active", description={"text": "Gå tur"}, subject=self.person)
        plan = self.keeps("CarePlan", "plan", **self.plan())
        if active:
            self.put(plan, status="active")
        return self

    def plan(self) -> Resource:
        extent = {"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": "municipal-health"}}
        performer = [to(self.ref("Organization", "unit"))]
        return {
            "status": "draft", "intent": "plan", "category": [concept(names.PLAN_CATEGORY, "individuell-plan")],
            "title": "Individuell plan", "subject": self.person, "period": {"start": "2026-11-22"},
            "created": "2026-11-22", "author": to(self.ref("PractitionerRole", "kari")),
            "careTeam": [to(self.ref("CareTeam", "team"))],
            "supportingInfo": [to(self.ref("Consent", "plan-creation"))],
            "goal": [to(self.ref("Goal", "goal")), to(self.ref("Goal", "walk"))],
            "activity": [
                {"id": rid, "extension": [extent], "detail": {
                    "status": "scheduled", "description": rid, "performer": performer}} for rid in ("a1", "a2")],
            "extension": [
                {"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": to(self.ref("Organization", "ke"))},
                {"url": names.IP_NEXT_REVIEW, "valueDate": f"{datetime.now(UTC).date() + timedelta(days=90)}"},
            ],
        }  # fmt: skip

    @property
    def current(self) -> list[Resource]:
        """The plans in force."""
        return self.finds("CarePlan", status="draft,active,on-hold")

    def state(self, name: str = "") -> Counter[str]:
        """What the person has, each as type, what it is and how it stands: the same for the same course of things.

        `name`: of the case that it is to be compared with.
        """
        told = (_said(one) for rtype in _TYPES for one in self.finds(rtype))
        return Counter(one.replace(f"/{self.name}-", f"/{name or self.name}-") for one in told)


_TYPES = ("Task", "CareTeam", "CarePlan", "Communication", "DocumentReference", "Flag", "Consent")


def _said(one: Resource) -> str:
    code = ",".join(c["code"] for c in one.get("code", {}).get("coding", ()))
    category = one.get("category", [])
    told = category if isinstance(category, list) else [category]
    kinds = ",".join(c.get("code", "") for each in told for c in each.get("coding", ()))
    business = ",".join(c["code"] for c in one.get("businessStatus", {}).get("coding", ()))
    owner = one.get("owner", {}).get("reference", "")
    outputs = ",".join(o["type"]["coding"][0]["code"] for o in one.get("output", ()))
    people = ",".join(
        f"{p['role'][0]['coding'][0]['code']}={p['member']['reference']}{'' if 'end' in p.get('period', {}) else '*'}"
        for p in one.get("participant", ())
    )
    told_by = one.get("author", {})
    author = told_by.get("reference", "") if isinstance(told_by, dict) else ""
    parts = (one["resourceType"], one.get("status"), code, kinds, business, owner, outputs, people, author)
    return " ".join(str(part) for part in parts if part)
