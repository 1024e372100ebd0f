"""The labels of a resource as a whole, those of its row (workflow.md 4.7, ADR 0022).

Parts of a plan, a team or a case show to some: their row is open to whoever sees any part, and `view` cuts. Content of
the plan is open to members by its sector and to who wrote it while they are members; what else somebody brought is
theirs to read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from fhir_service.access.labels import labels_in, party_of, security_of
from fhir_service.rules import Kind, code_in, extension, is_abort, kind_of, reference, references, several
from fhir_service.sight import (
    APART_FROM_COORDINATOR,
    APART_FROM_KE,
    CASE,
    CASE_OF,
    CLOSED,
    COORDINATORS,
    EXISTENCE,
    FRAME,
    IDENTITY,
    IN_PARTS,
    OWN,
    PARTY,
    TO_DO,
)
from profiles import names
from profiles.resource import Resource

OPEN_TYPES = frozenset({
    "Organization", "OrganizationAffiliation", "HealthcareService", "Location", "Practitioner", "PractitionerRole",
    "Endpoint", "ActivityDefinition", "CapabilityStatement", "CodeSystem", "CompartmentDefinition", "ConceptMap",
    "GraphDefinition", "ImplementationGuide", "Library", "Measure", "Medication", "MedicationKnowledge",
    "MessageDefinition", "NamingSystem", "OperationDefinition", "PlanDefinition", "Questionnaire",
    "SearchParameter", "StructureDefinition", "StructureMap", "Substance", "TerminologyCapabilities", "ValueSet"
})  # fmt: skip
"""Types that describe services, or what words mean: open to everybody who may call."""
DOCUMENT = "DocumentReference"
RECORDS = frozenset({"Provenance", "AuditEvent", "Binary"})
"""What is recorded about changes and accesses: it names all that was touched, also what the writer may not see."""
StandsFor: TypeAlias = Mapping[str, str]
"""Literal reference -> the party behind it: of a PractitionerRole its organization, of a request its requester."""
Handled: TypeAlias = Mapping[str, frozenset[str]]
"""Literal reference to a case, or to the need that it is about -> who handles it."""
NOBODYS: Handled = {}
_ENDED = frozenset({"revoked", "entered-in-error"})


def labels_of(
    resource: Resource,
    *,
    about_person: bool,
    writer: str | None = None,
    before: str = "",
    stands_for: StandsFor,
    handled: Handled = NOBODYS,
) -> frozenset[str]:
    """The labels of the row of a resource.

    `about_person`: whether the row has a person; `writer`: the organization or person who brings it, if that is known;
    `before`: the labels of the version that it replaces, as the column has them: who wrote it once wrote it.
    """
    rtype = str(resource.get("resourceType"))
    if rtype in OPEN_TYPES and not about_person:
        return frozenset()
    kind = kind_of(resource)
    told = _KINDS.get(kind) if kind else _TYPES.get(rtype)
    labels = set(security_of(resource))
    if told is not None:
        labels |= set(told(resource, stands_for)) - ({CASE} if labels else set())
    if kind not in _ANOTHERS and rtype not in RECORDS:
        labels |= _of_cases(resource, handled)
    if (writer or before) and rtype not in RECORDS:
        labels |= _written(OWN if kind in _CONTENT_KINDS or _is_content(resource) else PARTY, writer, before)
    return frozenset(labels if about_person else labels | {CLOSED})


def _of_cases(resource: Resource, handled: Handled) -> set[str]:
    """A case, the need that it is about, and what refers to it."""
    itself = f"{resource.get('resourceType')}/{resource.get('id')}"
    if not handled or itself in handled:
        return {CASE_OF + who for who in handled.get(itself, ())}
    about = (literal for literal in _literals(resource) if literal.startswith("Task/"))
    return {CASE_OF + who for literal in about for who in handled.get(literal, ())}


def _written(own: str, writer: str | None, before: str) -> set[str]:
    earlier = {label for label in labels_in(before) if label.startswith(own)}
    return earlier | ({own + writer} if writer else set())


def _is_content(resource: Resource) -> bool:
    """Whether it belongs to the content of a plan: a goal, what has a sector's label, or what refers to a plan."""
    if resource.get("resourceType") == "Goal" or security_of(resource):
        return True
    return any("CarePlan/" in literal or "CareTeam/" in literal for literal in _literals(resource))


def _literals(element: Any) -> Iterator[str]:
    """Every literal reference of an element, at any depth."""
    waiting = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            literal = one.get("reference")
            if isinstance(literal, str):
                yield literal
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def stays_behind(plan: Resource) -> frozenset[str]:
    """The labels of a plan, and of what belongs to it, when the person has moved without it (P9); else none."""
    concept = (extension(plan, names.IP_STATUS_REASON) or {}).get("valueCodeableConcept")
    if kind_of(plan) is not Kind.PLAN or code_in(concept, names.STATUS_REASON) != "moved":
        return frozenset()
    municipality = (extension(plan, names.IP_MANAGING_MUNICIPALITY) or {}).get("valueReference")
    return frozenset({APART_FROM_KE, APART_FROM_COORDINATOR} | _parties([reference(municipality)], {}))


def content_of(plan: Resource, resources: Iterable[Resource]) -> frozenset[str]:
    """Literal references of what belongs to a plan: its goals, Tasks, meetings and documents."""
    itself = f"CarePlan/{plan.get('id')}"
    details = [plan, *(one.get("detail", {}) for one in several(plan.get("activity")))]
    goals = {literal for holder in details for literal in references(holder.get("goal"))}
    return frozenset(goals | {f"{r['resourceType']}/{r['id']}" for r in resources if itself in _plans_of(r)})


def _plans_of(resource: Resource) -> list[str]:
    if resource.get("resourceType") == "Task":
        return references(resource.get("basedOn"))
    if resource.get("resourceType") == DOCUMENT:
        return references(resource.get("context", {}).get("related"))
    return references((extension(resource, names.IP_PLAN) or {}).get("valueReference"))


def _plan(plan: Resource, _: StandsFor) -> Iterable[str]:
    behind = stays_behind(plan)
    if behind:
        return {IN_PARTS, *behind}
    if plan.get("status") in _ENDED:
        return {IN_PARTS, APART_FROM_COORDINATOR}
    return {IN_PARTS, FRAME, EXISTENCE}


def _team(_: Resource, __: StandsFor) -> Iterable[str]:
    return {IN_PARTS, FRAME, COORDINATORS}


def _case(case: Resource, stands_for: StandsFor) -> Iterable[str]:
    """Its owner, and who notified of the need, also when another's notification came first (workflow.md 7.4)."""
    doubles = [one.get("valueReference") for one in several(case.get("input"))]
    requests = [case.get("focus"), *doubles]
    notified = [stands_for.get(literal) for literal in references(requests) if literal.startswith("ServiceRequest/")]
    return {IN_PARTS, CASE} | _parties([*references([case.get("owner"), case.get("requester")]), *notified], stands_for)


def _child(task: Resource, stands_for: StandsFor) -> Iterable[str]:
    """A Task of somebody is theirs, and their leader's to know of; one of an organization is everybody's there.

    Who asks for an end, or for a plan that is to come along, knows what becomes of it.
    """
    owner = reference(task.get("owner"))
    works_at = stands_for.get(owner or "")
    mine = {OWN + works_at, TO_DO + works_at} if works_at else _parties([owner], {})
    asks = is_abort(task) or code_in(task.get("code"), names.KE_TASK_CODE) == "handover-plan"
    asked = references([task.get("requester")]) if asks else []
    return {CASE} | mine | _parties(asked, stands_for)


def _need(need: Resource, stands_for: StandsFor) -> Iterable[str]:
    asked = [need.get("requester"), *several(need.get("performer"))]
    return {CASE} | _parties(references(asked), stands_for)


def _consent(consent: Resource, _: StandsFor) -> Iterable[str]:
    return {CASE} | {CASE_OF + one for one in references(consent.get("organization"))}


def _communication(said: Resource, stands_for: StandsFor) -> Iterable[str]:
    """What is told about a case is the notifier's whole organization's; other words are of those who exchange them."""
    literals = references([said.get("sender"), *several(said.get("recipient"))])
    if code_in(said.get("category"), names.FEEDBACK_CATEGORY) is not None:
        return {CASE} | _parties(literals, stands_for)
    theirs = {OWN + stands_for[literal] for literal in literals if literal in stands_for}
    return {CASE} | theirs | _parties(literals, {})


def _encounter(stay: Resource, stands_for: StandsFor) -> Iterable[str]:
    return {CASE} | _parties(references([stay.get("serviceProvider")]), stands_for)


def _patient(patient: Resource, stands_for: StandsFor) -> Iterable[str]:
    return {CASE, FRAME, IDENTITY} | _parties(references([patient.get("managingOrganization")]), stands_for)


def _relative(relative: Resource, _: StandsFor) -> Iterable[str]:
    """Who is near the person knows of themselves, so that they can be named where they tell of a need (S1)."""
    return {CASE, FRAME, IDENTITY} | _parties([f"RelatedPerson/{relative.get('id')}"], {})


def _parties(literals: Iterable[str | None], stands_for: StandsFor) -> set[str]:
    return {PARTY + who for literal in literals if (who := party_of(literal, stands_for))}


_Told: TypeAlias = Callable[[Resource, StandsFor], Iterable[str]]
_KINDS: Mapping[Kind, _Told] = {
    Kind.PLAN: _plan,
    Kind.TEAM: _team,
    Kind.CASE: _case,
    Kind.CHILD: _child,
    Kind.NEED: _need,
    Kind.CONSENT: _consent,
}
_ANOTHERS = frozenset({Kind.PLAN, Kind.TEAM})
"""What names a case, and is no part of it."""
_CONTENT_KINDS = frozenset({Kind.PLAN, Kind.TEAM, Kind.CASE, Kind.CHILD, Kind.CONSENT})
_TYPES: Mapping[str, _Told] = {
    "Communication": _communication,
    "Encounter": _encounter,
    "Flag": lambda _, __: {CASE},
    "Patient": _patient,
    "RelatedPerson": _relative,
}
