"""4.10: two records of one person become one; the koordinerende enhet says so, and what waited for it is done."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import children
from fhir_service.rules._elements import reference, references, several
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import ended
from profiles.issues import Issue, error
from profiles.resource import Resource

MAY = frozenset({"ke", "administrator", "service-itself"})
JOINING = ("replaced-by", "replaces")


def check(change: Change) -> Iterable[Issue]:
    """Who may say it, and that the record that stays is one that stays."""
    after = change.after
    new = list(_new_links(change))
    if after is None or not new:
        return
    role = change.by.role
    if role is not None and role not in MAY and change.draft.cause == "rest":
        text = f"The role {role} does not join two records of a person; it is done by: administrator, ke"
        yield error("forbidden", "Patient.link", text)
        return
    for kind, other in new:
        if other == f"Patient/{after['id']}":
            yield error("rule", "Patient.link", "A Patient is not replaced by itself")
            continue
        staying = change.standing.get(other) if kind == "replaced-by" else after
        if staying is not None and _ends(staying, "replaced-by"):
            text = "The Patient that is to stay is replaced itself: name the one that stays"
            yield error("rule", "Patient.link", text)
    if len(_ends(after, "replaced-by")) > 1:
        yield error("rule", "Patient.link", "A Patient is replaced by one other Patient")


def effects(change: Change) -> Iterable[Effect]:
    """The Tasks that waited for this are done: each names one of the records as its reason."""
    after = change.after
    if after is None or not any(_new_links(change)):
        return
    own = f"Patient/{after['id']}"
    for task in children(change.standing):
        if reference(task.get("reasonReference")) in (own, *(other for _, other in _new_links(change))):
            yield ended(change.standing, task)


def _new_links(change: Change) -> Iterator[tuple[str, str]]:
    for kind in JOINING:
        known = _ends(change.before or {}, kind)
        yield from ((kind, other) for other in _ends(change.after or {}, kind) if other not in known)


def _ends(patient: Resource, kind: str) -> list[str]:
    return references([link.get("other") for link in several(patient.get("link")) if link.get("type") == kind])


RULE = Rule(
    id="patient-replaced",
    title="Two records of one person become one",
    basis="pasientjournalloven §§ 19 og 22; workflow.md 4.10",
    says="Koordinerende enhet avgjør at to registreringer gjelder samme person; bare én plan kan da gjelde.",
    on=frozenset({"Patient"}),
    check=check,
    effects=effects,
    order=7,
)
