"""The shape of a FHIR resource inside the service."""

from typing import Any, TypeAlias

#: A FHIR resource (or element) as plain JSON values: dict, list, str, int, Decimal, bool (decision 23).
Resource: TypeAlias = dict[str, Any]
