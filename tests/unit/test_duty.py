"""What one process alone does while it has the duty: SR-5, SR-6."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from adapters.outbox import OutboxWorker
from fhir_service import duty
from fhir_service.duty import IN_WORK, Watch
from fhir_service.storage.instants import micros
from fhir_service.storage.port import Repository, Unavailable
from tests.waiting import GUARD

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Hub:
    """A database that says who has the duty, a recovery and an outbox that remember what was asked of them."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.said: list[Any] = []
        self.forgotten: list[int] = []

    async def on_duty(self) -> bool:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def forget_answers(self, before: int) -> int:
        self.forgotten.append(before)
        return 0

    async def recover(self, older_than: timedelta) -> int:
        self.said.append(older_than)
        return 3

    def start(self) -> None:
        self.said.append("start")

    async def stop(self) -> None:
        self.said.append("stop")

    def watch(self) -> Watch:
        return Watch(cast(Repository, self), self.recover, cast(OutboxWorker, self), lambda: NOW)


def tell(hub: Hub, until: int) -> tuple[int, list[Any]]:
    """Watch until so many things were said; how many were recovered at the start, and what was said."""

    async def story() -> int:
        watch = hub.watch()
        recovered = await watch.start()
        async with asyncio.timeout(GUARD):
            while len(hub.said) < until:
                await asyncio.sleep(0.001)
        await watch.stop()
        return recovered

    return asyncio.run(story()), hub.said


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duty, "LOOK_SECONDS", 0.001)


def test_who_has_the_duty_recovers_all_before_the_outbox_starts() -> None:
    assert tell(Hub(True), 2) == (3, [timedelta(0), "start", "stop"])


def test_who_has_it_not_waits_for_it() -> None:
    assert tell(Hub(False, False, True), 2) == (0, [timedelta(0), "start", "stop"])


def test_who_loses_it_stops_and_may_have_it_again() -> None:
    _, said = tell(Hub(True, False, True), 5)
    assert said == [timedelta(0), "start", "stop", timedelta(0), "start", "stop"]


def test_what_another_process_left_is_taken_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duty, "LOOK_BACK_SECONDS", 0.0)
    _, said = tell(Hub(True), 3)
    assert said[:3] == [timedelta(0), "start", IN_WORK]


def test_a_look_that_fails_is_followed_by_the_next() -> None:
    assert tell(Hub(False, Unavailable(), KeyError(), True), 2) == (0, [timedelta(0), "start", "stop"])


def test_old_answers_are_forgotten_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:  # workflow.md 7.3
    monkeypatch.setattr(duty, "LOOK_BACK_SECONDS", 0.0)
    hub = Hub(True)
    tell(hub, 6)
    assert hub.forgotten == [micros(NOW - timedelta(days=7))]
