"""What the values of one parameter of a type say: a Criterion, or what is wrong.  https://hl7.org/fhir/R4/search.html"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import msgspec

from fhir_service.search import (
    composites,
    dates,
    numbers,
    phonetics,
    positions,
    quantities,
    references,
    strings,
    tokens,
)
from fhir_service.search.escapes import is_well_formed, split, unescape
from fhir_service.search.parameters import Parameter
from fhir_service.search.phonetics import PHONETIC
from fhir_service.search.query import Condition, Criterion, ParameterType, TokenValue, Value
from profiles.issues import Issue, error, warning

MAX_VALUES = 200
"""Alternatives of one parameter (SR-8)."""
BACKSLASH = r"a backslash only in \, \| \$ and \\"

Read: TypeAlias = Callable[[str, str], Value | None]
"""(escaped value, base address of this server) -> value; None if it is none"""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a parameter: a condition unless an issue refuses."""

    condition: Condition | None = None
    issues: tuple[Issue, ...] = ()


Reading: TypeAlias = Callable[[str, str, str], Outcome]
"""(name as it may be shown, value, base address of this server) -> outcome"""


def bad_value(at: str, expected: str) -> Issue:
    """The value is not repeated: it may be a person's (SR-18)."""
    return error("bad-parameter-value", at, f"{at} takes {expected}.")


def plain(parameter: Parameter) -> Reading:
    """How the parameter is read without a modifier."""
    return Values(parameter, parameter.code, parameter.type, *values_of(parameter)).read


def values_of(parameter: Parameter) -> tuple[Read, str]:
    """How one value is read, and what is expected, in words."""
    return _PLAIN[_kind(parameter)](parameter)


@dataclass(frozen=True, slots=True)
class Values:
    """Alternatives, each read alone. `name`, `type`, `modifier`: of the criterion that they end in."""

    parameter: Parameter
    name: str
    type: ParameterType
    one: Read
    expected: str
    modifier: str | None = None
    then: Callable[[tuple[Value, ...]], Iterable[Value]] | None = None

    def read(self, at: str, value: str, base_url: str) -> Outcome:
        if "\\" in value and not is_well_formed(value):
            return Outcome(issues=(bad_value(at, BACKSLASH),))
        alternatives = split(value, ",")
        if len(alternatives) > MAX_VALUES:
            return Outcome(issues=(bad_value(at, f"at most {MAX_VALUES} values"),))
        values = [self.one(text, base_url) if text else None for text in alternatives]
        known = tuple([one for one in values if one is not None])
        if len(known) < len(values):
            return Outcome(issues=(bad_value(at, self.expected),))
        hints = _hints(at, self.parameter, known) if self.parameter.codes else ()
        if self.then is not None:
            known = tuple(self.then(known))
        return Outcome(Criterion(self.name, self.type, known, self.modifier), hints)


def _hints(at: str, parameter: Parameter, values: tuple[Value, ...]) -> tuple[Issue, ...]:
    """A code that no resource can have finds nothing, and is no error (search.html, "Handling Errors"): it is told."""
    codes = parameter.codes
    if all(value.code in codes for value in values if isinstance(value, TokenValue) and value.code):
        return ()
    text = f"{parameter.code} has one of the codes {', '.join(sorted(codes))}; another one finds nothing."
    return (warning("code-invalid", at, text),)


# Values as they are


def _kind(parameter: Parameter) -> str:
    """A key of `_PLAIN`."""
    if parameter.code in ("_id", PHONETIC):
        return parameter.code
    if parameter.canonical:
        return "uri"
    if parameter.declared == "token" and all(branch.type == "boolean" for branch in parameter.branches):
        return "flag"
    return parameter.declared


def _token(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: tokens.read(text), tokens.EXPECTED


def _flag(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: tokens.read_flag(text), tokens.FLAG_EXPECTED


def _id(_: Parameter) -> tuple[Read, str]:
    def read(text: str, _: str) -> Value | None:
        return TokenValue(None, text) if references.is_id(text) else None

    return read, "the ids of resources"


def _reference(parameter: Parameter) -> tuple[Read, str]:
    targets = parameter.targets
    return lambda text, base_url: references.read(text, targets, base_url), references.EXPECTED


def _uri(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: references.read_uri(text), references.URI_EXPECTED


def _date(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: dates.read(text), dates.EXPECTED


def _string(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: strings.read(text, exact=False), strings.EXPECTED


def _phonetic(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: phonetics.read(unescape(text)), phonetics.EXPECTED


def _number(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: numbers.read(unescape(text)), numbers.EXPECTED


def _quantity(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: quantities.read(text), quantities.EXPECTED


def _position(_: Parameter) -> tuple[Read, str]:
    return lambda text, _: positions.read(text), positions.EXPECTED


def _composite(parameter: Parameter) -> tuple[Read, str]:
    parts = [component.parameter for component in parameter.components]
    named = [values_of(part) for part in parts]
    read = partial(composites.read, tuple(one for one, _ in named))
    told = "; ".join(f"{part.code}: {expected}" for part, (_, expected) in zip(parts, named, strict=True))
    return read, f"{'$'.join(part.code for part in parts)} ({told})"


_PLAIN: Mapping[str, Callable[[Parameter], tuple[Read, str]]] = {
    "_id": _id,
    "composite": _composite,
    "date": _date,
    "flag": _flag,
    "number": _number,
    PHONETIC: _phonetic,
    "quantity": _quantity,
    "reference": _reference,
    "special": _position,
    "string": _string,
    "token": _token,
    "uri": _uri,
}
