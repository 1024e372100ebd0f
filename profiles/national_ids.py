"""Norwegian numbers of persons and organisations: what a number is, and whether its check digits hold (domain.md 3).

A number says less than it seems to: from 2032 on it carries neither sex nor century, so `birth_date` and `sex` serve to
notice a disagreement with what the message states, never as a source.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from profiles.names import DNR, DUF, FHN, FNR

__all__ = ["IdKind", "IdProblem", "NationalId", "is_organization_number", "parse_duf", "parse_national_id", "why_not"]

_W1: Final = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_W2: Final = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_ORGANIZATION: Final = (3, 2, 7, 6, 5, 4, 3, 2, 1)
_SEPARATORS: Final = re.compile(r"[\s.\-\u2010-\u2013]")
_TEST_MONTHS: Final = ((40, range(41, 53)), (65, range(66, 78)), (80, range(81, 93)))
"""Offsets of test persons: Nav, Norsk helsenett, Skatteetaten."""
_CENTURIES: Final = (
    (range(500), range(100), 1900),
    (range(500, 750), range(54, 100), 1800),
    (range(900, 1000), range(40, 100), 1900),
    (range(500, 1000), range(40), 2000),
)
"""Digits 7-9, two-digit year, century: numbers handed out before 2032."""


class IdKind(StrEnum):
    """What kind of number it is."""

    FNR = "fnr"
    DNR = "dnr"
    FHN = "fhn"
    DUF = "duf"


class IdProblem(StrEnum):
    """Why a text is no national number."""

    FORM = "form"
    """Not eleven digits."""
    CHECK_DIGITS = "check-digits"
    DATE = "date"
    """Its first six digits are no date."""
    TEST_PERSON = "test-person"
    """A test person, where none are accepted."""


_SYSTEMS: Final = {IdKind.FNR: FNR, IdKind.DNR: DNR, IdKind.FHN: FHN, IdKind.DUF: DUF}


@dataclass(frozen=True, slots=True, repr=False)
class NationalId:
    """A number that holds. Its repr is masked: it may end in a log (S12)."""

    kind: IdKind
    value: str
    """Digits only."""
    synthetic: bool = False
    """A test person."""
    birth_date: date | None = None
    """Where it can be derived, and only to compare with."""
    sex: str | None = None
    """`female` or `male` (https://hl7.org/fhir/R4/valueset-administrative-gender.html), and only to compare with."""

    @property
    def system(self) -> str:
        """The FHIR system of the number."""
        return _SYSTEMS[self.kind]

    def __repr__(self) -> str:
        return f"NationalId({self.kind}, {'*' * len(self.value)})"


def parse_national_id(raw: str, *, synthetic: bool, form_2032: bool = True) -> NationalId | None:
    """The fødselsnummer, D-nummer or felles hjelpenummer behind a text; None if it is none (`why_not` says why).

    `synthetic`: whether test persons are accepted. `form_2032`: whether the first check digit may also be one that
    numbers carry from 2032 on. Blanks, dots and hyphens are passed over.
    """
    found = _read(raw, synthetic, form_2032)
    return found if isinstance(found, NationalId) else None


def why_not(raw: str, *, synthetic: bool, form_2032: bool = True) -> IdProblem | None:
    """What keeps a text from being a national number; None if it is one."""
    found = _read(raw, synthetic, form_2032)
    return found if isinstance(found, IdProblem) else None


def parse_duf(raw: str) -> NationalId | None:
    """The DUF number (asylum seekers, twelve digits) behind a text that is said to be one."""
    digits = _digits(raw)
    return NationalId(IdKind.DUF, digits) if len(digits) == 12 else None


def is_organization_number(raw: str) -> bool:
    """Whether a text is an organisation number: nine digits, modulus 11."""
    digits = _digits(raw)
    return len(digits) == 9 and _sum(digits, _ORGANIZATION) % 11 == 0


def _read(raw: str, synthetic: bool, form_2032: bool) -> NationalId | IdProblem:
    digits = _digits(raw)
    if len(digits) != 11:
        return IdProblem.FORM
    first = _sum(digits, _W1) % 11
    if first > (3 if form_2032 else 0) or _sum(digits, _W2) % 11:
        return IdProblem.CHECK_DIGITS
    if digits[0] in "89":
        return NationalId(IdKind.FHN, digits)
    return _dated(digits, synthetic, today=first == 0)


def _dated(digits: str, synthetic: bool, today: bool) -> NationalId | IdProblem:
    """`today`: the number has the form of before 2032, so that sex and century can be read from it."""
    kind = IdKind.DNR if digits[0] in "4567" else IdKind.FNR
    day = int(digits[:2]) - (40 if kind is IdKind.DNR else 0)
    stated = int(digits[2:4])
    offset = next((by for by, months in _TEST_MONTHS if stated in months), 0)
    year, serial = int(digits[4:6]), int(digits[6:9])
    century = next((c for serials, years, c in _CENTURIES if serial in serials and year in years), None)
    known = today and century is not None
    born = _date((century if known and century else 2000) + year, stated - offset, day)
    if born is None:
        return IdProblem.DATE
    if offset and not synthetic:
        return IdProblem.TEST_PERSON
    sex = ("female" if int(digits[8]) % 2 == 0 else "male") if today else None
    return NationalId(kind, digits, bool(offset), born if known else None, sex)


def _digits(raw: str) -> str:
    """The digits of a text; empty if it holds anything else than digits and separators."""
    bare = _SEPARATORS.sub("", raw)
    return bare if bare.isascii() and bare.isdigit() else ""


def _sum(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
