"""The shape of a FHIR resource inside the service."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, TypeVar, cast

#: A FHIR resource (or element) as plain JSON values: dict, list, str, int, Decimal, bool (decision 23). What is built
#: here is written as the dict of `profiles.r4_types` that it is; what comes from outside is any resource.
Resource: TypeAlias = dict[str, Any]

_T = TypeVar("_T", bound=Mapping[str, object])
_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})


def stated(values: _T) -> _T:
    """The members that say something: FHIR has no null and nothing empty.  https://hl7.org/fhir/R4/json.html"""
    return cast(_T, {name: value for name, value in values.items() if value not in _EMPTY})
