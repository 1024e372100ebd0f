"""The whole way of an import: by rank, then what had to wait, then what only goes together."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fhir_service.cli.console import Problem
from fhir_service.cli.endpoint import Endpoint
from fhir_service.cli.importing.circles import circles
from fhir_service.cli.importing.delivery import (
    DUPLICATE_PLAN,
    GUARDED,
    How,
    Result,
    decoded,
    deliver,
    deliver_whole,
    stands_there,
)
from fhir_service.cli.importing.ledger import Ledger
from fhir_service.cli.importing.rejects import Rejects
from fhir_service.cli.importing.second_plan import keep
from fhir_service.cli.importing.sources import Item, Sources, Spot, Unreadable
from fhir_service.cli.importing.together import without_plans
from fhir_service.cli.importing.wanted import entry_of, is_same, transaction, transaction_of
from profiles.resource import Resource

MOST_BYTES = 2_000_000
"""In one batch; the service takes more."""
MOST_TOGETHER = 500
"""Resources that refer to each other and are sent as one transaction."""
Told = Counter[tuple[str, How]]


@dataclass(frozen=True, slots=True)
class Options:
    """How it is sent: resources in one batch, batches at once."""

    batch: int = 100
    parallel: int = 4


@dataclass(slots=True)
class Course:
    """One run. `told`: how many of each type became what; `advance` is called with how many are settled."""

    endpoint: Endpoint
    sources: Sources
    ledger: Ledger
    rejects: Rejects
    options: Options
    advance: Callable[[int], None]
    told: Told = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)
    """Contents that were met in this run."""
    _waiting: dict[str, Result] = field(default_factory=dict)
    """By content: what was refused for something that may come."""

    async def run(self) -> None:
        """Bring everything in. Raises Problem when the service stops answering; what was done stays done."""
        for refused in self.sources.unreadable:
            self._reject(refused, "?")
        for spots in self.sources.ranks:
            await self._send_all(self._items(spots))
        while self._waiting:
            before = len(self._waiting)
            await self._send_all(self._again())
            if len(self._waiting) == before:
                break
        for circle in circles([result.item for result in self._waiting.values()]):
            await self._send_circle(circle)
        for result in self._waiting.values():
            self._reject(result, _type_of(result.item))

    def _items(self, spots: Iterable[Spot]) -> Iterator[Item]:
        """What is still to be done; each content once."""
        for spot in spots:
            found = self.sources.load(spot)
            if isinstance(found, Unreadable):
                self._reject(found, "?")
            elif found.digest in self.ledger.done or found.digest in self._seen:
                self._settle(_type_of(found), How.PRESENT)
            else:
                self._seen.add(found.digest)
                yield found

    def _again(self) -> Iterator[Item]:
        """What waited, read once more."""
        read = (self.sources.load(result.item.spot) for result in tuple(self._waiting.values()))
        return (found for found in read if isinstance(found, Item))

    async def _send_all(self, items: Iterable[Item]) -> None:
        """Batches of items, some at once; the next is made when one is answered."""
        gate = asyncio.Semaphore(self.options.parallel)

        async def one(work: Awaitable[None]) -> None:
            try:
                await work
            finally:
                gate.release()

        try:
            async with asyncio.TaskGroup() as group:
                for several in self._batches(items):
                    await gate.acquire()
                    group.create_task(one(self._send(several)))
        except* Problem as problems:
            raise problems.exceptions[0] from None

    def _batches(self, items: Iterable[Item]) -> Iterator[list[Item]]:
        several: list[Item] = []
        size = 0
        for item in items:
            if item.is_transaction:
                yield [item]
                continue
            if several and (len(several) >= self.options.batch or size + item.size > MOST_BYTES):
                yield several
                several, size = [], 0
            several.append(item)
            size += item.size
        if several:
            yield several

    async def _send(self, items: list[Item]) -> None:
        items = [item for item in items if not await self._was_done(item)]
        if not items:
            return
        self.ledger.begin(item.digest for item in items)
        if items[0].is_transaction:
            result = await self._whole(items[0], transaction_of(items[0]))
            self._take([result])
            return
        results = await deliver(self.endpoint, items)
        self._take([await self._looked_into(result) for result in results])

    async def _was_done(self, item: Item) -> bool:
        """Whether an earlier run that did not come to its end had brought it in after all."""
        if item.digest not in self.ledger.unsure:
            return False
        entries = transaction_of(item)["entry"] if item.is_transaction else [entry_of(item)]
        if not await stands_there(self.endpoint, entries):
            return False
        self._take([Result(item, How.PRESENT, 200)])
        return True

    async def _looked_into(self, result: Result) -> Result:
        """What a refusal means for an import."""
        item = result.item
        if result.status == GUARDED:
            answer = await self.endpoint.ask("GET", f"{_type_of(item)}/{entry_of(item)['resource'].get('id')}")
            if answer.status_code == 200 and is_same(item.resource, decoded(answer.content)):
                return Result(item, How.PRESENT, 200)
        elif result.has(DUPLICATE_PLAN) and _type_of(item) == "CarePlan":
            refused = await keep(self.endpoint, item.resource, item.digest, datetime.now(UTC))
            return Result(item, How.REJECTED if refused else How.SECOND_PLAN, result.status, refused)
        return result

    async def _whole(self, item: Item, bundle: Resource) -> Result:
        """A transaction; one that brings a second plan goes without it, and the plan to the KE."""
        result, answer = await deliver_whole(self.endpoint, item, bundle)
        if not result.has(DUPLICATE_PLAN):
            return result
        rest, plans_in = without_plans(bundle)
        result, answer = await deliver_whole(self.endpoint, item, rest)
        if result.how in (How.CREATED, How.UPDATED):
            for place, plan in enumerate(plans_in(answer)):
                refused = await keep(self.endpoint, plan, f"{item.digest}|{place}", datetime.now(UTC))
                if refused:
                    return Result(item, How.REJECTED, result.status, refused)
                self.told["CarePlan", How.SECOND_PLAN] += 1
        return result

    async def _send_circle(self, circle: list[Item]) -> None:
        """Resources that refer to each other, all or nothing."""
        if len(circle) > MOST_TOGETHER or any(item.is_transaction for item in circle):
            return
        result, _ = await deliver_whole(self.endpoint, circle[0], transaction([entry_of(item) for item in circle]))
        if result.how in (How.CREATED, How.UPDATED):
            self._take([Result(item, How.CREATED, 201) for item in circle])

    def _take(self, results: list[Result]) -> None:
        """Put down what was answered."""
        taken = []
        for result in results:
            if result.how is How.LATER:
                self._waiting[result.item.digest] = result
                continue
            self._waiting.pop(result.item.digest, None)
            if result.how is How.REJECTED:
                self._reject(result, _type_of(result.item))
            else:
                taken.append(result.item.digest)
                self._settle(_type_of(result.item), result.how)
        self.ledger.finish(taken)

    def _reject(self, one: Result | Unreadable, rtype: str) -> None:
        self.rejects.add(one)
        self._settle(rtype, How.REJECTED)

    def _settle(self, rtype: str, how: How) -> None:
        self.told[rtype, how] += 1
        self.advance(1)


def _type_of(item: Item) -> str:
    return str(item.resource.get("resourceType"))
