"""C5: KE assesses the need only with consent, or on a coded legal basis."""

from collections.abc import Iterable

from fhir_service.rules._case import inputs
from fhir_service.rules._elements import code_in, reference, status
from fhir_service.rules._kinds import Kind, enters, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._people import plan_consent
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource


def check(change: Change) -> Iterable[Issue]:
    """The guard of accepted -> in-progress (not of on-hold -> in-progress, C9)."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "in-progress") or status(change.before) != "accepted":
        return
    if plan_consent(change.standing) is None and not _has_basis(change, case):
        text = (
            "The need is assessed with the person's consent (an active Consent of category plan-creation), or on a "
            f"legal basis coded with {names.LEGAL_BASIS} in Task.reasonCode or in an input of type consent"
        )
        yield error("rule", "Task.status", text)


def _has_basis(change: Change, case: Resource) -> bool:
    if code_in(case.get("reasonCode"), names.LEGAL_BASIS):
        return True
    for entry in inputs(case, "consent"):
        consent = change.standing.get(reference(entry.get("valueReference")))
        if code_in(entry.get("valueCodeableConcept"), names.LEGAL_BASIS):
            return True
        if kind_of(consent) is Kind.CONSENT and status(consent) == "active":
            return True
    return False


RULE = Rule(
    id="case-started",
    title="A need is assessed with consent or legal basis",
    basis="pasient- og brukerrettighetsloven § 4-1; helsepersonelloven § 21; workflow.md 4.2 C5",
    says="Behovet vurderes når personen har samtykket, eller når et rettslig grunnlag er oppgitt.",
    on=frozenset({"Task"}),
    check=check,
)
