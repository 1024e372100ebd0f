"""Check digits of national numbers that a client states (domain.md 3, ADR 0019)."""

from collections.abc import Iterable
from typing import Final

from fhir_service.rules._model import Change, Rule
from profiles.issues import Issue, error, warning
from profiles.names import DNR, FHN, FNR
from profiles.national_ids import parse_national_id
from profiles.resource import Resource

NUMBERS: Final = frozenset({FNR, DNR, FHN})


def check(change: Change) -> Iterable[Issue]:
    """A number whose check digits do not hold is told, or refused where that is set; what is stored already stays."""
    if change.after is None or change.draft.cause != "rest":
        return
    make = error if change.context.settings.refuse_wrong_numbers else warning
    known = {(system, value) for _, system, value in _numbers(change.before or {})}
    for index, system, value in _numbers(change.after):
        if (system, value) not in known and parse_national_id(value, synthetic=True) is None:
            at = f"{change.draft.rtype}.identifier[{index}].value"
            yield make("bad-check-digit", at, "This is no number of that system: its digits do not agree")


def _numbers(resource: Resource) -> Iterable[tuple[int, str, str]]:
    """(index, system, value) of the identifiers that are national numbers."""
    for index, identifier in enumerate(resource.get("identifier", ())):
        system, value = identifier.get("system"), identifier.get("value")
        if system in NUMBERS and isinstance(value, str):
            yield index, system, value


RULE = Rule(
    id="national-number",
    title="A national number has the check digits of its system",
    basis="folkeregisterforskriften (fødselsnummer og D-nummer); domain.md 3",
    says="Fødselsnummer, D-nummer og felles hjelpenummer må ha riktige kontrollsifre.",
    on=frozenset({"Patient"}),
    check=check,
    order=20,
)
