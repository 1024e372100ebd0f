"""S1 and decision 35: what is about a person is about one that is known here."""

from collections.abc import Iterable, Mapping

from fhir_service.rules._elements import status
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._transitions import ERROR
from profiles.issues import Issue, error

SUBJECT: Mapping[Kind | None, str] = {
    Kind.NEED: "subject",
    Kind.CASE: "for",
    Kind.TEAM: "subject",
    Kind.PLAN: "subject",
    Kind.CONSENT: "patient",
}
"""Where a resource names its person. A child Task may be about nobody yet (`manual-review` of a message)."""


def check(change: Change) -> Iterable[Issue]:
    """Refuses what names no Patient of this server: nothing could be said about one plan, one coordinator, one case."""
    after = change.after
    element = SUBJECT.get(kind_of(after))
    if after is None or element is None or change.standing.person_id is not None or status(after) == ERROR:
        return
    text = (
        f"{element} is not a person known here: create the Patient first, then refer to it (Patient/[id], or an "
        "identifier with the national number)"
    )
    yield error("rule", f"{after['resourceType']}.{element}", text)


RULE = Rule(
    id="person-known",
    title="Plan, case and need are about a known person",
    basis="pasientjournalloven § 22; workflow.md 4.1 S1, 5; decision 35",
    says="Melding, sak, samtykke, team og plan gjelder alltid en person som er registrert her.",
    on=frozenset({"ServiceRequest", "Task", "CareTeam", "CarePlan", "Consent"}),
    check=check,
    order=8,
)
