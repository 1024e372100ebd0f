"""`knutepunkt demo` against a fresh service: everybody of domain.md 11, once."""

from pathlib import Path

import pytest

from fhir_service.demo import run
from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.play import THERE, stories
from profiles import names
from profiles.resource import Resource

from .conftest import Service

ROUTES = Path(__file__).parents[2] / "fhir_service" / "demo" / "routes.json"


@pytest.fixture
def district_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Trondheim with its districts, as scripts/run starts it."""
    monkeypatch.setenv("KNUTEPUNKT_ROUTES", str(ROUTES))
    return Service(tmp_path).start()


def cases_of(hub: Hub, story: Story) -> list[Resource]:
    told = {"patient.identifier": "|".join(story.number), "code": f"{names.KE_TASK_CODE}|assess-need"}
    return hub.find("Task", **told)


def test_demo_tells_every_story_once_however_often_it_runs(district_service: Service) -> None:
    service = district_service
    told: list[tuple[str, str]] = []
    try:
        assert run(service.http, service.mllp, lambda title, outcome: told.append((title, outcome))) == len(stories())
        assert run(service.http, service.mllp, lambda title, outcome: told.append((title, outcome))) == 0
        assert [outcome for _, outcome in told[len(stories()) :]] == [THERE] * len(stories())
        hub = service.hub()
        records = {story.key: len(hub.find("Patient", identifier="|".join(story.number))) for story in stories()}
        assert records == dict.fromkeys(records, 1) | {"rune": 2}  # the hospital's and the doctor's (decision 27)
        cases = {story.key: cases_of(hub, story) for story in stories()}
        assert {len(c) for c in cases.values()} == {1}
        (nora,) = cases["nora"]
        assert nora["owner"]["reference"] == "Organization/ke-5001-heimdal-barn"
    finally:
        service.end()
