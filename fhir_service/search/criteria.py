"""One search parameter of a query string as a Criterion, or what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass

from fhir_service.search import dates, references, strings, tokens
from fhir_service.search.escapes import is_well_formed, split
from fhir_service.search.extract import IDENTIFIER
from fhir_service.search.parameters import Parameter
from fhir_service.search.query import Criterion, ParameterType, TokenValue, Value
from profiles.issues import Issue, error, warning

MAX_VALUES = 200
"""Alternatives of one parameter (SR-8)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One `name=value` of a query, the name taken apart. `at`: the name as it may be shown."""

    at: str
    modifier: str | None
    value: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: a criterion unless an issue refuses."""

    criterion: Criterion | None = None
    issues: tuple[Issue, ...] = ()


def bad_value(at: str, expected: str) -> Issue:
    """The value is not repeated: it may be a person's (SR-18)."""
    return error("bad-parameter-value", at, f"{at} takes {expected}.")


def criterion(asked: Asked, parameter: Parameter, base_url: str) -> Outcome:
    """The criterion for a parameter of the type."""
    if asked.modifier == "missing" and "missing" in parameter.modifiers:
        return _missing(asked, parameter)
    special = _of_type(asked, parameter) or _plain(asked, parameter)
    if special is None:
        return Outcome(issues=(_unknown_modifier(asked, parameter),))
    if not is_well_formed(asked.value):
        text = r"a backslash only in \, \| \$ and \\"
        return Outcome(issues=(bad_value(asked.at, text),))
    alternatives = split(asked.value, ",")
    if len(alternatives) > MAX_VALUES:
        return Outcome(issues=(bad_value(asked.at, f"at most {MAX_VALUES} values"),))
    reader = special(base_url)
    values = [reader.read(text) if text else None for text in alternatives]
    known = tuple(value for value in values if value is not None)
    if len(known) < len(values):
        return Outcome(issues=(bad_value(asked.at, reader.expected),))
    found = Criterion(reader.name, reader.type, known, reader.modifier)
    return Outcome(found, tuple(_hints(asked, parameter, known)))


@dataclass(frozen=True, slots=True)
class _Reader:
    """How the values of a parameter are read, and the criterion they end in."""

    name: str
    type: ParameterType
    read: Callable[[str], Value | None]
    expected: str
    modifier: str | None = None


def _plain(asked: Asked, parameter: Parameter) -> Callable[[str], _Reader] | None:
    """The reader, once the base address is known; None if the parameter does not take the modifier."""
    if asked.modifier is None or asked.modifier in parameter.modifiers:
        make = _READERS["uri" if parameter.declared == "uri" else parameter.type]
        return lambda base_url: make(parameter, asked.modifier, base_url)
    return None


def _of_type(asked: Asked, parameter: Parameter) -> Callable[[str], _Reader] | None:
    """`subject:Patient=7`"""
    if not parameter.is_reference or asked.modifier not in parameter.targets:
        return None
    only = (str(asked.modifier),)

    def read(text: str, base_url: str) -> Value | None:
        found = references.read(text, only, base_url)
        return found if found and found.rtype == only[0] else None

    expected = f"the id of a {only[0]} or {only[0]}/id"
    return lambda base_url: _Reader(parameter.code, parameter.type, lambda text: read(text, base_url), expected)


def _token(parameter: Parameter, modifier: str | None, _: str) -> _Reader:
    if parameter.code == "_id":
        return _Reader(parameter.code, parameter.type, _id, "the ids of resources")
    if all(branch.type == "boolean" for branch in parameter.branches):
        return _Reader(parameter.code, parameter.type, _flag, "true or false", modifier)
    return _Reader(parameter.code, parameter.type, tokens.read, tokens.EXPECTED, modifier)


def _reference(parameter: Parameter, modifier: str | None, base_url: str) -> _Reader:
    if modifier == "identifier":
        return _Reader(parameter.code + IDENTIFIER, ParameterType.TOKEN, tokens.read, tokens.EXPECTED)
    return _Reader(
        parameter.code,
        parameter.type,
        lambda text: references.read(text, parameter.targets, base_url),
        references.EXPECTED,
    )


def _uri(parameter: Parameter, _: str | None, __: str) -> _Reader:
    return _Reader(parameter.code, parameter.type, references.read_uri, references.URI_EXPECTED)


def _date(parameter: Parameter, _: str | None, __: str) -> _Reader:
    return _Reader(parameter.code, parameter.type, dates.read, dates.EXPECTED)


def _string(parameter: Parameter, modifier: str | None, _: str) -> _Reader:
    exact = modifier == "exact"
    return _Reader(
        parameter.code, parameter.type, lambda text: strings.read(text, exact=exact), strings.EXPECTED, modifier
    )


_READERS: dict[str, Callable[[Parameter, str | None, str], _Reader]] = {
    ParameterType.TOKEN: _token,
    ParameterType.REFERENCE: _reference,
    ParameterType.DATE: _date,
    ParameterType.STRING: _string,
    "uri": _uri,
}


def _id(text: str) -> TokenValue | None:
    return TokenValue(None, text) if references.is_id(text) else None


def _flag(text: str) -> TokenValue | None:
    return TokenValue(None, text) if text in ("true", "false") else None


def _missing(asked: Asked, parameter: Parameter) -> Outcome:
    if asked.value not in ("true", "false"):
        return Outcome(issues=(bad_value(asked.at, "true or false"),))
    return Outcome(Criterion(parameter.code, parameter.type, (), missing=asked.value == "true"))


def _unknown_modifier(asked: Asked, parameter: Parameter) -> Issue:
    valid = [f":{name}" for name in parameter.modifiers]
    if parameter.is_reference:
        valid.append(":[type] with a type that it may point to")
    known = f"takes {', '.join(valid)}" if valid else "takes no modifier"
    return error("unknown-modifier", asked.at, f"{parameter.code} {known}.")


def _hints(asked: Asked, parameter: Parameter, values: tuple[Value, ...]) -> list[Issue]:
    """A code that no resource can have finds nothing, and is no error (search.html, "Handling Errors"): it is told."""
    codes = parameter.codes
    if not codes or all(value.code in codes for value in values if isinstance(value, TokenValue) and value.code):
        return []
    text = f"{parameter.code} has one of the codes {', '.join(sorted(codes))}; another one finds nothing."
    return [warning("code-invalid", asked.at, text)]
