"""A plan that goes to another municipality: who asks whom, and what the person says to it (workflow.md 4.10)."""

from datetime import timedelta

from fhir_service.rules._case import child_code, inputs
from fhir_service.rules._drafting import with_input
from fhir_service.rules._elements import (
    as_reference,
    code_in,
    extension,
    part,
    reference,
    reference_to,
    references,
    several,
)
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Context, Standing
from fhir_service.rules._plan import plans
from fhir_service.rules._tasks import days_for, fulfil
from fhir_service.rules._team import teams
from fhir_service.rules._times import due, instant, parse
from fhir_service.rules._transitions import IN_FORCE, STANDING_TEAM
from profiles import names
from profiles.r4_types import Reference
from profiles.resource import Resource, stated

HANDOVER = "handover-plan"
SILENCE = timedelta(days=14)
"""So long the municipality that is asked for a plan has to answer."""
REFUSED = frozenset({"rejected", "inactive"})


def is_handover(task: Resource | None) -> bool:
    """Whether a Task is about a plan that goes to another municipality."""
    return task is not None and kind_of(task) is Kind.CHILD and child_code(task) == HANDOVER


def gives(task: Resource) -> bool:
    """Whether the municipality that has the plan asks; if not, the one that gets it does, without seeing it."""
    return (reference(task.get("focus")) or "").startswith("CarePlan/")


def receiver(task: Resource) -> Reference | None:
    """The koordinerende enhet that is to have the plan."""
    return as_reference(task.get("owner" if gives(task) else "requester"))


def plan_of(standing: Standing, task: Resource) -> Resource | None:
    """The plan in force that is handed over: that of the focus, else the one that the person has."""
    wanted = reference(task.get("focus"))
    found = plans(standing, *sorted(IN_FORCE))
    return next((p for p in found if not gives(task) or f"CarePlan/{p['id']}" == wanted), None)


def responsible(standing: Standing) -> frozenset[str]:
    """Those who have the plan in force and the team at work."""
    managing = (reference(municipality_of_plan(plan)) for plan in plans(standing, *sorted(IN_FORCE)))
    leading = (r for team in teams(standing, *STANDING_TEAM) for r in references(team.get("managingOrganization")))
    return frozenset(one for one in (*managing, *leading) if one)


def municipality_of_plan(plan: Resource) -> Resource | None:
    """The Reference to the koordinerende enhet that is responsible for a plan."""
    found: Resource | None = part(extension(plan, names.IP_MANAGING_MUNICIPALITY), "valueReference")
    return found


def agrees(standing: Standing, task: Resource) -> bool:
    """Whether the person consents to the transfer, by the consents that the Task names if it names any.

    A consent that names who may have the plan is one to them only.
    """
    named = references([i.get("valueReference") for i in inputs(task, "consent")])
    to = reference(receiver(task))
    active = {f"Consent/{c['id']}": c for c in _transfers(standing) if c.get("status") == "active"}
    permitted = [key for key, consent in active.items() if _is_to(consent, to)]
    return bool(permitted) and all(one in permitted for one in named)


def disagrees(standing: Standing) -> bool:
    """Whether the person has said no to a transfer, and not yes."""
    told = [c.get("status") for c in _transfers(standing)]
    return "active" not in told and any(status in REFUSED for status in told)


def is_silent(change: Change, task: Resource) -> bool:
    """Whether nobody has answered for as long as there was time to."""
    asked = parse(task.get("authoredOn"))
    return asked is not None and change.context.now - asked >= SILENCE


def _transfers(standing: Standing) -> list[Resource]:
    return [c for c in standing.of("Consent") if code_in(c.get("category"), names.CONSENT_KIND) == "transfer"]


def _is_to(consent: Resource, organization: str | None) -> bool:
    provisions = several(part(consent, "provision", "provision"))
    actors = [reference(actor.get("reference")) for one in provisions for actor in several(one.get("actor"))]
    return not actors or organization in actors


def asking(rid: str, plan: Resource, to: Resource, consent: Resource, context: Context) -> Resource:
    """The Task by which the municipality that has a plan hands it over."""
    now = instant(context.now)
    task: Resource = {
        "resourceType": "Task",
        "id": rid,
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": fulfil(HANDOVER),
        "focus": reference_to(plan),
        "for": plan.get("subject"),
        "authoredOn": now,
        "lastModified": now,
        "requester": municipality_of_plan(plan),
        "owner": to,
        "restriction": {"period": {"end": due(context.now, days_for(HANDOVER, context))}},
    }
    return stated({**task, "input": with_input(task, "consent", {"valueReference": as_reference(consent) or {}})})
