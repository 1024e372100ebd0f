"""A person with an individual plan in force: consent, case, team, five goals, six activities, about 3 KB of plan.

Written as an import, so that few of the steps before it have to be taken; the case comes with the need. Beside it
`plain-[n]` is a CarePlan with the same content that is no individual plan: the rules do not look at it.
"""

from collections.abc import Iterator
from typing import Any

from profiles import names

IMPORTED = {"tag": [{"system": names.TAG, "code": "imported"}]}
SINCE = {"start": "2026-01-01"}
COORDINATOR = {"x-knutepunkt-organization": "Organization/c-unit", "x-knutepunkt-role": "coordinator"}
KE = {"x-knutepunkt-organization": "Organization/ke-5001", "x-knutepunkt-role": "ke"}
SCHOOL = {"x-knutepunkt-organization": "Organization/c-school"}


def to(literal: str) -> dict[str, str]:
    return {"reference": literal}


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def services() -> Iterator[dict[str, Any]]:
    """Those who take part in every plan, beside a koordinerende enhet that is there from the start."""
    for what in ("unit", "school"):
        yield {"resourceType": "Organization", "id": f"c-{what}", "name": what}
    yield {"resourceType": "PractitionerRole", "id": "c-kari", "organization": to("Organization/c-unit")}


def of_person(n: int) -> Iterator[dict[str, Any]]:
    """What there is about one person, in the order in which it refers to what is there."""
    patient = to(f"Patient/c-{n}")
    yield {"resourceType": "Patient", "id": f"c-{n}", "name": [{"family": f"Prøvesen{n}"}], "birthDate": "1971-11-15"}
    yield from (_consent(n, kind) for kind in ("plan-creation", "plan-sharing"))
    yield _need(n)
    yield _team(n)
    for goal in range(5):
        yield {"resourceType": "Goal", "id": f"c-{n}-{goal}", "lifecycleStatus": "active", "subject": patient,
               "description": {"text": f"Bo hjemme og klare seg selv, mål {goal}"}}  # fmt: skip
    yield plan(n)
    yield plan(n, plain=True)


def plan(n: int, *, plain: bool = False, title: str = "Individuell plan") -> dict[str, Any]:
    """The plan of a person; `plain`: the one with the same content that is no individual plan."""
    sectors = ("municipal-health", "municipal-health", "school", "school", "nav", "gp")
    category = {"text": "Treningsplan"} if plain else concept(names.PLAN_CATEGORY, "individuell-plan")
    return {
        "resourceType": "CarePlan",
        "id": f"plain-{n}" if plain else f"c-{n}",
        "meta": IMPORTED,
        "status": "active", "intent": "plan", "category": [category], "title": title, "period": SINCE,
        "subject": to(f"Patient/c-{n}"), "created": "2026-01-01", "author": to("PractitionerRole/c-kari"),
        "careTeam": [to(f"CareTeam/c-{n}")], "supportingInfo": [to(f"Consent/c-{n}-plan-creation")],
        "goal": [to(f"Goal/c-{n}-{goal}") for goal in range(5)],
        "activity": [_activity(n, number, sector) for number, sector in enumerate(sectors)],
        "extension": [
            {"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": to("Organization/ke-5001")},
            {"url": names.IP_NEXT_REVIEW, "valueDate": "2027-01-01"},
        ],
    }  # fmt: skip


def _activity(n: int, number: int, sector: str) -> dict[str, Any]:
    performer = "Organization/c-school" if sector == "school" else "Organization/c-unit"
    return {
        "id": f"a{number}",
        "extension": [{"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": sector}}],
        "detail": {
            "status": "scheduled",
            "description": f"Tiltak {number}: opptrening hjemme og i gruppe, med egentrening mellom øktene",
            "goal": [to(f"Goal/c-{n}-{number % 5}")],
            "performer": [to(performer)],
        },
    }


def _consent(n: int, kind: str) -> dict[str, Any]:
    actor = {"role": concept(names.V3_PARTICIPATION, "IRCP"), "reference": to("Organization/c-school")}
    permit = {"type": "permit", "period": SINCE, "actor": [actor], "purpose": [
        {"system": names.V3_ACT_REASON, "code": "TREAT"}]}  # fmt: skip
    shared = {"provision": [permit]} if kind == "plan-sharing" else {}
    return {
        "resourceType": "Consent", "id": f"c-{n}-{kind}", "meta": IMPORTED, "status": "active",
        "patient": to(f"Patient/c-{n}"), "scope": concept(names.CONSENT_SCOPE, "patient-privacy"),
        "category": [concept(names.CONSENT_KIND, kind)], "dateTime": "2026-01-01",
        "performer": [to(f"Patient/c-{n}")], "organization": [to("Organization/ke-5001")],
        "policy": [{"uri": "https://lovdata.no/hol-7-1"}],
        "verification": [{"verified": True, "verifiedWith": to(f"Patient/c-{n}"), "verificationDate": "2026-01-01"}],
        "provision": {"type": "deny", **shared},
    }  # fmt: skip


def _need(n: int) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "id": f"c-{n}-need", "meta": IMPORTED, "status": "active",
        "intent": "proposal", "subject": to(f"Patient/c-{n}"), "authoredOn": "2026-01-01",
        "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
        "code": concept(names.REQUEST_KIND, "coordinated-services"), "requester": to("Organization/c-unit"),
        "performer": [to("Organization/ke-5001")],
        "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "obtained-oral"}],
    }  # fmt: skip


def _team(n: int) -> dict[str, Any]:
    taking_part = (
        ("coordinator", "PractitionerRole/c-kari"),
        ("person", f"Patient/c-{n}"),
        ("ke", "Organization/ke-5001"),
        ("contact", "Organization/c-school"),
    )
    return {
        "resourceType": "CareTeam", "id": f"c-{n}", "meta": IMPORTED, "status": "active", "period": SINCE,
        "category": [concept(names.TEAM_CATEGORY, "coordination")], "subject": to(f"Patient/c-{n}"),
        "participant": [{"role": [concept(names.TEAM_ROLE, role)], "member": to(who), "period": SINCE}
                        for role, who in taking_part],
        "managingOrganization": [to("Organization/ke-5001")],
    }  # fmt: skip
