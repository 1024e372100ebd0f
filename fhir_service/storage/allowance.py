"""How long the searches of one unit of work may take together (SR-8).

A Bundle may hold a thousand conditional entries, each with a search of its own, and others wait meanwhile: on SQLite
all who come, on PostgreSQL those who want the same. A deadline for each search by itself would add up.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fhir_service.storage.port import TooSlow


@dataclass(slots=True)
class Allowance:
    """The seconds that are left."""

    left: float

    @contextmanager
    def spent(self) -> Iterator[float]:
        """What is done within is taken off; gives the seconds that it may take. Raises TooSlow if there are none."""
        if self.left <= 0:
            raise TooSlow("The searches of this work take too long together")
        started = time.monotonic()
        try:
            yield self.left
        finally:
            self.left -= time.monotonic() - started
