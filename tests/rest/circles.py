"""A person with an individual plan, and those around them: what tests of views begin with."""

from dataclasses import dataclass
from typing import Any

import httpx

from profiles import names
from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, Rest

_IMPORT = {"x-knutepunkt-purpose": "import"}
_IMPORTED = {"tag": [{"system": names.TAG, "code": "imported"}]}
_SINCE = {"start": "2026-01-01"}

SECRET = "hemmelig"
"""A word of all that the school does not see."""


def to(literal: str) -> Resource:
    return {"reference": literal}


def concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def sector(code: str) -> Resource:
    return {"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": code}}


def activity(rid: str, code: str | None, text: str) -> Resource:
    labelled = {"extension": [sector(code)]} if code else {}
    return {"id": rid, **labelled, "detail": {"status": "scheduled", "description": text}}


@dataclass
class Circle:
    """The people of one plan; `name` keeps their ids apart from those of other tests. A method asks as one of them."""

    rest: Rest
    name: str

    def id(self, what: str) -> str:
        return f"{self.name}-{what}"

    def ref(self, rtype: str, what: str) -> str:
        return f"{rtype}/{self.id(what)}"

    @property
    def plan(self) -> str:
        return self.ref("CarePlan", "plan")

    def who(self, role: str | None, organization: str | None = None, **more: str) -> dict[str, str]:
        """The headers of a caller."""
        told = {"role": role, "organization": organization and self.ref("Organization", organization), **more}
        return {f"x-knutepunkt-{name}": value for name, value in told.items() if value}

    @property
    def school(self) -> dict[str, str]:
        return self.who("service", "school")

    @property
    def coordinator(self) -> dict[str, str]:
        return self.who("coordinator", "unit")

    @property
    def ke(self) -> dict[str, str]:
        return self.who("ke", "ke")

    @property
    def stranger(self) -> dict[str, str]:
        return self.who("coordinator", "stranger")

    def asks(self, method: str, path: str, who: dict[str, str], body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.rest(method, path, json=body, headers=FHIR_JSON | who | named)

    def reads(self, path: str, who: dict[str, str]) -> httpx.Response:
        return self.rest("GET", path, headers=who)

    def put(self, resource: Resource, version: int = 0, who: dict[str, str] | None = None) -> httpx.Response:
        match = {"if-match": f'W/"{version}"'} if version else {}
        path = f"{resource['resourceType']}/{resource['id']}"
        return self.rest("PUT", path, json=resource, headers=FHIR_JSON | match | (who or _IMPORT))

    def keeps(self, resource: Resource, version: int = 0) -> None:
        answer = self.put(resource, version)
        assert answer.status_code in (200, 201), answer.text

    # what there is

    def patient(self, number: str | None = None) -> Resource:
        identifier = {"identifier": [{"system": names.FNR, "value": number}]} if number else {}
        born = {"birthDate": "1971-11-15", "address": [{"use": "home", "district": "5001"}]}
        return {
            "resourceType": "Patient",
            "id": self.id("person"),
            "name": [{"family": "Prøvesen"}],
            **born,
            **identifier,
        }

    def consent(self, kind: str, *permitted: tuple[str, str]) -> Resource:
        provisions = [
            {
                "type": "permit", "period": _SINCE, "securityLabel": [{"system": names.SECTOR, "code": code}],
                "actor": [{"role": concept(names.V3_PARTICIPATION, "IRCP"),
                           "reference": to(self.ref("Organization", organization))}],
                "purpose": [{"system": names.V3_ACT_REASON, "code": "TREAT"}],
            } for organization, code in permitted
        ]  # fmt: skip
        person = to(self.ref("Patient", "person"))
        return {
            "resourceType": "Consent", "id": self.id(kind), "status": "active", "patient": person,
            "scope": concept(names.CONSENT_SCOPE, "patient-privacy"), "category": [concept(names.CONSENT_KIND, kind)],
            "dateTime": "2026-01-01", "performer": [person], "organization": [to(self.ref("Organization", "ke"))],
            "policy": [{"uri": "https://lovdata.no/hol-7-1"}],
            "verification": [{"verified": True, "verifiedWith": person, "verificationDate": "2026-01-01"}],
            "provision": {"type": "deny", **({"provision": provisions} if provisions else {})},
        }  # fmt: skip

    def team(self) -> Resource:
        def member(role: str, who: str, **more: Any) -> Resource:
            return {"role": [concept(names.TEAM_ROLE, role)], "member": to(who), "period": _SINCE, **more}

        return {
            "resourceType": "CareTeam", "id": self.id("team"), "meta": _IMPORTED, "status": "proposed",
            "subject": to(self.ref("Patient", "person")), "period": _SINCE, "note": [{"text": "hemmelig teamnotat"}],
            "category": [concept(names.TEAM_CATEGORY, "coordination")],
            "managingOrganization": [to(self.ref("Organization", "ke"))],
            "participant": [
                member("coordinator", self.ref("PractitionerRole", "kari")),
                member("person", self.ref("Patient", "person")),
                member("ke", self.ref("Organization", "ke")),
                member("member", self.ref("PractitionerRole", "teacher"), extension=[sector("school")]),
                member("member", self.ref("PractitionerRole", "physio"), extension=[sector("municipal-health")]),
            ],
        }  # fmt: skip

    def care_plan(self, **more: Any) -> Resource:
        return {
            "resourceType": "CarePlan", "id": self.id("plan"), "meta": _IMPORTED, "status": "draft", "intent": "plan",
            "category": [concept(names.PLAN_CATEGORY, "individuell-plan")], "title": "Individuell plan",
            "subject": to(self.ref("Patient", "person")), "period": {"start": "2026-01-01"}, "created": "2026-01-01",
            "author": to(self.ref("PractitionerRole", "kari")), "careTeam": [to(self.ref("CareTeam", "team"))],
            "description": "hemmelig behov", "goal": [to(self.ref("Goal", "reading")), to(self.ref("Goal", "walking"))],
            "extension": [
                {"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": to(self.ref("Organization", "ke"))},
                {"url": names.IP_NEXT_REVIEW, "valueDate": "2027-06-01"},
            ],
            "activity": [
                activity("walk", "municipal-health", "hemmelig fysioterapi"),
                activity("read", "school", "Leseopplæring"),
                activity("open", None, "hemmelig tiltak uten merke"),
            ], **more,
        }  # fmt: skip

    def goal(self, what: str, code: str, text: str) -> Resource:
        return {
            "resourceType": "Goal", "id": self.id(what), "lifecycleStatus": "active", "description": {"text": text},
            "subject": to(self.ref("Patient", "person")),
            "meta": {"security": [{"system": names.SECTOR, "code": code}]},
        }  # fmt: skip


def circle(rest: Rest, name: str, *, shared: tuple[tuple[str, str], ...] = (("school", "school"),)) -> Circle:
    """A circle whose plan is active; the school is permitted to see what `shared` says."""
    made = Circle(rest, name)
    for organization in ("ke", "unit", "school", "health", "stranger"):
        made.keeps({"resourceType": "Organization", "id": made.id(organization), "name": organization})
    for role, organization in (("kari", "unit"), ("teacher", "school"), ("physio", "health")):
        at = to(made.ref("Organization", organization))
        made.keeps({"resourceType": "PractitionerRole", "id": made.id(role), "organization": at})
    made.keeps(made.patient())
    made.keeps(made.consent("plan-creation"))
    made.keeps(made.consent("plan-sharing", *shared))
    made.keeps(made.team())
    made.keeps({**made.team(), "status": "active"}, 1)
    made.keeps(made.goal("reading", "school", "Lese bedre"))
    made.keeps(made.goal("walking", "municipal-health", "hemmelig mål"))
    made.keeps(made.care_plan())
    made.keeps({**made.care_plan(), "status": "active"}, 1)
    return made


def seen(plan: Resource) -> list[str]:
    """The ids of its activities."""
    return [one["id"] for one in plan.get("activity", ())]
