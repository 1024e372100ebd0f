"""A bulk export over real sockets: it survives kill -9, keeps nobody from writing, and tells one instant."""

import json
import threading
import time
from typing import Any

import httpx

from tests.blackbox.conftest import Service
from tests.waiting import until

ASYNC = {"prefer": "respond-async"}
FHIR_JSON = {"content-type": "application/fhir+json"}


def store(client: httpx.Client, patients: int) -> None:
    """So many patients, a hundred to a transaction."""
    for _ in range(patients // 100):
        entry = {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 100}
        answer = client.post("", json=bundle, headers=FHIR_JSON)
        assert answer.status_code == 200, answer.text


def manifest(client: httpx.Client, where: str) -> dict[str, Any]:
    def ended() -> httpx.Response | None:
        answer = client.get(where)
        return None if answer.status_code == 202 else answer

    answer = until(ended)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def resources(client: httpx.Client, told: dict[str, Any]) -> list[dict[str, Any]]:
    files = [client.get(file["url"]) for file in told["output"]]
    assert all(file.headers["content-type"] == "application/fhir+ndjson" for file in files)
    return [json.loads(line) for file in files for line in file.content.splitlines()]


def test_export_goes_on_after_kill_9(service: Service) -> None:
    with httpx.Client(base_url=service.fhir) as client:
        store(client, 1000)
        begun = client.get("/$export?_type=Patient", headers=ASYNC)
        where = begun.headers["content-location"]
    for delay in (0.0, 0.03):
        time.sleep(delay)
        service.kill()
        service.start()
    with httpx.Client(base_url=service.fhir) as client:
        told = manifest(client, where)
        found = resources(client, told)
        assert len({patient["id"] for patient in found}) == len(found) == 1000
        assert client.delete(where).status_code == 202
        assert client.get(where).status_code == 404
    assert list((service.folder / "exports").iterdir()) == []


def test_finished_export_is_still_there_after_kill_9(service: Service) -> None:
    with httpx.Client(base_url=service.fhir) as client:
        store(client, 100)
        where = client.get("/Patient/$export", headers=ASYNC).headers["content-location"]
        before = manifest(client, where)
    service.kill()
    service.start()
    with httpx.Client(base_url=service.fhir) as client:
        assert manifest(client, where) == before
        assert len(resources(client, before)) == 100


def test_writers_go_on_and_do_not_show_in_what_was_begun_before(service: Service) -> None:
    with httpx.Client(base_url=service.fhir) as client:
        store(client, 1000)
        where = client.get("/$export?_type=Patient", headers=ASYNC).headers["content-location"]
        written: list[int] = []

        def write() -> None:
            with httpx.Client(base_url=service.fhir) as other:
                for _ in range(50):
                    written.append(
                        other.post("/Patient", json={"resourceType": "Patient"}, headers=FHIR_JSON).status_code
                    )

        writers = [threading.Thread(target=write) for _ in range(2)]
        for writer in writers:
            writer.start()
        told = manifest(client, where)
        for writer in writers:
            writer.join()
        assert set(written) == {201}
        assert len(resources(client, told)) == 1000


def test_more_exports_than_may_be_under_way_are_refused(service: Service) -> None:
    """SR-8, SR-32"""
    with httpx.Client(base_url=service.fhir) as client:
        store(client, 1000)
        answers: list[httpx.Response] = []

        def refused() -> bool:
            answers.append(client.get("/$export", headers=ASYNC))
            return answers[-1].status_code != 202

        until(refused, pause=0)
        *taken, too_many = answers
        assert len(taken) >= 10
        assert too_many.status_code == 429
        assert int(too_many.headers["retry-after"]) > 0
        for answer in taken:
            client.delete(answer.headers["content-location"])
