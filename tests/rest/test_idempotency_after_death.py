"""A process that dies between what it does and its answer: the key does it once, all the same (workflow.md 7.3)."""

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from fhir_service.settings import Settings
from tests import postgres
from tests.rest.conftest import BASE, FHIR_JSON, opened_rest

POSTING = """
import asyncio, sys
from contextlib import AsyncExitStack
import httpx
from fhir_service.app import create_app
from fhir_service.settings import Settings
kind = {"content-type": "application/fhir+json"}
async def main():
    app = create_app(Settings(database=sys.argv[1], mllp="", base_url="http://t/fhir"))
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(app.running())
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t/fhir")
        async def post(number):
            print("tried", number, flush=True)
            body = {"resourceType": "Patient", "name": [{"family": f"N{number}"}]}
            answer = await client.post("/Patient", json=body, headers=kind | {"idempotency-key": f"key-{number}"})
            print("done", number, answer.json()["id"], flush=True)
        for number in range(0, 100_000, 10):
            await asyncio.gather(*[post(number + one) for one in range(10)])
asyncio.run(main())
"""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("after", [55, 103])
def test_what_was_begun_is_done_once_when_it_is_sent_again(tmp_path: Path, database: str, after: int) -> None:
    with ExitStack() as opened:
        url = f"sqlite:///{tmp_path / 'k.db'}"
        if database == "postgresql":
            url = opened.enter_context(postgres.empty_database())
        tried, done = killed(url, after)
        settings = Settings(database=url, mllp="", base_url=BASE, export_folder=tmp_path / "e")
        rest = opened.enter_context(opened_rest(settings, tmp_path / "k.db"))
        there = int(rest.get("Patient?_summary=count").json()["total"])
        assert len(done) <= there <= len(tried)
        for number in tried:
            body = {"resourceType": "Patient", "name": [{"family": f"N{number}"}]}
            again = rest("POST", "Patient", json=body, headers=FHIR_JSON | {"idempotency-key": f"key-{number}"})
            assert again.status_code == 201, again.text
            assert again.json()["id"] == done.get(number, again.json()["id"])
        assert rest.get("Patient?_summary=count").json()["total"] == len(tried)


def killed(url: str, after: int) -> tuple[set[int], dict[int, str]]:
    """What was tried, and what was answered with which id, when the process was killed."""
    tried: set[int] = set()
    done: dict[int, str] = {}
    command = [sys.executable, "-c", POSTING, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            words = line.split()
            if words[0] == "tried":
                tried.add(int(words[1]))
            elif words[0] == "done" and len(words) == 3:
                done[int(words[1])] = words[2]
            if len(tried) + len(done) >= 2 * after and process.poll() is None:
                process.send_signal(signal.SIGKILL)
    return tried, done
