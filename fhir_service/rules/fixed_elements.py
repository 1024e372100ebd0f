"""What a resource is about, and what it is, never changes once it exists."""

from collections.abc import Iterable, Mapping

from fhir_service.rules._elements import reference
from fhir_service.rules._expected import may_move
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from profiles.issues import Issue, error
from profiles.resource import Resource

_OF_TASKS = ("focus", "for", "authoredOn", "requester", "groupIdentifier")
FIXED: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEED: ("subject",),
    Kind.CASE: _OF_TASKS,
    Kind.CHILD: _OF_TASKS,
    Kind.TEAM: ("subject",),
    Kind.PLAN: ("subject",),
    Kind.CONSENT: ("patient",),
}
"""Immutable after create (workflow.md 5, KeCaseTask and KeChildTask)."""


def check(change: Change) -> Iterable[Issue]:
    """Refuses to turn a resource of the workflow into something else or into somebody else's."""
    before, after, kind = change.before, change.after, kind_of(change.before)
    if before is None or after is None or kind is None:
        return
    rtype = before["resourceType"]
    if kind_of(after) is not kind:
        element = "code" if rtype == "Task" else "category"
        text = f"{kind.sentence} stays one: its {element} cannot be taken away (use entered-in-error)"
        yield error("rule", f"{rtype}.{element}", text)
    moves = may_move(change)
    for element in FIXED[kind]:
        if moves and element in ("subject", "for"):
            continue
        if element in before and _value(before, element) != _value(after, element):
            yield error("rule", f"{rtype}.{element}", f"The {element} of {kind.one} cannot change once it is made")


def _value(resource: Resource, element: str) -> object:
    """A reference is compared by what it points to, so that a display may be added."""
    return reference(resource.get(element)) or resource.get(element)


RULE = Rule(
    id="fixed-elements",
    title="What a resource is about never changes",
    basis="workflow.md 5 (immutable after create)",
    says="Hva en sak eller plan gjelder, og hvem, kan ikke endres etter at den er opprettet.",
    on=frozenset({"ServiceRequest", "Task", "CareTeam", "CarePlan", "Consent"}),
    check=check,
    order=30,
)
