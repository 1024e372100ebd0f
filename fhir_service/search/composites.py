r"""Composite parameters: `code$value`, values that meet in one element.  https://hl7.org/fhir/R4/search.html#composite"""

from collections.abc import Callable, Sequence

from fhir_service.search.escapes import split
from fhir_service.search.query import (
    CompositeValue,
    DateValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    Value,
)

_PARTS = (TokenValue, ReferenceValue, DateValue, StringValue, QuantityValue)
MAX_PAIRS = 1_000
"""Combinations of one element that are found (SR-8): 30 codes with 30 values; the specification's own have a few."""


def read(parts: Sequence[Callable[[str, str], Value | None]], text: str, base_url: str) -> CompositeValue | None:
    """An escaped value, each part read in its own way; None if it is none."""
    texts = split(text, "$")
    if len(texts) != len(parts) or not all(texts):
        return None
    found = [one(part, base_url) for one, part in zip(parts, texts, strict=True)]
    known = tuple([value for value in found if isinstance(value, _PARTS)])
    return CompositeValue(known) if len(known) == len(parts) else None
