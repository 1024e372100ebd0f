"""What a module under `stories/` declares."""

from collections.abc import Callable
from dataclasses import dataclass

from fhir_service.demo.hub import Hub


@dataclass(frozen=True, slots=True)
class Story:
    """One person of the demo (domain.md 11). `play` does what real users would and says what came of it."""

    key: str
    title: str
    number: tuple[str, str]
    """(system, value) by which the person is known: who is there already is not told twice."""
    play: Callable[[Hub], str]
