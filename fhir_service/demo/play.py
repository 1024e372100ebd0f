"""Play all stories against a running service."""

from collections.abc import Callable

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from mappings.registry import discover


def stories() -> list[Story]:
    """The stories by their modules' names."""
    return list(discover("fhir_service.demo.stories", "STORY", Story, lambda story: story.key).values())


THERE = "finnes fra før"


def run(http: str, mllp: str, progress: Callable[[str, str], None]) -> int:
    """Play the story of everybody who is not there yet; `progress(title, outcome)` after each. Returns how many.

    Raises Unexpected when the service answers other than the story needs, httpx.HTTPError or OSError when it is gone.
    """
    hub = Hub(http, mllp)
    try:
        played = 0
        for story in stories():
            is_there = bool(hub.find("Patient", identifier="|".join(story.number)))
            progress(story.title, THERE if is_there else story.play(hub))
            played += not is_there
        return played
    finally:
        hub.close()
