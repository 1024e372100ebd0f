"""workflow.md 1: whoever writes does so in their own name; only koordinerende enhet and coordinator write on behalf of
the party who told them."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from fhir_service.rules._elements import code_in, reference, references, several
from fhir_service.rules._kinds import Kind, is_abort, kind_of
from fhir_service.rules._model import Change, Rule, Standing
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource

ON_BEHALF = frozenset({"ke", "coordinator", "administrator"})
"""Roles that write for the party who told them: phone, meeting."""
PEOPLE = ("Patient/", "RelatedPerson/")


def _said_by(resource: Resource) -> Iterator[tuple[str, str]]:
    """The element that names whose words these are, and whom it names: a literal reference, if it is one."""
    told = _AUTHORS[resource["resourceType"]]
    element = told(resource)
    yield from ((element, named) for named in references(several(resource.get(element)))) if element else ()


def _of_communication(said: Resource) -> str | None:
    """What is exchanged about a case; the service speaks for KE, and an amendment is the notifier's."""
    return "sender" if code_in(said.get("category"), names.FEEDBACK_CATEGORY) else None


_AUTHORS: Mapping[str, Callable[[Resource], str | None]] = {
    "ServiceRequest": lambda r: "requester" if kind_of(r) else None,
    "Consent": lambda r: "performer" if kind_of(r) else None,
    "Task": lambda r: "requester" if is_abort(r) else None,
    "Communication": _of_communication,
}


def check(change: Change) -> Iterable[Issue]:
    """Refuses words that are told to be somebody else's, also those that somebody else has told before."""
    by = change.by
    if not by.narrowed or by.acts_as in ON_BEHALF or by.purpose == "import" or change.draft.cause != "rest":
        return
    for element, named in dict.fromkeys(_named(change)):
        if not _is_own(change, named):
            text = (
                f"The {element} is who writes: you call for another organization or person. On behalf of somebody who "
                "told it write the koordinerende enhet and the coordinator"
            )
            yield error("forbidden", f"{change.draft.rtype}.{element}", text)


def _named(change: Change) -> Iterator[tuple[str, str]]:
    """Who is named anew, and whose a need notification was."""
    before, after = change.before or {}, change.after or {}
    known = set(_said_by(before)) if before else set()
    if kind_of(before) is Kind.NEED:
        yield from known
    if after:
        yield from (one for one in _said_by(after) if one not in known)


def _is_own(change: Change, named: str) -> bool:
    """Whether it is the caller, somebody who works for them, a part of them, or the person they represent."""
    by, standing = change.by, change.standing
    if named.startswith(PEOPLE):
        return by.person is not None and _is_same(standing, by.person, named)
    holder = standing.get(named)
    if holder is None and not named.startswith("Organization/"):
        return True  # where somebody works who is not at hand is not known
    at = reference((holder or {}).get("organization")) or named
    return by.organization in (named, at, reference((standing.get(at) or {}).get("partOf")))


def _is_same(standing: Standing, caller: str, named: str) -> bool:
    """The same record, another record of the same person, or the person whom a representative speaks for."""
    if caller == named:
        return True
    return (
        named.startswith("Patient/")
        and named in standing.resources
        and not (caller.startswith("Patient/") and caller not in standing.resources)
    )


RULE = Rule(
    id="in-own-name",
    title="Everyone writes in their own name",
    basis="helsepersonelloven § 40; pasientjournalforskriften § 6; workflow.md 1",
    says="Den som skriver, står selv som melder, avsender eller samtykkende; KE og koordinator kan føre for andre.",
    on=frozenset({"ServiceRequest", "Consent", "Task", "Communication"}),
    check=check,
    order=6,
)
