"""Conditions and transactions that race over real sockets, with one process and with two (SR-15, decision 31)."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from profiles import names
from tests import postgres

from .conftest import Service

SYSTEM = "https://example.org/ids"
FHIR_JSON = {"content-type": "application/fhir+json"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql with two processes"])
def racing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that many call at once."""
    folder = tmp_path_factory.mktemp("racing")
    if request.param == "sqlite":
        service = Service(folder).start()
        yield service
        service.end()
        return
    with postgres.empty_database() as url:
        service = Service(folder, url, workers=2).start()
        yield service
        service.end()


def at_once(times: int, call: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """Each on a connection of its own, so that the processes share them."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(call, range(times)))


def patient(value: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": value}]}


def test_twenty_conditional_updates_with_one_criterion_make_one(racing: Service) -> None:
    value = str(uuid4())
    address = f"{racing.fhir}/Patient?identifier={SYSTEM}|{value}"
    answers = at_once(20, lambda _: httpx.put(address, json=patient(value), headers=FHIR_JSON))
    assert Counter(a.status_code for a in answers) == {200: 19, 201: 1}
    assert httpx.get(f"{address}&_summary=count").json()["total"] == 1


def test_twenty_conditional_creates_with_one_criterion_make_one(racing: Service) -> None:
    value = str(uuid4())
    headers = FHIR_JSON | {"if-none-exist": f"identifier={SYSTEM}|{value}"}
    answers = at_once(20, lambda _: httpx.post(f"{racing.fhir}/Patient", json=patient(value), headers=headers))
    assert Counter(a.status_code for a in answers) == {200: 19, 201: 1}
    assert len({a.headers["location"].split("/_history")[0] for a in answers}) == 1


def test_transactions_that_race_for_one_plan_have_one_winner(racing: Service) -> None:
    """INV-01; the others are refused whole."""
    made = httpx.post(f"{racing.fhir}/Patient", json=patient(str(uuid4())), headers=FHIR_JSON).json()
    category = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]
    plan = {"resourceType": "CarePlan", "status": "draft", "intent": "plan", "category": category}
    plan |= {"meta": {"tag": [{"system": names.TAG, "code": "imported"}]}}
    plan |= {"subject": {"reference": f"Patient/{made['id']}"}}
    marks = [str(uuid4()) for _ in range(12)]

    def transaction(number: int) -> httpx.Response:
        mark = {"resourceType": "Organization", "id": marks[number], "name": "mark"}
        entries = [
            {"resource": mark, "request": {"method": "PUT", "url": f"Organization/{marks[number]}"}},
            {"resource": plan, "request": {"method": "POST", "url": "CarePlan"}},
        ]
        body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        headers = FHIR_JSON | {"x-knutepunkt-purpose": "import"}
        return httpx.post(racing.fhir, json=body, headers=headers)

    answers = at_once(len(marks), transaction)
    assert Counter(a.status_code for a in answers) == {200: 1, 409: len(marks) - 1}
    refused = next(a for a in answers if a.status_code == 409).json()["issue"][0]
    assert refused["expression"][0].startswith("Bundle.entry[1]")
    left = Counter(httpx.get(f"{racing.fhir}/Organization/{mark}").status_code for mark in marks)
    assert left == {200: 1, 404: len(marks) - 1}


def test_what_is_deleted_and_referred_to_at_once_never_dangles(racing: Service) -> None:
    """A delete and a create that refers: whoever comes second is refused."""
    for _ in range(8):
        made = httpx.post(f"{racing.fhir}/Patient", json=patient(str(uuid4())), headers=FHIR_JSON).json()
        address = f"{racing.fhir}/Patient/{made['id']}"
        seen = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        seen |= {"subject": {"reference": f"Patient/{made['id']}"}}

        def race(number: int, address: str = address, seen: dict[str, Any] = seen) -> httpx.Response:
            if number % 2:
                return httpx.delete(address)
            return httpx.post(f"{racing.fhir}/Observation", json=seen, headers=FHIR_JSON)

        answers = at_once(6, race)
        stands = httpx.get(address).status_code == 200
        created = sum(a.status_code == 201 for a in answers)
        assert {a.status_code for a in answers} <= {201, 204, 409, 422}
        assert bool(created) is stands, [a.status_code for a in answers]
