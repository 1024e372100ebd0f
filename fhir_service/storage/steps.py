"""Reads are written once for both databases: as generators that yield statements and are sent their rows.

A back-end drives them: SQLite at once, PostgreSQL with `await` (decision 21).
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from fhir_service.storage.prepared import Prepared

T = TypeVar("T")
Question: TypeAlias = tuple[Prepared, Mapping[str, Any]]
"""A statement and its values by name; it may be given more than it uses."""
Rows: TypeAlias = Sequence[Any]
"""Each row can be indexed, sliced and unpacked as a tuple."""
Steps: TypeAlias = Generator[Question, Rows, T]
"""`rows = yield statement, values`, as often as needed; the answer is what it returns."""
