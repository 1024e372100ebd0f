"""What a parameter says with a modifier.  https://hl7.org/fhir/R4/search.html#modifiers"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from fhir_service.search import references, strings, tokens
from fhir_service.search.criteria import Outcome, Read, Reading, Values, bad_value, values_of
from fhir_service.search.modifiers import IDENTIFIER, OF_TYPE, TEXT
from fhir_service.search.parameters import Parameter
from fhir_service.search.query import ConceptSet, Criterion, ParameterType, ReferenceValue, Value
from profiles.issues import Issue, error

Make: TypeAlias = Callable[[Parameter], Reading]


def modified(parameter: Parameter, modifier: str) -> Reading | None:
    """How `parameter:modifier` is read; None if it does not take the modifier."""
    if modifier in parameter.targets and not parameter.canonical:
        return Values(parameter, parameter.code, parameter.type, *_of_one_type(modifier)).read
    if modifier not in parameter.modifiers:
        return None
    return _missing(parameter) if modifier == "missing" else _MODIFIED[parameter.declared, modifier](parameter)


def unknown_modifier(at: str, parameter: Parameter) -> Issue:
    """Names those that it takes."""
    valid = [f":{name}" for name in parameter.modifiers]
    if parameter.targets and not parameter.canonical:
        valid.append(":[type] with a type that it may point to")
    known = f"takes {', '.join(valid)}" if valid else "takes no modifier"
    return error("unknown-modifier", at, f"{parameter.code} {known}.")


def _of_one_type(rtype: str) -> tuple[Read, str]:
    """`subject:Patient=7`"""

    def read(text: str, base_url: str) -> Value | None:
        found = references.read(text, (rtype,), base_url)
        return found if found and found.rtype == rtype else None

    return read, f"the id of a {rtype} or {rtype}/id"


def _missing(parameter: Parameter) -> Reading:
    def read(at: str, value: str, _: str) -> Outcome:
        if value not in ("true", "false"):
            return Outcome(issues=(bad_value(at, "true or false"),))
        return Outcome(Criterion(parameter.code, parameter.type, (), missing=value == "true"))

    return read


def _plain_values(modifier: str) -> Make:
    """The modifier stays with the criterion; the values are those of the parameter without it."""
    return lambda p: Values(p, p.code, p.type, *values_of(p), modifier).read


def _other_values(modifier: str, read: Read, expected: str) -> Make:
    """The modifier stays with the criterion; the values are others."""
    return lambda p: Values(p, p.code, p.type, read, expected, modifier).read


def _derived(suffix: str, of: ParameterType, read: Read, expected: str) -> Make:
    """A plain criterion on what is indexed under a derived name."""
    return lambda p: Values(p, p.code + suffix, of, read, expected).read


def _token(text: str, _: str) -> Value | None:
    return tokens.read(text)


def _typed_identifier(text: str, _: str) -> Value | None:
    return tokens.read_of_type(text)


def _string(text: str, _: str) -> Value | None:
    return strings.read(text, exact=False)


def _exact(text: str, _: str) -> Value | None:
    return strings.read(text, exact=True)


def _value_set(text: str, _: str) -> Value | None:
    found = references.read_uri(text)
    return found and ConceptSet(value_set=found.url)


def _concept(text: str, _: str) -> Value | None:
    found = tokens.read(text)
    return ConceptSet(system=found.system, code=found.code) if found and found.system and found.code else None


def _address(text: str, _: str) -> Value | None:
    found = references.read_uri(text)
    return found if found and str(found.url).count("/") <= references.MAX_STEPS else None


def _above(parameter: Parameter) -> Reading:
    """The addresses that this one lies below: those that end where it has a slash."""

    def widened(values: tuple[Value, ...]) -> Iterable[Value]:
        urls = [value.url for value in values if isinstance(value, ReferenceValue) and value.url]
        found = dict.fromkeys(above for url in urls for above in references.above(url))
        return [ReferenceValue(None, "", url) for url in found]

    expected = f"{references.URI_EXPECTED} of at most {references.MAX_STEPS} steps"
    return Values(parameter, parameter.code, parameter.type, _address, expected, then=widened).read


_VALUE_SETS = "the address of a value set"
_CONCEPTS = "system|code"
_MODIFIED: Mapping[tuple[str, str], Make] = {
    ("reference", "identifier"): _derived(IDENTIFIER, ParameterType.TOKEN, _token, tokens.EXPECTED),
    ("string", "contains"): _plain_values("contains"),
    ("string", "exact"): _other_values("exact", _exact, strings.EXPECTED),
    # R4 names no such modifier for texts; the text of a text is itself
    ("string", "text"): _plain_values("contains"),
    ("token", "above"): _other_values("above", _concept, _CONCEPTS),
    ("token", "below"): _other_values("below", _concept, _CONCEPTS),
    ("token", "in"): _other_values("in", _value_set, _VALUE_SETS),
    ("token", "not"): _plain_values("not"),
    ("token", "not-in"): _other_values("not-in", _value_set, _VALUE_SETS),
    ("token", "of-type"): _derived(OF_TYPE, ParameterType.TOKEN, _typed_identifier, tokens.OF_TYPE_EXPECTED),
    ("token", "text"): _derived(TEXT, ParameterType.STRING, _string, strings.EXPECTED),
    ("uri", "above"): _above,
    ("uri", "below"): _plain_values("below"),
}
