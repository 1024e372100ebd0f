"""What the answer to a need is so far, for those who ask or join later (workflow.md 4.8, 7.4, 11)."""

from collections.abc import Iterator

from fhir_service.rules._addressed import Told, told_coordinator
from fhir_service.rules._case import CHILD_DECISION, DECISIONS, business_status, decided
from fhir_service.rules._elements import code_in
from fhir_service.rules._feedback import reason_text, status_of
from fhir_service.rules._letter import outcome_text
from fhir_service.rules._model import Standing
from fhir_service.rules._team import coordinators, teams
from mappings.feedback import CoordinatorValue
from profiles import names
from profiles.code_systems import display
from profiles.resource import Resource


def decision_of(case: Resource) -> Told:
    """What was decided, for the notifier."""
    lines = [outcome_text(case, kind) for kind in (*DECISIONS, CHILD_DECISION)]
    reason = reason_text(case)
    text = ". ".join([*(line for line in lines if line), *([f"Begrunnelse: {reason}"] if reason else [])]) + "."
    return Told("decision", status_of(case), text, decided(case, DECISIONS[0]))


def answers_so_far(standing: Standing, case: Resource) -> Iterator[Told]:
    """What those who notified a case were told since its receipt: the decision, and who coordinates."""
    if decided(case, DECISIONS[0]) is not None:
        yield decision_of(case)
    team = _at_work(standing)
    if business_status(case) == "coordinator-appointed" and team is not None:
        yield coordinator_of_team(standing, team)


def coordinator_of_team(standing: Standing, team: Resource) -> Told:
    """Who coordinates: name, role, phone and unit (4.8)."""
    value = _value(standing, team)
    reached = ", ".join(v for v in (value["name"], value.get("unit"), value.get("phone")) if v)
    return Told("coordinator", "A", f"{value.get('role')}: {reached}.", "granted", value)


def answer_of(standing: Standing, case: Resource, text: str) -> Told:
    """How a case stands, in these words, with its coordinator where one is at work for it."""
    status = status_of(case)
    team = _at_work(standing) if status == "A" else None
    told = Told("receipt", status, text, business_status(case))
    return told if team is None else Told("receipt", status, text, business_status(case), _value(standing, team))


def _at_work(standing: Standing) -> Resource | None:
    return next((t for t in teams(standing, "active") if coordinators(t)), None)


def _value(standing: Standing, team: Resource) -> CoordinatorValue:
    participant = coordinators(team)[0][1]
    code = code_in(participant.get("role"), names.TEAM_ROLE) or "coordinator"
    return told_coordinator(standing, participant, display(names.TEAM_ROLE, code) or code)
