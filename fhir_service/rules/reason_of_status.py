"""A reason belongs to its status: what is taken up again no longer says why it waited (FHIR: Task.statusReason)."""

from collections.abc import Iterable, Mapping

from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import several, status
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from profiles import names

WAITED: Mapping[Kind | None, tuple[str, str]] = {
    Kind.CASE: ("on-hold", "in-progress"),
    Kind.PLAN: ("on-hold", "active"),
    Kind.TEAM: ("suspended", "active"),
}
"""Kind -> the status that has a reason, and the one that follows it and has none."""


def effects(change: Change) -> Iterable[Effect]:
    """The resource without the reason for its former status."""
    after = change.after
    if after is None or (status(change.before), status(after)) != WAITED.get(kind_of(after)):
        return
    if kind_of(after) is Kind.CASE:
        yield revise(change.standing, after, statusReason=None)
    else:
        kept = [e for e in several(after.get("extension")) if e.get("url") != names.IP_STATUS_REASON]
        yield revise(change.standing, after, extension=kept or None)


RULE = Rule(
    id="reason-of-status",
    title="What is taken up again no longer says why it waited",
    basis="workflow.md 4.2 C9, 4.5 K5, 4.6 P5; https://hl7.org/fhir/R4/task-definitions.html#Task.statusReason",
    says="Når saken, planen eller teamet tas opp igjen, gjelder ikke grunnen til ventingen lenger.",
    on=frozenset({"Task", "CarePlan", "CareTeam"}),
    effects=effects,
)
