"""Deliver what waits in the outbox: at least once, in order per order key, for 72 hours (SR-5, hl7v2-mapping.md 13).

What goes to a partner without a return address stays queued and visible. One dead partner does not delay the others:
each has a task of its own.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol, cast

import structlog

from adapters.mllp.client import MllpClient, MllpError, control_id_of
from fhir_service.logs import told
from fhir_service.storage.messages import OutboxRow, Outgoing
from fhir_service.storage.port import Repository, Unavailable
from mappings.feedback import FeedbackPayload
from mappings.hl7v2 import outgoing as rri
from mappings.hl7v2.parse import parse
from mappings.message import Endpoint

log = structlog.get_logger()

QUEUED: Final = "queued"
ACKNOWLEDGED: Final = "acknowledged"
FAILED: Final = "failed"
PARKED: Final = "parked"
WITHDRAWN: Final = "withdrawn"
"""Nobody waits for it any more: it was told by letter or phone."""

_POSITIVE: Final = frozenset({"AA", "CA"})
_NEGATIVE: Final = frozenset({"AE", "AR", "CE", "CR"})


class Listener(Protocol):
    """Who wants to know how deliveries go."""

    async def sending(self, outgoing: Outgoing) -> str | None:
        """Asked before each attempt: the text as it is to go; None if it is not to go any more."""

    async def told(self, outgoing: Outgoing, state: str) -> None:
        """What became of an attempt: `acknowledged`, `failed`, `parked`, or `queued` to be tried again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try; seconds."""

    poll: float = 1
    first_pause: float = 5
    longest_pause: float = 900
    answer: float = 30
    keep_trying: timedelta = timedelta(hours=72)
    batch: int = 100
    stop: float = 2


DEFAULT_PATIENCE: Final = Patience()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    state: str
    body: bytes | None
    failure: str | None = None


@dataclass(slots=True)
class _Partner:
    """What the worker remembers about one receiver."""

    client: MllpClient
    task: "asyncio.Task[None] | None" = None
    failures: dict[str, int] = field(default_factory=dict)
    """Failed attempts by order key; the pause grows with them."""
    not_before: dict[str, float] = field(default_factory=dict)
    """By order key, in the time of the loop."""


class OutboxWorker:
    """One a process. `start` makes it run beside the rest; `stop` ends it after the delivery in work."""

    def __init__(
        self,
        repository: Repository,
        endpoints: Mapping[str, Endpoint],
        clock: Callable[[], datetime],
        listener: Listener | None = None,
        patience: Patience = DEFAULT_PATIENCE,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`endpoints` by sender (MSH-3|MSH-4); `jitter` gives numbers from 0 to 1."""
        self._repository = repository
        self._endpoints = endpoints
        self._clock = clock
        self._listener = listener
        self._patience = patience
        self._jitter = jitter
        self._partners: dict[str, _Partner] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin to look for deliveries; not where no partner has told where it listens."""
        if not any(endpoint.return_address for endpoint in self._endpoints.values()):
            return
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name="outbox")

    async def stop(self) -> None:
        """Give the deliveries in work a moment, then end; what was not answered is sent again after the next start."""
        self._stopping.set()
        tasks = [t for t in (self._task, *(p.task for p in self._partners.values())) if t]
        if tasks:
            _, unfinished = await asyncio.wait(tasks, timeout=self._patience.stop)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        for partner in self._partners.values():
            await partner.client.close()
        self._partners.clear()
        self._task = None

    async def _run(self) -> None:
        """One of the top loops: whatever goes wrong with one round, the next one comes."""
        while not self._stopping.is_set():
            try:
                self._hand_out(await self._repository.outbox(self._patience.batch))
            except Unavailable:
                log.warning("outbox not readable")
            except Exception:  # the worker must outlive what nobody thought of
                log.exception("outbox round failed")
            try:
                async with asyncio.timeout(self._patience.poll):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def _hand_out(self, rows: Sequence[OutboxRow]) -> None:
        """Give every partner that is idle what waits for it."""
        waiting: defaultdict[str, list[OutboxRow]] = defaultdict(list)
        for row in rows:
            if row.state == QUEUED and row.outgoing.channel == "hl7v2":
                waiting[row.outgoing.destination].append(row)
        for destination, queue in waiting.items():
            partner = self._partner(destination)
            if partner and (partner.task is None or partner.task.done()):
                partner.task = asyncio.create_task(self._deliver_all(partner, queue), name="outbox delivery")

    def _partner(self, destination: str) -> _Partner | None:
        """The receiver behind a sender key; None when nobody told where it listens."""
        endpoint = self._endpoints.get(destination)
        if endpoint is None or not endpoint.return_address:
            return None
        if destination not in self._partners:
            host, _, port = endpoint.return_address.rpartition(":")
            self._partners[destination] = _Partner(MllpClient(host.strip("[]"), int(port), self._patience.answer))
        return self._partners[destination]

    async def _deliver_all(self, partner: _Partner, queue: list[OutboxRow]) -> None:
        """Oldest first. What follows a delivery that did not get through waits for it (same order key)."""
        held: set[str] = set()
        for row in queue:
            key = row.outgoing.order_key
            if self._stopping.is_set():
                return
            if key in held or asyncio.get_running_loop().time() < partner.not_before.get(key, 0):
                held.add(key)
                continue
            try:
                if not await self._deliver(partner, row):
                    held.add(key)
            except Unavailable:
                log.warning("outbox not writable", outgoing=row.outgoing.outgoing_id)
                return
            except Exception as failure:  # one delivery must not hold up what others wait for
                log.error("outbox delivery failed", outgoing=row.outgoing.outgoing_id, **told(failure))  # noqa: TRY400 - see fhir_service.logs
                self._pause(partner, key, again=True)
                held.add(key)

    async def _deliver(self, partner: _Partner, row: OutboxRow) -> bool:
        """One attempt; whether the next one with the same order key may go."""
        sent = row.outgoing
        outcome = await self._attempt(partner.client, row)
        if outcome.state == QUEUED and self._clock() - sent.created_at > self._patience.keep_trying:
            outcome = Outcome(PARKED, outcome.body, outcome.failure)
        # Told first: after a crash in between it is delivered once more, and telling it twice changes nothing.
        if self._listener and outcome.state != WITHDRAWN:
            await self._listener.told(sent, outcome.state)
        await self._repository.delivered(sent.outgoing_id, outcome.state, outcome.body, outcome.failure)
        self._pause(partner, sent.order_key, again=outcome.state == QUEUED)
        log.info("outbox delivery", outgoing=sent.outgoing_id, kind=sent.kind, state=outcome.state)
        return outcome.state != QUEUED

    async def _attempt(self, client: MllpClient, row: OutboxRow) -> Outcome:
        text = await self._listener.sending(row.outgoing) if self._listener else None
        if self._listener and text is None:
            return Outcome(WITHDRAWN, row.body)
        body, failure = (row.body, None) if row.body else await _written(row.outgoing, text)
        if failure:
            return Outcome(FAILED, None, failure)
        try:
            answer = await client.send(body)
        except MllpError as problem:
            return Outcome(QUEUED, body, f"{type(problem).__name__}: {problem}")
        return judged(body, answer)

    def _pause(self, partner: _Partner, key: str, *, again: bool) -> None:
        """Growing pauses with jitter, so that repeats of many do not come at once."""
        if not again:
            partner.failures.pop(key, None)
            partner.not_before.pop(key, None)
            return
        failures = partner.failures[key] = partner.failures.get(key, 0) + 1
        pause = min(self._patience.first_pause * 2.0 ** min(failures - 1, 30), self._patience.longest_pause)
        partner.not_before[key] = asyncio.get_running_loop().time() + pause * (0.5 + self._jitter() / 2)


async def _written(sent: Outgoing, text: str | None) -> tuple[bytes, str | None]:
    """The message, or why it cannot be written. In a thread: hl7apy takes tens of milliseconds.

    The same bytes each time, so that one sent before a crash and after it is the same message (SR-3).
    """
    payload = cast(FeedbackPayload, sent.payload if text is None else {**sent.payload, "text": text})
    body, issues = await asyncio.to_thread(rri.build, payload, sent.destination, sent.created_at, sent.outgoing_id)
    return body, issues[0].text if issues else None


def judged(body: bytes, answer: bytes) -> Outcome:
    """What an answer means: AA and CA to this message deliver; other AE and AR fail for good; the rest is repeated.

    AR 207 asks for a repeat. Without our MSH-10 in MSA-2 a positive answer may be one to anything.
    """
    content, _ = parse(answer, Endpoint())
    msa = content.first("MSA") if content else None
    code = msa.value(1).strip().upper() if msa else ""
    errors = content.all("ERR") if content else ()
    numbers = [n for e in errors for n in (e.value(3).strip(), e.value(1, 4).strip()) if n]
    told = f"{code or 'unreadable answer'} {' '.join(numbers)}".strip()
    if code in _POSITIVE:
        is_ours = msa is not None and msa.field(2).strip() == control_id_of(body)
        return Outcome(ACKNOWLEDGED, body) if is_ours else Outcome(QUEUED, body, f"{code} to another message")
    temporary = code in ("AR", "CR") and "207" in numbers
    return Outcome(FAILED if code in _NEGATIVE and not temporary else QUEUED, body, told)
