"""Take a message from a sender into the plan, exactly once (architecture.md 1.4, decision 36).

T1 keeps the raw bytes; T2 writes effects, receipt and outgoing notices; the answer is given after T2's commit (SR-1).
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from fhir_service.crash_point import RECEIVED, UNANSWERED, UNCOMMITTED, crash_point
from fhir_service.logs import told
from fhir_service.storage.indexing import TOO_MUCH
from fhir_service.storage.messages import InboxRow, Received, Settled
from fhir_service.storage.port import NOTHING, Changes, Reads, Repository, TooMuch, Unavailable, Uncertain
from fhir_service.workflow.message_events import with_event
from fhir_service.workflow.outcome import Translated, outcome_of
from fhir_service.workflow.settle import Ground, joined
from mappings.message import (
    Answer,
    Endpoint,
    Envelope,
    InboundMessage,
    Issue,
    MessageFormat,
    MessageKey,
    Verdict,
    error,
)

log = structlog.get_logger()
DEATHS = 2
"""A message during which the process died this often is quarantined (SR-6)."""
QUARANTINED = "quarantined"


class Ingest:
    """The door for messages of every format."""

    def __init__(
        self,
        repository: Repository,
        ground: Ground,
        formats: Mapping[str, MessageFormat],
        endpoints: Mapping[str, Endpoint],
        clock: Callable[[], datetime],
    ) -> None:
        """`formats` by name; `endpoints` by sender (MSH-3|MSH-4), with what is agreed with it."""
        self._repository = repository
        self._ground = ground
        self._formats = formats
        self._endpoints = endpoints
        self._clock = clock
        self._turns: dict[MessageKey, asyncio.Lock] = {}
        self._waiting: defaultdict[MessageKey, int] = defaultdict(int)

    async def take(self, message: InboundMessage) -> bytes:
        """Answer one message in the sender's own form. Never raises."""
        form = self._formats[message.format]
        envelope = None
        try:
            envelope, endpoint = self._read(form, message)
            async with self._turn(envelope.key):
                return (await self._take(form, envelope, endpoint)).body
        except (Unavailable, Uncertain) as failure:  # sent again, it gets the answer of the first time if it was stored
            log.warning("message not stored", door=message.door, **told(failure))
            trouble = error("temporary", "", "Temporarily not able to store messages; send it again")
        except Exception as failure:  # a top loop: whatever goes wrong, the sender hears of it and keeps its copy
            log.error("ingest failed", door=message.door, **told(failure))  # noqa: TRY400 - see fhir_service.logs
            trouble = error("internal", "", "Internal error; the message was not processed, send it again")
        if envelope is None:  # reading itself failed: the answer is that to a message of which nothing can be read
            envelope = form.read(replace(message, body=b""), Endpoint())
        return form.answer(envelope, Verdict.REFUSED, (trouble,), self._clock(), str(uuid4())).body

    async def recover(self, older_than: timedelta = timedelta(0)) -> int:
        """Process what was received and not settled when a process ended, one at a time, in order (SR-6).

        `older_than`: leave aside what came since; it may be in work elsewhere.
        """
        done = 0
        row = await self._repository.unfinished()
        while row is not None and (not older_than or row.received_at <= self._clock() - older_than):
            done += await self._recovered(row)
            row = await self._repository.unfinished(after=row.message_id)
        return done

    async def _recovered(self, row: InboxRow) -> bool:
        # The number of this start is that of the deaths: the first one was when the message came.
        if await self._repository.attempt(row.message_id) >= DEATHS:
            await self._repository.quarantine(row.message_id)
            log.error("message quarantined", message=row.message_id)
            return False
        message = InboundMessage(row.format, row.door, row.body, row.received_at, row.charset)
        form = self._formats[row.format]
        envelope, endpoint = self._read(form, message)
        try:
            await self._process(form, envelope, endpoint, row.message_id)
        except Exception as failure:  # a top loop: one poisonous message must not keep the service from starting
            log.error("recovery failed", message=row.message_id, **told(failure))  # noqa: TRY400 - see fhir_service.logs
            return False
        return True

    def _read(self, form: MessageFormat, message: InboundMessage) -> tuple[Envelope, Endpoint]:
        """Read with what is agreed with the sender; who that is shows only in the first reading."""
        envelope = form.read(message, Endpoint())
        endpoint = self._endpoints.get(envelope.sender)
        return (envelope, Endpoint()) if endpoint is None else (form.read(message, endpoint), endpoint)

    @asynccontextmanager
    async def _turn(self, key: MessageKey | None) -> AsyncIterator[None]:
        """A parallel duplicate waits for the receipt of the first (decision 36)."""
        if key is None:
            yield
            return
        lock = self._turns.setdefault(key, asyncio.Lock())
        self._waiting[key] += 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key], self._turns[key]

    async def _take(self, form: MessageFormat, envelope: Envelope, endpoint: Endpoint) -> Answer:
        message_id = str(uuid4())

        def refused(*issues: Issue) -> Answer:
            return form.answer(envelope, Verdict.REFUSED, issues, self._clock(), str(uuid4()))

        async def receive(tx: Reads) -> tuple[InboxRow | Answer | None, Changes]:
            earlier = await tx.message(envelope.key) if envelope.key else None
            if earlier is None:
                answer = refused(*envelope.issues) if any(i.refuses for i in envelope.issues) else None
                kept = Changes(received=(received(envelope, message_id, envelope.key, answer),))
                return answer, with_event(kept, envelope, Verdict.REFUSED, tx.now) if answer else kept
            if earlier.digest != envelope.digest:
                text = "This message id was received before with other content"
                other = refused(error("message-id-reused", form.key_place, text))
                kept = Changes(received=(received(envelope, message_id, None, other),))
                return other, with_event(kept, envelope, Verdict.REFUSED, tx.now)
            return earlier, NOTHING

        known = await self._repository.run(receive)
        if isinstance(known, Answer):
            log.info("refused", message=message_id, code=known.code)
            return known
        if known is not None and known.answer is not None:
            return known.answer
        if known is not None and known.state == QUARANTINED:
            text = "The service failed on this message before; it was set aside and an operator looks at it"
            return form.answer(envelope, Verdict.REFUSED, (error("quarantined", "", text),), self._clock(), message_id)
        crash_point(RECEIVED)
        return await self._process(form, envelope, endpoint, known.message_id if known else message_id)

    async def _process(self, form: MessageFormat, envelope: Envelope, endpoint: Endpoint, message_id: str) -> Answer:
        """T2: what the message means, written with its receipt."""
        translated = Translated(form, envelope, endpoint, form.translate(envelope, endpoint))
        answer_id = str(uuid4())

        async def work(tx: Reads) -> tuple[Answer, Changes]:
            known = await tx.message(envelope.key) if envelope.key else None
            if known is not None and known.message_id == message_id and known.answer is not None:
                return known.answer, NOTHING  # another process was faster
            outcome = await outcome_of(tx, translated, self._ground)
            answer = form.answer(envelope, outcome.verdict, outcome.issues, tx.now, answer_id)
            settled = Settled(message_id, answer, tx.now, outcome.binary)
            crash_point(UNCOMMITTED)
            changes = with_event(outcome.changes, envelope, outcome.verdict, tx.now, outcome.binary)
            return answer, joined(changes, settled=(settled,))

        async def refuse(tx: Reads) -> tuple[Answer, Changes]:
            answer = form.answer(envelope, Verdict.REFUSED, (TOO_MUCH,), tx.now, answer_id)
            done = Changes(settled=(Settled(message_id, answer, tx.now, None),))
            return answer, with_event(done, envelope, Verdict.REFUSED, tx.now)

        try:
            answer = await self._repository.run(work)
        except TooMuch:  # it would be so each time: the sender hears of it, and the message is done with
            answer = await self._repository.run(refuse)
        crash_point(UNANSWERED)
        log.info("ingested", kind=envelope.kind, message=message_id, code=answer.code)
        return answer


def received(envelope: Envelope, message_id: str, key: MessageKey | None, answer: Answer | None) -> Received:
    """The inbox row of a message, as read so far."""
    message = envelope.message
    return Received(
        message_id=message_id,
        format=message.format,
        door=message.door,
        sender=envelope.sender,
        control_id=envelope.control_id,
        kind=envelope.kind,
        digest=envelope.digest,
        body=message.body,
        received_at=message.received_at,
        key=key,
        charset=message.charset,
        answer=answer,
    )
