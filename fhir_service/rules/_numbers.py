"""National numbers whose check digits do not hold (domain.md 3)."""

from collections.abc import Iterator
from typing import Final

from profiles.names import DNR, FHN, FNR
from profiles.national_ids import parse_national_id
from profiles.resource import Resource

_SYSTEMS: Final = frozenset({FNR, DNR, FHN})


def wrong_numbers(resource: Resource) -> Iterator[tuple[int, tuple[str, str]]]:
    """Index and (system, value) of the identifiers that are no number of their system."""
    for index, identifier in enumerate(resource.get("identifier", ())):
        system, value = identifier.get("system"), identifier.get("value")
        if system in _SYSTEMS and isinstance(value, str) and parse_national_id(value, synthetic=True) is None:
            yield index, (system, value)
