"""Decimals as they were written: `1.10` has two decimals, and `1e3` is not `1000` to who wrote it.

https://hl7.org/fhir/R4/datatypes.html#decimal  A Decimal keeps its digits; where its own text would differ from what
was written, it is a `Spelled` one. JSON that is to be stored or sent is read and written with the two codecs here.
"""

from decimal import Decimal
from typing import Self

import msgspec


class Spelled(Decimal):
    """A Decimal with another text than that of its value."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self


def exact(text: str) -> Decimal:
    """The number that a JSON text writes. Raises ArithmeticError for one that no Decimal holds."""
    number = Decimal(text)
    return number if str(number) == text else Spelled(text)


def as_written(value: object) -> msgspec.Raw:
    """What an encoder is to write for a value that it does not know."""
    if isinstance(value, Spelled):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} is no JSON value")


DECODER = msgspec.json.Decoder(float_hook=exact)
ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=as_written)
