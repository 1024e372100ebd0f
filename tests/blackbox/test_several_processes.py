"""Several processes over one PostgreSQL database: decisions 18 and 31, SR-1, SR-7, SR-12, SR-15."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests import postgres
from tests.waiting import until

from .conftest import Service, msa
from .test_bad_messages import A01, CONTROL_ID
from .test_nothing_acknowledged_is_lost import JSON, STREAMS, Sender, begin
from .test_one_plan_per_person import plan_body, ready_for_a_plan


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Service]]:
    """Two services, each with ports of its own, over one database."""
    with postgres.empty_database() as url:
        services = [Service(tmp_path_factory.mktemp(name), url).start() for name in ("one", "two")]
        yield services[0], services[1]
        for service in services:
            service.end()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Service]:
    """One service of two workers."""
    with postgres.empty_database() as url:
        service = Service(tmp_path, url, workers=2).start()
        yield service
        service.end()


def together(count: int, call: Callable[[int], httpx.Response]) -> Counter[int]:
    """The statuses of calls that are made at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return Counter(answer.status_code for answer in pool.map(call, range(count)))


def test_twenty_parallel_conditional_creates_make_one_resource(two: tuple[Service, Service]) -> None:
    body = {"resourceType": "Organization", "identifier": [{"system": "urn:test", "value": "one"}]}

    def create(number: int) -> httpx.Response:
        headers = JSON | {"if-none-exist": "identifier=urn:test|one"}
        return httpx.post(f"{two[number % 2].fhir}/Organization", json=body, headers=headers)

    assert together(20, create) == {201: 1, 200: 19}
    found = httpx.get(f"{two[0].fhir}/Organization?identifier=urn:test|one").json()
    assert len(found["entry"]) == 1


def test_twenty_parallel_creators_of_a_plan_make_one(two: tuple[Service, Service]) -> None:  # SR-12
    hub = two[0].hub()
    case, team, consent = ready_for_a_plan(hub)
    body = plan_body(hub, case, team, consent)
    (first,) = hub.find("CarePlan", patient=case.patient)
    hub.put(first, status="entered-in-error")

    def create(number: int) -> httpx.Response:
        return httpx.post(f"{two[number % 2].fhir}/CarePlan", json=body)

    assert together(20, create) == {201: 1, 409: 19}
    in_force = [p for p in hub.find("CarePlan", patient=case.patient) if p["status"] == "draft"]
    assert len(in_force) == 1


def test_of_hundred_updates_of_one_version_one_succeeds(two: tuple[Service, Service]) -> None:  # SR-15
    patient = {"resourceType": "Patient", "id": "one"}
    assert httpx.put(f"{two[0].fhir}/Patient/one", json=patient, headers=JSON).status_code == 201

    def update(number: int) -> httpx.Response:
        headers = JSON | {"if-match": 'W/"1"'}
        return httpx.put(f"{two[number % 2].fhir}/Patient/one", json=patient, headers=headers)

    assert together(100, update) == {200: 1, 412: 99}
    assert httpx.get(f"{two[1].fhir}/Patient/one").json()["meta"]["versionId"] == "2"


def test_hundred_updates_without_a_version_are_all_done_in_turn(two: tuple[Service, Service]) -> None:
    patient = {"resourceType": "Patient", "id": "many"}

    def update(number: int) -> httpx.Response:
        return httpx.put(f"{two[number % 2].fhir}/Patient/many", json=patient, headers=JSON)

    assert together(40, update) == {201: 1, 200: 39}
    history = httpx.get(f"{two[0].fhir}/Patient/many/_history?_count=100").json()["entry"]
    versions = [int(e["resource"]["meta"]["versionId"]) for e in history]
    times = [e["resource"]["meta"]["lastUpdated"] for e in history]
    assert versions == list(range(40, 0, -1))
    assert times == sorted(times, reverse=True)  # SR-10


def test_one_message_at_two_doors_has_one_effect_and_one_answer(two: tuple[Service, Service]) -> None:
    for round_ in range(5):
        message = A01.replace(CONTROL_ID, f"M{round_}").replace("X-1", f"V-{round_}").encode()
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda n, sent=message: two[n % 2].exchange(sent)[0], range(6)))
        assert {msa(answer) for answer in answers} == {("AA", f"M{round_}")}
        assert len(set(answers)) == 1
        assert len(two[0].hub().find("Encounter", identifier=f"V-{round_}")) == 1


def test_a_page_of_one_process_is_followed_by_that_of_another(two: tuple[Service, Service]) -> None:
    for number in range(4):
        patient = {"resourceType": "Patient", "id": f"p{number}", "name": [{"family": "Side"}]}
        httpx.put(f"{two[0].fhir}/Patient/p{number}", json=patient)
    first = httpx.get(f"{two[0].fhir}/Patient?_count=2&family=side").json()
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = httpx.get(following.replace(two[0].http, two[1].http)).json()
    seen = {e["resource"]["id"] for page in (first, second) for e in page["entry"]}
    assert seen == {"p0", "p1", "p2", "p3"}


def test_a_worker_that_dies_is_replaced(workers: Service) -> None:
    assert workers.process
    (one, other) = children(workers)
    one.kill()
    there = until(lambda: len(found := children(workers)) == 2 and one not in found and found)
    assert other in there
    assert httpx.get(f"{workers.fhir}/metadata").status_code == 200


def test_sigterm_ends_all_workers_in_time(workers: Service) -> None:  # SR-9
    there = children(workers)
    workers.stop()
    assert workers.process
    assert workers.process.returncode == 0
    assert all(map(has_ended, there))


def test_workers_end_when_the_one_that_watches_is_killed(workers: Service) -> None:
    there = children(workers)
    workers.kill()
    assert until(lambda: all(map(has_ended, there)))


def test_kill_9_of_all_loses_nothing_acknowledged(workers: Service) -> None:  # SR-1, SR-3
    batch = [Sender(workers, over_rest=n % 2 == 1) for n in range(STREAMS)]
    begin(batch, acknowledged=40)
    there = children(workers)
    workers.kill()
    for worker in there:
        worker.kill()
    for sender in batch:
        sender.join()
    workers.start()
    acknowledged = [visit for sender in batch for visit, _ in sender.acknowledged]
    assert acknowledged
    hub = workers.hub()
    assert [v for v in acknowledged if len(hub.find("Encounter", identifier=v)) != 1] == []


def test_a_server_that_comes_back_is_in_use_again_without_a_restart(tmp_path: Path) -> None:  # SR-7
    server = postgres.new_server()
    with postgres.empty_database(server) as url:
        service = Service(tmp_path, url).start()
        patient = {"resourceType": "Patient"}
        kept = httpx.post(f"{service.fhir}/Patient", json=patient, headers=JSON)
        server.stop()
        for answer in (
            httpx.get(kept.headers["location"]),
            httpx.get(f"{service.fhir}/Patient"),
            httpx.post(f"{service.fhir}/Patient", json=patient, headers=JSON),
            httpx.get(f"http://{service.http}/readyz"),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.json()["resourceType"] == "OperationOutcome"
        assert msa(service.exchange(A01.encode())[0])[0] == "AR"
        server.start()
        until(lambda: httpx.post(f"{service.fhir}/Patient", json=patient, headers=JSON).status_code == 201)
        assert httpx.get(kept.headers["location"]).status_code == 200
        assert msa(service.exchange(A01.encode())[0])[0] == "AA"
        service.end()


def children(service: Service) -> list[psutil.Process]:
    assert service.process
    return psutil.Process(service.process.pid).children()


def has_ended(worker: psutil.Process) -> bool:
    """It may stay on the list of processes until somebody has asked how it ended."""
    try:
        return not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_no_password_is_shown(tmp_path: Path) -> None:
    with postgres.empty_database() as url:
        secret = url.replace("postgres@", "postgres:s%2Fcret@")
        service = Service(tmp_path, secret).start()
        os.kill(service.process.pid, signal.SIGTERM) if service.process else None
        service.end()
        assert "cret" not in service.log.read_text()
        assert "database postgresql://postgres@" in service.log.read_text()
