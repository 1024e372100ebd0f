"""What the tests of R4's http.html share: a service with something in it, and how to ask it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from .conftest import Service
from .r4_requests import JSON, PATIENT


@dataclass
class World:
    """A service with two Patients of three versions, one that was deleted, and an Observation about the first."""

    client: httpx.Client
    base: str

    def put(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        return self.client.put(path, json=body, headers=JSON | headers)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        return self.client.post(path, json=body, headers=JSON | {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.fixture(scope="module")
def world(shared_service: Service) -> Iterator[World]:
    with httpx.Client(base_url=shared_service.fhir + "/") as client:
        made = World(client, shared_service.fhir)
        for gender in ("male", "other", "female"):
            for rid in ("http", "still"):
                assert made.put(f"Patient/{rid}", PATIENT | {"id": rid, "gender": gender}).is_success
        made.put("Patient/gone", PATIENT | {"id": "gone"})
        assert client.delete("Patient/gone").status_code == 204
        seen = {"resourceType": "Observation", "id": "http", "status": "final", "code": {"text": "Puls"}}
        made.put("Observation/http", seen | {"subject": {"reference": "Patient/http"}})
        yield made


def is_outcome(answer: httpx.Response) -> bool:
    found = answer.json()
    return found["resourceType"] == "OperationOutcome" and all(
        issue["severity"] in ("fatal", "error", "warning", "information") and issue["code"] for issue in found["issue"]
    )


def entry(method: str, url: str, resource: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    request = {"method": method, "url": url} | {k: v for k, v in more.items() if k != "full_url"}
    made: dict[str, Any] = {"request": request}
    if resource is not None:
        made["resource"] = resource
    if "full_url" in more:
        made["fullUrl"] = more["full_url"]
    return made


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
