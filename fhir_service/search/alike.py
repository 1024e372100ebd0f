"""How likely two Patients are the same person: for Patient/$match.  https://hl7.org/fhir/R4/patient-operation-match.html

A national number decides. Without one, the date of birth and the name make a match probable, more so with gender,
phone or address; names are compared as sets of words, with æ, ø and å as they are also written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhir_service.search.strings import comparable
from profiles import names
from profiles.resource import Resource

CERTAIN, PROBABLE, POSSIBLE = "certain", "probable", "possible"
"""Codes of https://hl7.org/fhir/R4/valueset-match-grade.html"""
_GRADES: Final = ((0.99, CERTAIN), (0.8, PROBABLE), (0.6, POSSIBLE))
_SPELLED: Final = (("æ", "ae"), ("ø", "oe"), ("å", "aa"))
_FOLDED: Final = (("æ", "ae"), ("ø", "o"), ("oe", "o"), ("aa", "a"))
_ONLY_SAME = frozenset({names.FNR, names.DNR})
"""A person has one of these: another one is another person, or a former number that the record would state."""
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` from 0 to 1, and its grade; an empty grade: not the same person."""

    score: float
    grade: str


def likeness(wanted: Resource, found: Resource) -> Likeness:
    """How likely the person asked for is the one that was found."""
    score = round(_score(wanted, found), 2)
    return Likeness(score, next((grade for least, grade in _GRADES if score >= least), ""))


def _score(wanted: Resource, found: Resource) -> float:
    ones, others = set(numbers(wanted)), set(numbers(found))
    if ones & others:
        return 1.0
    if {s for s, _ in ones} & {s for s, _ in others} & _ONLY_SAME:
        return 0.0
    if set(_business(wanted)) & set(_business(found)):
        return 0.9
    named = _named_alike(wanted, found)
    if not named or _differ(wanted, found, "birthDate"):
        return 0.0
    born = 0.45 if "birthDate" in wanted and "birthDate" in found else 0.1
    beside = 0.05 * _same(wanted, found, "gender") - 0.2 * _differ(wanted, found, "gender")
    reached = 0.15 * bool(set(phones(wanted)) & set(phones(found)))
    lives = 0.1 * bool(set(_places(wanted)) & set(_places(found)))
    return max(0.0, min(0.98, born + named + beside + reached + lives))


def _same(one: Resource, other: Resource, element: str) -> bool:
    return element in one and one.get(element) == other.get(element)


def _differ(one: Resource, other: Resource, element: str) -> bool:
    return element in one and element in other and one[element] != other[element]


def _named_alike(wanted: Resource, found: Resource) -> float:
    """0.45 for the same words in any order, 0.35 where all words of the one are among the other's."""
    ones = [{fold(word) for word in words} for words in _names(wanted)]
    others = [{fold(word) for word in words} for words in _names(found)]
    pairs = [(a, b) for a in ones for b in others if len(a) > 1 and len(b) > 1]
    if any(a == b for a, b in pairs):
        return 0.45
    return 0.35 if any(a < b or b < a for a, b in pairs) else 0.0


def _names(patient: Resource) -> Iterator[list[str]]:
    """The words of each name."""
    for name in patient.get("name", ()):
        whole = [*name.get("given", ()), name.get("family", "")]
        words = comparable(" ".join(whole) if any(whole) else name.get("text", "")).split()
        if words:
            yield words[:MOST_WORDS]


def fold(word: str) -> str:
    """`bjørg`, `bjoerg` and `bjorg` are one; so are `åse`, `aase` and `ase`."""
    for letters, plain in _FOLDED:
        word = word.replace(letters, plain)
    return word


def spellings(patient: Resource) -> tuple[str, ...]:
    """The words of the names, each as it may stand in a record."""
    words = dict.fromkeys(word for words in _names(_as_sent(patient)) for word in words)
    found: dict[str, None] = {}
    for word in words:
        found |= dict.fromkeys((word, fold(word)))
        for letter, written in _SPELLED:
            found |= {word.replace(letter, written): None, word.replace(written, letter): None}
    return tuple(found)


def _as_sent(patient: Resource) -> Resource:
    """With å as aa: to compare takes its ring away, to search for it both are needed."""
    named: Sequence[Mapping[str, Any]] = patient.get("name", ())
    whole = (" ".join([*n.get("given", ()), n.get("family", "") or n.get("text", "")]) for n in named)
    return {"name": [*named, *({"text": text.casefold().replace("å", "aa")} for text in whole)]}


def numbers(patient: Resource) -> Iterator[tuple[str, str]]:
    """National numbers, in their normal form."""
    for identifier in patient.get("identifier", ()):
        system = str(identifier.get("system", ""))
        system = system if system.startswith(names.OID) else names.OID + system
        value = "".join(str(identifier.get("value", "")).split())
        if system in names.PERSON_SYSTEMS and value:
            yield system, value


def _business(patient: Resource) -> Iterator[tuple[str, str]]:
    for identifier in patient.get("identifier", ()):
        if identifier.get("system") and identifier.get("value"):
            yield str(identifier["system"]), str(identifier["value"])


def phones(patient: Resource) -> Iterator[str]:
    """The last eight digits of each phone number: +47 is left out as often as not."""
    for point in patient.get("telecom", ()):
        digits = "".join(c for c in str(point.get("value", "")) if c.isdigit())
        if point.get("system") in ("phone", "sms") and len(digits) >= 8:
            yield digits[-8:]


def _places(patient: Resource) -> Iterator[tuple[str, str]]:
    for address in patient.get("address", ()):
        line = comparable(" ".join(address.get("line", ())))
        if line and address.get("postalCode"):
            yield line, str(address["postalCode"])
