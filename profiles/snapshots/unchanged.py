"""Rows of a snapshot that say what R4 says of the element anyway: the check of R4 has judged them before."""

from collections.abc import Mapping
from functools import cache

from profiles.definitions import Element, elements
from profiles.snapshots.known import canonical, core_type
from profiles.snapshots.rows import Row, strings


def is_unchanged(row: Row) -> bool:
    """Whether number, types, targets and required codes are those of R4; fixed values and rules are asked elsewhere."""
    if ":" in row.id:
        return False
    rtype, _, path = row.id.partition(".")
    element = _elements(rtype).get(path)
    if element is None or (row.min, row.max) != (element.min, element.max):
        return False
    return _types(row) == _types_of(element) and _binding(row) == element.binding


@cache
def _elements(type_name: str) -> Mapping[str, Element]:
    return {element.path: element for element in elements(type_name)}


def _types(row: Row) -> frozenset[tuple[str, frozenset[str]]] | None:
    """None: narrowed by a profile."""
    kinds = row.dicts("type")
    if any(strings(kind.get("profile")) for kind in kinds):
        return None
    targets = ((str(k.get("code")), [core_type(url) or url for url in strings(k.get("targetProfile"))]) for k in kinds)
    return frozenset((code.rpartition("/")[2], frozenset(found)) for code, found in targets)


def _types_of(element: Element) -> frozenset[tuple[str, frozenset[str]]]:
    return frozenset((kind.code, frozenset(kind.targets)) for kind in element.types)


def _binding(row: Row) -> str | None:
    """The value set that is required, empty for none; None where R4 has none that is judged with the type."""
    binding = row.definition.get("binding")
    if type(binding) is not dict or binding.get("strength") not in ("required", "extensible"):
        return ""
    return canonical(str(binding.get("valueSet"))) if binding["strength"] == "required" else None
