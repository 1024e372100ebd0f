"""Check digits of national numbers that a client states (domain.md 3, ADR 0019)."""

from collections.abc import Iterable

from fhir_service.rules._model import Change, Rule
from fhir_service.rules._numbers import wrong_numbers
from profiles.issues import Issue, error, warning


def check(change: Change) -> Iterable[Issue]:
    """A number whose check digits do not hold is told, or refused where that is set; what is stored already stays."""
    if change.after is None or change.draft.cause != "rest":
        return
    make = error if change.context.settings.refuse_wrong_numbers else warning
    known = {number for _, number in wrong_numbers(change.before or {})}
    for index, number in wrong_numbers(change.after):
        if number not in known:
            at = f"{change.draft.rtype}.identifier[{index}].value"
            yield make("bad-check-digit", at, "This is no number of that system: its digits do not agree")


RULE = Rule(
    id="national-number",
    title="A national number has the check digits of its system",
    basis="folkeregisterforskriften (fødselsnummer og D-nummer); domain.md 3",
    says="Fødselsnummer, D-nummer og felles hjelpenummer må ha riktige kontrollsifre.",
    on=frozenset({"Patient"}),
    check=check,
    order=20,
)
