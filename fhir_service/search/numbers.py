"""Numbers: what a stated precision stands for, and texts that sort like them.  https://hl7.org/fhir/R4/search.html#number

Exact decimals, never floats. A *key* is made of digits only, so that every collation sorts it alike:

- `1` is zero;
- `2`, three digits of `OFFSET` + power, the digits: a positive number 0.digits x 10^power;
- `0`, three digits of `OFFSET` - power, the ten's complement of the digits: a negative one.

Digits end where only zeros follow. So a key with a `0` behind it (`after`) lies before the key of every greater number.
"""

import re
from decimal import Context, Decimal
from typing import Any

from fhir_service.search.query import Prefix, QuantityValue

EXPECTED = (
    "a number such as 5.4, 100 or 5.40e-3 of at most 64 digits, between 1e-308 and 1e308, with one of the prefixes "
    f"{', '.join(Prefix)} if any"
)
OFFSET = 500
MAX_DIGITS = 64
MAX_POWER = 308
"""As for numbers in resources: beyond it a reader with IEEE doubles meets infinity."""
LEAST, GREATEST = "0", "3"
"""Keys before and behind all others: open sides of a range."""
_EXACT = Context(prec=4 * MAX_DIGITS)
_HALF = Decimal("0.5")
_TENTH = Decimal("0.1")
_PREFIXED = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?([+-]?)(\d{1,64})(?:\.(\d{1,64}))?(?:[eE]([+-]?\d{1,4}))?", re.ASCII
)


def key(number: Decimal) -> str:
    """The text of a finite number. Beyond what JSON is let in with, it is cut to the nearest that fits."""
    if not number:
        return "1"
    sign, digits, _ = number.as_tuple()
    power = max(-OFFSET + 1, min(OFFSET - 1, number.adjusted() + 1))
    mantissa = "".join(map(str, digits[: 2 * MAX_DIGITS])).rstrip("0")
    if not sign:
        return f"2{OFFSET + power:03d}{mantissa}"
    complement = 10 ** len(mantissa) - int(mantissa)
    return f"0{OFFSET - power:03d}{complement:0{len(mantissa)}d}"


def after(text: str) -> str:
    """Behind the key, before that of every greater number: [key, after(key)) is the number alone."""
    return text + "0"


def read(text: str) -> QuantityValue | None:
    """`ge5.4` as a value without a unit; None if it is none.

    Without prefix, with `eq` and `ne` the interval is what is rounded to the number; `ap` is within a tenth of it; with
    the others it is the number itself ("the implicit precision is ignored").
    """
    match = _PREFIXED.fullmatch(text)
    number = _number(match) if match else None
    if match is None or number is None:
        return None
    prefix = Prefix(match[1] or "eq")
    if prefix in (Prefix.EQ, Prefix.NE, Prefix.AP):
        lo, hi = _around(number, _half_step(number, match), approximately=prefix is Prefix.AP)
        return QuantityValue(prefix, key(lo), key(hi))
    return QuantityValue(prefix, key(number), after(key(number)))


def plain(text: str) -> Decimal | None:
    """A number without prefix; None if it is none."""
    match = _PREFIXED.fullmatch(text)
    return _number(match) if match and match[1] is None else None


def _number(match: re.Match[str]) -> Decimal | None:
    sign, whole, fraction, exponent = match[2], match[3], match[4] or "", match[5] or "0"
    number = Decimal(f"{sign}{whole}.{fraction}e{exponent}")
    power = number.adjusted() if number else int(exponent)
    return None if len(whole) + len(fraction) > MAX_DIGITS or abs(power) > MAX_POWER else number


def _half_step(number: Decimal, match: re.Match[str]) -> Decimal:
    """Half of what the last stated digit counts.

    `1e2` is 95 to 105 in R4's own example, where its rule would say 50 to 150: one digit before an exponent counts as
    two.
    """
    step = int(match[5] or 0) - len(match[4] or "")
    single = match[5] is not None and len(match[3].lstrip("0") + (match[4] or "")) == 1
    return _HALF.scaleb(step - single, _EXACT)


def _around(number: Decimal, half: Decimal, *, approximately: bool) -> tuple[Decimal, Decimal]:
    width = max(half, _EXACT.multiply(abs(number), _TENTH)) if approximately else half
    return _EXACT.subtract(number, width), _EXACT.add(number, width)


def decimal_of(value: Any) -> Decimal | None:
    """A number of a resource; None for anything else."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    return number if number.is_finite() else None
