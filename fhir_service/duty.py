"""What one process alone has to do, of however many serve one database: recovery (SR-6) and the outbox (SR-5).

Who has the duty is for the database to say; when its holder dies another process takes it up within seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from adapters.outbox import OutboxWorker
from fhir_service.logs import told
from fhir_service.storage.instants import EPOCH, micros
from fhir_service.storage.port import Repository

log = structlog.get_logger()
LOOK_SECONDS = 2.0
LOOK_BACK_SECONDS = 30.0
"""How often the one on duty looks for what a process left that died meanwhile."""
IN_WORK = timedelta(seconds=30)
"""What came later than this ago may be in work in another process."""
ANSWERS_KEPT = timedelta(days=7)
"""How long the answer to an Idempotency-Key is kept (workflow.md 7.3)."""
TIDY_AFTER = timedelta(hours=1)

Recover = Callable[[timedelta], Awaitable[int]]
"""Takes up what came longer ago than that; how many it were."""


@dataclass(slots=True)
class Watch:
    """Does the duty while it is ours."""

    repository: Repository
    recover: Recover
    outbox: OutboxWorker
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _tidied: datetime = EPOCH
    _task: "asyncio.Task[None] | None" = None
    _on_duty: bool = False
    _looked_back: float = 0.0

    async def start(self) -> int:
        """Take the duty if nobody has it; how many messages were recovered."""
        recovered = await self._look()
        self._task = asyncio.create_task(self._run(), name="duty")
        return recovered

    async def stop(self) -> None:
        """End what is in work."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.outbox.stop()

    async def _run(self) -> None:
        """One of the top loops: whatever goes wrong with one look, the next one comes."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception as failure:  # the duty must outlive what nobody thought of
                log.error("duty failed", **told(failure))  # noqa: TRY400 - see fhir_service.logs

    async def _look(self) -> int:
        before, self._on_duty = self._on_duty, await self.repository.on_duty()
        if self._on_duty and not before:
            log.info("on duty")
            return await self._taken_up()
        if before and not self._on_duty:
            log.warning("off duty")
            await self.outbox.stop()
        elif self._on_duty and asyncio.get_running_loop().time() - self._looked_back > LOOK_BACK_SECONDS:
            await self._tidy()
            return await self._recovered(IN_WORK)
        return 0

    async def _tidy(self) -> None:
        """Forget answers to keys that are no longer kept."""
        now = self.clock()
        if now - self._tidied >= TIDY_AFTER:
            self._tidied = now
            await self.repository.forget_answers(micros(now - ANSWERS_KEPT))

    async def _taken_up(self) -> int:
        recovered = await self._recovered(timedelta(0))
        self.outbox.start()
        return recovered

    async def _recovered(self, older_than: timedelta) -> int:
        self._looked_back = asyncio.get_running_loop().time()
        return await self.recover(older_than)
