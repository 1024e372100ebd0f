"""C2: KE registers the case; the notifier gets a receipt with the case number."""

from collections.abc import Iterable

from fhir_service.rules._addressed import Told, case_number
from fhir_service.rules._feedback import feedback
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from profiles.resource import Resource


def effects(change: Change) -> Iterable[Effect]:
    """The receipt."""
    if change.after is not None and enters(change, Kind.CASE, "received"):
        yield from feedback(change, change.after, receipt(change.after))


def receipt(case: Resource) -> Told:
    """That a need is registered, and under which number."""
    text = f"Meldingen er registrert hos koordinerende enhet med saksnummer {case_number(case)}."
    return Told("receipt", "P", text, "registered")


RULE = Rule(
    id="case-received",
    title="A registered case is acknowledged to the notifier",
    basis="forvaltningsloven § 11 a; workflow.md 4.2 C2, 4.8",
    says="Når saken er registrert, får melderen en kvittering med saksnummer.",
    on=frozenset({"Task"}),
    effects=effects,
)
