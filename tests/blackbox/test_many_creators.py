"""SR-12: many creators for many persons by five roads at once; every person ends with exactly one plan.

`KNUTEPUNKT_PERSONS=100` makes it a thousand creators; the ordinary run has fewer.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource
from tests import postgres

from .conftest import Service

PERSONS = int(os.environ.get("KNUTEPUNKT_PERSONS", "8"))
CREATORS = 10
"""For each person: two by every road."""
IN_FORCE = "draft,active,on-hold"
JSON = {"content-type": "application/fhir+json"}
IMPORT = JSON | {"x-knutepunkt-purpose": "import"}
IMPORTED = {"tag": [{"system": names.TAG, "code": "imported"}]}
KE = {"reference": "Organization/ke-5001"}
SINCE = {"start": "2026-01-01"}


def person(number: int) -> dict[str, str]:
    return {"reference": f"Patient/person-{number}"}


def ready(number: int) -> Iterator[Resource]:
    """Somebody with consent, a coordinator and a plan that has ended."""
    who = person(number)
    yield {"resourceType": "Patient", "id": f"person-{number}", "birthDate": "1971-11-15"}
    yield {
        "resourceType": "Consent", "id": f"consent-{number}", "status": "active", "patient": who,
        "scope": concept(names.CONSENT_SCOPE, "patient-privacy"), "organization": [KE], "performer": [who],
        "category": [concept(names.CONSENT_KIND, "plan-creation")], "dateTime": "2026-01-01",
        "policy": [{"uri": "https://lovdata.no/hol-7-1"}], "provision": {"type": "deny"},
        "verification": [{"verified": True, "verifiedWith": who, "verificationDate": "2026-01-01"}],
    }  # fmt: skip
    people = (("coordinator", {"reference": "PractitionerRole/kari"}), ("person", who), ("ke", KE))
    yield {
        "resourceType": "CareTeam", "id": f"team-{number}", "status": "active", "subject": who, "period": SINCE,
        "meta": IMPORTED, "category": [concept(names.TEAM_CATEGORY, "coordination")], "managingOrganization": [KE],
        "participant": [
            {"role": [concept(names.TEAM_ROLE, role)], "member": member, "period": SINCE} for role, member in people
        ],
    }  # fmt: skip
    why = {"url": names.IP_STATUS_REASON, "valueCodeableConcept": concept(names.STATUS_REASON, "person-declined")}
    ended = plan(number)
    yield ended | {
        "id": f"ended-{number}", "status": "revoked", "meta": IMPORTED, "extension": [*ended["extension"], why]
    }  # fmt: skip


def plan(number: int) -> Resource:
    return {
        "resourceType": "CarePlan", "status": "draft", "intent": "plan", "title": "Individuell plan",
        "category": [concept(names.PLAN_CATEGORY, "individuell-plan")], "subject": person(number), "period": SINCE,
        "created": "2026-01-01", "author": {"reference": "PractitionerRole/kari"},
        "careTeam": [{"reference": f"CareTeam/team-{number}"}],
        "supportingInfo": [{"reference": f"Consent/consent-{number}"}],
        "extension": [{"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": KE}],
    }  # fmt: skip


Road = Callable[[httpx.AsyncClient, int, int], Awaitable[httpx.Response]]


async def by_post(client: httpx.AsyncClient, number: int, _: int) -> httpx.Response:
    return await client.post("CarePlan", json=plan(number), headers=JSON)


async def by_put(client: httpx.AsyncClient, number: int, attempt: int) -> httpx.Response:
    rid = f"put-{number}-{attempt}"
    return await client.put(f"CarePlan/{rid}", json=plan(number) | {"id": rid}, headers=JSON)


async def by_transaction(client: httpx.AsyncClient, number: int, _: int) -> httpx.Response:
    entry = {"resource": plan(number), "request": {"method": "POST", "url": "CarePlan"}}
    return await client.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": [entry]}, headers=JSON)


async def by_condition(client: httpx.AsyncClient, number: int, attempt: int) -> httpx.Response:
    once = {"if-none-exist": f"identifier=urn:test|{number}-{attempt}"}
    return await client.post("CarePlan", json=plan(number), headers=JSON | once)


async def by_status(client: httpx.AsyncClient, number: int, attempt: int) -> httpx.Response:
    """A plan that has ended is never taken up again, by whichever status it is asked for."""
    steps = [{"op": "replace", "path": "/status", "value": ("draft", "active")[attempt % 2]}]
    headers = {"content-type": "application/json-patch+json", "if-match": 'W/"1"'}
    return await client.patch(f"CarePlan/ended-{number}", json=steps, headers=headers)


ROADS: Mapping[str, Road] = {
    "post": by_post,
    "put": by_put,
    "transaction": by_transaction,
    "condition": by_condition,
    "status": by_status,
}


def made(road: str, answer: httpx.Response) -> int:
    """The status of the create itself, also where a Bundle was answered."""
    if road == "transaction" and answer.status_code == 200:
        return int(answer.json()["entry"][0]["response"]["status"][:3])
    return answer.status_code


async def plans_of(client: httpx.AsyncClient) -> Counter[str]:
    """Person -> plans in force, by one search."""
    code = f"{names.PLAN_CATEGORY}|individuell-plan"
    answer = await client.get("CarePlan", params={"status": IN_FORCE, "category": code, "_count": "500"})
    assert answer.status_code == 200, answer.text
    return Counter(e["resource"]["subject"]["reference"] for e in answer.json().get("entry", ()))


async def prepare(client: httpx.AsyncClient) -> None:
    role = {"resourceType": "PractitionerRole", "id": "kari"}
    assert (await client.put("PractitionerRole/kari", json=role, headers=JSON)).status_code == 201
    for number in range(PERSONS):
        for one in ready(number):
            answer = await client.put(f"{one['resourceType']}/{one['id']}", json=one, headers=IMPORT)
            assert answer.status_code == 201, answer.text


async def crowd(bases: list[str]) -> tuple[Counter[tuple[str, int]], Counter[str], int]:
    """What each road was answered, the plans at the end, and the most that a person had at any sampled moment."""
    most = 0
    async with (
        httpx.AsyncClient(base_url=f"{bases[0]}/", timeout=300) as first,
        httpx.AsyncClient(base_url=f"{bases[-1]}/", timeout=300) as last,
    ):
        await prepare(first)
        places = asyncio.Semaphore(40)

        async def create(road: str, number: int, attempt: int) -> tuple[str, int]:
            async with places:
                client = (first, last)[attempt % 2]
                return road, made(road, await ROADS[road](client, number, attempt))

        async def sample() -> None:
            nonlocal most
            while True:
                most = max(most, *(await plans_of(last)).values(), 0)
                await asyncio.sleep(0.01)

        sampling = asyncio.create_task(sample())
        attempts = [
            (road, number, n) for n in range(CREATORS // len(ROADS)) for number in range(PERSONS) for road in ROADS
        ]
        answers = Counter(await asyncio.gather(*(create(*attempt) for attempt in attempts)))
        sampling.cancel()
        return answers, await plans_of(first), most


@pytest.fixture(params=["sqlite", "postgresql"])
def bases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """One process over SQLite; over PostgreSQL two."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            running = [Service(tmp_path)]
        else:
            url = stack.enter_context(postgres.empty_database())
            folders = [tmp_path / "one", tmp_path / "two"]
            for folder in folders:
                folder.mkdir()
            running = [Service(folder, url) for folder in folders]
        for service in running:
            service.start()
            stack.callback(service.end)
        yield [service.fhir for service in running]


def test_many_creators_make_one_plan_for_each_person(bases: list[str]) -> None:
    answers, plans, most = asyncio.run(crowd(bases))
    assert plans == {f"Patient/person-{number}": 1 for number in range(PERSONS)}
    assert most <= 1
    assert sum(answers.values()) == PERSONS * CREATORS
    assert sum(count for (_, status), count in answers.items() if status == 201) == PERSONS
    assert {status for _, status in answers} <= {201, 409, 422}
    assert {status for road, status in answers if road == "status"} <= {409, 422}
