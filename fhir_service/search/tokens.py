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
Describe: TypeAlias = Callable[[Any], Sequence[str]]
"""The texts beside the code."""

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
    """Its kind (`phone`, `email`) is the system."""
    return _valued(value)


def _flag(value: Any) -> Sequence[Token]:
    return (("", "true" if value else "false"),) if isinstance(value, bool) else ()


def _text(value: Any) -> Sequence[Token]:
    return (("", value),) if isinstance(value, str) else ()


def logical(reference: Any) -> Sequence[Token]:
    """The identifier of a reference."""
    return _valued(reference["identifier"]) if type(reference) is dict and "identifier" in reference else ()


def of_type(value: Any) -> Sequence[Token]:
    """An Identifier by each coding of its type: (system of the type, `type code|value`)."""
    if type(value) is not dict or "type" not in value or not isinstance(value.get("value"), str):
        return ()
    return [(system, f"{code}|{value['value']}") for system, code in _concept(value["type"])]


def _texts(*found: Any) -> Sequence[str]:
    return [text for text in found if isinstance(text, str)]


def _coding_texts(value: Any) -> Sequence[str]:
    return _texts(value["display"]) if type(value) is dict and "display" in value else ()


def _concept_texts(value: Any) -> Sequence[str]:
    """The text, and what each code displays."""
    if type(value) is not dict:
        return ()
    codings = value.get("coding")
    shown = [c["display"] for c in codings if type(c) is dict and "display" in c] if type(codings) is list else []
    return _texts(value["text"], *shown) if "text" in value else _texts(*shown) if shown else ()


def _identifier_texts(value: Any) -> Sequence[str]:
    """The text of its type."""
    kind = value.get("type") if type(value) is dict else None
    return _texts(kind["text"]) if type(kind) is dict and "text" in kind else ()


_DESCRIBE: Mapping[str, Describe] = {
    "CodeableConcept": _concept_texts,
    "Coding": _coding_texts,
    "Identifier": _identifier_texts,
}


def describer(branch: Branch) -> Describe | None:
    """How the texts beside values of the branch are found; None where there are none."""
    return _DESCRIBE.get(branch.type)


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
