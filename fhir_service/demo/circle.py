"""Who takes part in a plan, what the person shares with them, and where they meet (workflow.md 4.5, 4.7).

Everything by plain REST, in the name of who does it.
"""

from datetime import UTC, date, datetime, timedelta

from fhir_service.demo.walk import Case, concept, now
from profiles import names
from profiles.resource import Resource

YEAR = timedelta(days=365)


def share(case: Case, *shared: tuple[str, str]) -> Resource:
    """The person shares sectors of the plan, each an `Organization/[id]` and a sector; returns the Consent."""
    return case.consent("plan-sharing", *(_permit(organization, sector) for organization, sector in shared))


def _permit(organization: str, sector: str) -> Resource:
    today = date.today()  # noqa: DTZ011 - the day here
    return {
        "type": "permit",
        "period": {"start": today.isoformat(), "end": (today + YEAR).isoformat()},
        "actor": [{"role": concept(names.V3_PARTICIPATION, "IRCP"), "reference": {"reference": organization}}],
        "securityLabel": [{"system": names.SECTOR, "code": sector}],
        "purpose": [{"system": names.V3_ACT_REASON, "code": "TREAT"}],
    }


def join(case: Case, team: Resource, member: str, sector: str) -> Resource:
    """The coordinator takes a `PractitionerRole/[id]` into the team for a sector; returns the CareTeam (K7)."""
    takes_part = {
        "role": [concept(names.TEAM_ROLE, "member")],
        "member": {"reference": member},
        "period": {"start": now()},
        "extension": [{"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": sector}}],
    }
    return _with(case, team, takes_part)


def represent(case: Case, team: Resource, relative: str) -> Resource:
    """Who represents the person (`RelatedPerson/[id]`) takes part; returns the CareTeam."""
    speaks = {
        "role": [concept(names.TEAM_ROLE, "representative")],
        "member": {"reference": relative},
        "period": {"start": now()},
    }
    return _with(case, team, speaks)


def _with(case: Case, team: Resource, participant: Resource) -> Resource:
    current = case.coordinator.read(f"CareTeam/{team['id']}")
    return case.coordinator.put(current, participant=[*current["participant"], participant])


def withdraw(case: Case, consent: Resource) -> Resource:
    """The person takes a consent back, in their own name."""
    person = case.hub.acting("person", person=case.patient)
    return person.put(person.read(f"Consent/{consent['id']}"), status="inactive")


def meet(case: Case, team: Resource) -> Resource:
    """The coordinator and the person have met; returns the Encounter."""
    ended = datetime.now(UTC)
    return case.coordinator.post(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"system": names.V3_ACT_CODE, "code": "AMB"},
            "type": [concept(names.MEETING_KIND, "samarbeidsmote")],
            "subject": {"reference": case.patient},
            "participant": [{"individual": team["participant"][0]["member"]}],
            "period": {
                "start": (ended - timedelta(hours=1)).isoformat(timespec="seconds"),
                "end": ended.isoformat(timespec="seconds"),
            },
        }
    )
