"""The whole service as an ASGI callable, on a SQLite file of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_service.app import Knutepunkt, create_app
from fhir_service.settings import Settings
from profiles.resource import Resource
from tests import postgres

BASE = "http://knutepunkt.test/fhir"
FHIR_JSON = {"content-type": "application/fhir+json"}
NATIONAL = "urn:oid:2.16.578.1.12.4.1.4.1"


class Rest:
    """A client that waits for each answer. `database`: the file behind the service."""

    def __init__(self, app: Knutepunkt, runner: asyncio.Runner, database: Path) -> None:
        self.database = database
        self._runner = runner
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        url = path if path.startswith("http") else f"{BASE}/{path}"
        return self._runner.run(self._client.request(method, url, **more))

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self("GET", path, headers=_named(headers))

    def post(self, resource: Resource, **headers: str) -> httpx.Response:
        return self("POST", resource["resourceType"], json=resource, headers=FHIR_JSON | _named(headers))

    def put(self, resource: Resource, **headers: str) -> httpx.Response:
        path = f"{resource['resourceType']}/{resource['id']}"
        return self("PUT", path, json=resource, headers=FHIR_JSON | _named(headers))

    def patch(self, path: str, operations: Any, **headers: str) -> httpx.Response:
        kind = {"content-type": "application/json-patch+json"}
        return self("PATCH", path, json=operations, headers=kind | _named(headers))

    def together(self, requests: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """All at once."""

        async def all_of_them() -> list[httpx.Response]:
            calls = (self._client.request(method, f"{BASE}/{path}", **more) for method, path, more in requests)
            return await asyncio.gather(*calls)

        return self._runner.run(all_of_them())

    def stored(self, resource: Resource) -> Resource:
        """Create it; what was stored."""
        answer = self.post(resource)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def stored_at(self, resource: Resource) -> None:
        """Create it under the id that it has, as an import does."""
        path = f"{resource['resourceType']}/{resource['id']}"
        answer = self("PUT", path, json=resource, headers=FHIR_JSON | {"x-knutepunkt-purpose": "import"})
        assert answer.status_code == 201, answer.text

    def close(self) -> None:
        self._runner.run(self._client.aclose())


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def rest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    """One service for the tests of a module, on each database: each test makes the resources it asks for."""
    folder: Path = tmp_path_factory.mktemp("rest")
    more = {"mllp": "", "base_url": BASE, "max_body_bytes": 200_000, "export_folder": folder / "exports"}
    with ExitStack() as opened:
        url = f"sqlite:///{folder / 'k.db'}"
        if request.param == "postgresql":
            url = opened.enter_context(postgres.empty_database())
        yield opened.enter_context(opened_rest(Settings(database=url, **more), folder / "k.db"))


@contextmanager
def opened_rest(settings: Settings, database: Path) -> Iterator[Rest]:
    """A client of a service that runs with these settings; `database` is the file that they name."""
    app = create_app(settings)
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        runner.run(_enter(opened, app))
        client = Rest(app, runner, database)
        yield client
        client.close()
        runner.run(opened.aclose())


async def _enter(opened: AsyncExitStack, app: Knutepunkt) -> None:
    await opened.enter_async_context(app.running())


def issue(answer: httpx.Response) -> Resource:
    """The first issue of an OperationOutcome, after a look at its form."""
    assert answer.headers["content-type"].startswith("application/fhir+json"), answer.headers
    told = answer.json()
    assert told["resourceType"] == "OperationOutcome"
    first: Resource = told["issue"][0]
    assert first["severity"] in ("fatal", "error", "warning", "information")
    assert first["diagnostics"]
    return first


def code(answer: httpx.Response) -> str:
    """Our own code of the first issue."""
    return str(issue(answer)["details"]["coding"][0]["code"])


def unless_under_way(answer: httpx.Response) -> httpx.Response | None:
    """The answer about an export that has ended."""
    return None if answer.status_code == 202 else answer


def matches(answer: httpx.Response) -> list[Resource]:
    """The resources that a search found."""
    assert answer.status_code == 200, answer.text
    return [e["resource"] for e in answer.json().get("entry", ()) if e["search"]["mode"] == "match"]


def link(answer: httpx.Response, relation: str) -> str | None:
    """A link of a Bundle."""
    return next((one["url"] for one in answer.json()["link"] if one["relation"] == relation), None)
