"""Token parameters: `system|code`.  https://hl7.org/fhir/R4/search.html#token"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_service.search.escapes import split, unescape
from fhir_service.search.paths import Branch
from fhir_service.search.query import TokenValue
from profiles.definitions import concepts

Token: TypeAlias = tuple[str, str]
"""(system, code); an empty system: none."""
Index: TypeAlias = Callable[[Any], Sequence[Token]]

OF_TYPE_EXPECTED = "type system|type code|value of an identifier"
FLAG_EXPECTED = "true or false"
FLAGS = frozenset({"", "http://hl7.org/fhir/special-values", "http://terminology.hl7.org/CodeSystem/special-values"})
"""The systems that true and false may be said to have: R4 names the second."""
EXPECTED = r"code, system|code, |code or system| with a | inside either written as \|"


def read(text: str) -> TokenValue | None:
    """An escaped value as a token; None if it is none."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) > 2 or not any(parts):
        return None
    if len(parts) == 1:
        return TokenValue(None, parts[0])
    return TokenValue(parts[0], parts[1] or None)


def read_flag(text: str) -> TokenValue | None:
    """`true` or `false`, with the system that R4 gives them or without; None for anything else."""
    found = read(text)
    known = found is not None and found.code in ("true", "false") and (found.system or "") in FLAGS
    return TokenValue(None, found.code) if found and known else None


def read_of_type(text: str) -> TokenValue | None:
    """`system|code|value` as the token that `of_type` indexes; None unless all three are there."""
    parts = [unescape(part) for part in split(text, "|")]
    return TokenValue(parts[0], f"{parts[1]}|{parts[2]}") if len(parts) == 3 and all(parts) else None


def _coding(value: Any) -> Sequence[Token]:
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        return ()
    return ((str(value.get("system") or ""), value["code"]),)


def _concept(value: Any) -> Sequence[Token]:
    found = value.get("coding") if isinstance(value, dict) else None
    return [token for coding in found for token in _coding(coding)] if isinstance(found, list) else ()


def _valued(value: Any) -> Sequence[Token]:
    if not isinstance(value, dict) or not isinstance(value.get("value"), str):
        return ()
    return ((str(value.get("system") or ""), value["value"]),)


def _contact(value: Any) -> Sequence[Token]:
    """A telephone number or address counts without its kind."""
    return [("", code) for _, code in _valued(value)]


def _flag(value: Any) -> Sequence[Token]:
    return (("", "true" if value else "false"),) if isinstance(value, bool) else ()


def _text(value: Any) -> Sequence[Token]:
    return (("", value),) if isinstance(value, str) else ()


identifier_token = _valued
"""(system, value) of an Identifier that has a value."""

_INDEX: Mapping[str, Index] = {
    "CodeableConcept": _concept,
    "Coding": _coding,
    "Identifier": _valued,
    "ContactPoint": _contact,
    "boolean": _flag,
    "code": _text,
    "id": _text,
    "string": _text,
    "uri": _text,
}


def indexer(branch: Branch) -> Index | None:
    """How values of the branch become tokens; None: a token parameter does not index that type.

    A code with a required value set has the system that the value set implies.
    """
    systems = {code: system for system, code in concepts(branch.binding) or ()} if branch.type == "code" else {}
    if not systems:
        return _INDEX.get(branch.type)
    return lambda value: ((systems.get(value, ""), value),) if isinstance(value, str) else ()
