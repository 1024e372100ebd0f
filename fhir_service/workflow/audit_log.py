"""The audit log over REST: AuditEvents read and searched as resources, newest first, from wherever they lie.

What clients have recorded (ITI-20) and what messages left behind are resources; reads and refusals are rows of the
log, changes are the versions themselves. The log is for who is not narrowed, for the role `administrator`, and of their
own person for everybody (SR-34).
"""

import re
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import msgspec

from fhir_service.search.query import Criterion, DateValue, ParameterType, Prefix, SearchQuery, Sort
from fhir_service.storage import audit_changes, audit_statements
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.audit import AuditStore, Row, Span
from fhir_service.storage.audit_changes import Change
from fhir_service.storage.port import Page, Repository, Stored, TooSlow
from fhir_service.workflow.audit_criteria import entity_in, holds, is_date, narrowed, patients_in
from fhir_service.workflow.audit_events import CHANGE_ID, Event, audit_event, events_of_row
from fhir_service.workflow.by_time import after, in_order, is_ascending, page_of
from fhir_service.workflow.change_events import events_of_changes
from fhir_service.workflow.drafted_matches import Drafted
from fhir_service.workflow.versions import encode
from profiles.resource import Resource

LOG = "AuditEvent"
AUDITOR = "administrator"
CHUNK = 200
MOST = 20_000
"""Rows that one search may look at."""
EVER = 1 << 62
_READ = re.compile(r"r([0-9a-f]{1,15})-([0-9a-f]{1,8})-[0-9]{1,9}")


class _Asked(msgspec.Struct, frozen=True):
    """A search of the log. `persons`: None: of everybody; `patients`: person -> the Patient that was asked for;
    `judged`: what is left to be judged of each event."""

    lo: int
    hi: int
    query: SearchQuery
    judged: SearchQuery
    dates: tuple[Criterion, ...] = ()
    persons: frozenset[str] | None = None
    entity: tuple[str, str] | None = None
    patients: dict[str, str] = msgspec.field(default_factory=dict)


def is_open(access: Access) -> bool:
    """Whether the log has anything for this caller: everybody's, or that of themselves or of whom they represent."""
    everybodys = access.condition is None or access.bound.get("access_role") == AUDITOR
    return everybodys or "access_patient" in access.bound or _represents(access)


def _represents(access: Access) -> bool:
    return (access.sight.person or "").startswith("RelatedPerson/")


def with_log(repository: Repository, audit: AuditStore, base_url: str) -> Repository:
    """The same; AuditEvents are those of the log as well."""
    return cast(Repository, _WithLog(repository, audit, base_url))


class _WithLog:
    def __init__(self, inner: Repository, audit: AuditStore, base_url: str) -> None:
        self._inner = inner
        self._log = AuditLog(inner, audit, base_url)

    def __getattr__(self, name: str) -> Any:
        """What is no AuditEvent."""
        return getattr(self._inner, name)

    def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Awaitable[Stored | None]:
        if rtype == LOG and (_READ.fullmatch(rid) or CHANGE_ID.fullmatch(rid)):
            return self._log.event(rid, access)
        return self._inner.read(rtype, rid, access)

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        if rtype == LOG and (_READ.fullmatch(rid) or CHANGE_ID.fullmatch(rid)):
            return await self._log.event(rid, access) if version == 1 else None
        return await self._inner.vread(rtype, rid, version, access)

    def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Awaitable[Page]:
        return self._log.search(query, access) if query.rtype == LOG else self._inner.search(query, access)


class AuditLog:
    """Reads it. `repository`: where resources lie."""

    def __init__(self, repository: Repository, audit: AuditStore, base_url: str) -> None:
        self._repository = repository
        self._audit = audit
        self._base_url = base_url

    async def event(self, rid: str, access: Access) -> Stored | None:
        """The AuditEvent with an id of the log; None as well where it is not the caller's to read."""
        if match := _READ.fullmatch(rid):
            at, writer = int(match[1], 16), int(match[2], 16)
            row = await self._audit.ask(lambda: audit_statements.one(at, writer))
            found = [] if row is None else events_of_row(row.at, row.writer, row.kept, None)
        else:
            at = int(rid[1:].partition("-")[0], 16)
            found = await self._made_at([at])
        persons = await self._open_to(access)
        named = [e for e in found if e.eid == rid and (persons is None or e.person_id in persons)]
        shown = await self._shown(named, access)
        return (await self._stored(shown, {}))[0] if shown else None

    async def search(self, query: SearchQuery, access: Access) -> Page:
        """One page. Raises TooSlow when too much would have to be looked at."""
        asked = await self._asked(query, await self._open_to(access))
        whole = is_ascending(query) or query.total
        recorded = await self._recorded(asked, access, whole)
        events = await self._events(asked, None if whole else query.count + 1, access)
        return page_of(in_order((*recorded.matches, *events), query), query, recorded.included)

    async def _open_to(self, access: Access) -> frozenset[str] | None:
        """The persons whose events the caller may read; None: everybody's."""
        if access.condition is None or access.bound.get("access_role") == AUDITOR:
            return None
        own = access.bound.get("access_patient")
        if own is not None:
            return await self._persons([own], {})
        if not _represents(access):
            return frozenset()
        persons = await self._repository.ask(partial(audit_changes.represented, access))
        return await self._repository.ask(partial(audit_changes.were, persons))

    async def _persons(self, patient_ids: Iterable[str], patients: dict[str, str]) -> frozenset[str]:
        """All persons that these Patients are and were; notes in `patients` which Patient is asked for."""
        found: frozenset[str] = frozenset()
        for rid in patient_ids:
            stored = await self._repository.read("Patient", rid)
            if stored is not None and stored.person_id is not None:
                person = stored.person_id
                were = await self._repository.ask(partial(audit_changes.were, [person]))
                patients.update(dict.fromkeys(were, rid))
                found |= were
        return found

    async def _asked(self, query: SearchQuery, open_to: frozenset[str] | None) -> _Asked:
        lo, hi, dates, rest, persons, entity = 0, EVER, [], [], open_to, None
        patients: dict[str, str] = {}
        for condition in query.criteria:
            if is_date(condition):
                criterion = cast(Criterion, condition)
                dates.append(criterion)
                lo, hi = narrowed(lo, hi, criterion)
                continue
            rest.append(condition)
            if (ids := patients_in(condition)) is not None:
                named = await self._persons(ids, patients)
                persons = named if persons is None else persons & named
            entity = entity_in(condition) or entity
        if query.after is not None and not is_ascending(query):
            hi = min(hi, int(cast(int, query.after.values[0])) + 1)
        judged = replace(query, criteria=tuple(rest))
        return _Asked(lo, hi, query, judged, tuple(dates), persons, entity, patients)

    async def _recorded(self, asked: _Asked, access: Access, whole: bool) -> Page:
        """What clients and messages have recorded."""
        query, criteria = asked.query, asked.query.criteria
        if asked.hi != EVER:
            until = DateValue(Prefix.LT, asked.hi, asked.hi)
            criteria = (*criteria, Criterion("_lastUpdated", ParameterType.DATE, (until,)))
        newest = (Sort("_lastUpdated", ParameterType.DATE, descending=True),)
        count = 1_000 if whole else query.count + CHUNK
        return await self._repository.search(
            replace(query, criteria=criteria, sort=newest, after=None, count=count, total=False), access
        )

    async def _events(self, asked: _Asked, wanted: int | None, access: Access) -> list[Stored]:
        """Those of the log that match, newest first; at least `wanted` of them after the cursor, if there are."""
        found: list[Stored] = []
        hi, limit, looked = asked.hi, CHUNK, 0
        if asked.persons is not None and not asked.persons:
            return found
        while True:
            span = Span(asked.lo, hi, limit, _listed(asked.persons), asked.entity if asked.persons is None else None)
            events, floor = await self._chunk(span, asked)
            found += await self._matching(await self._shown(events, access), asked)
            looked += len(events)
            if floor is None or (wanted is not None and len(after(found, asked.query)) >= wanted):
                return found
            if looked > MOST:
                raise TooSlow("The log is too long for this search")
            limit = limit * 4 if floor + 1 == hi else limit
            hi = floor + 1

    async def _chunk(self, span: Span, asked: _Asked) -> tuple[list[Event], int | None]:
        """The next events, and the time down to which (excluded) they are all there; None: to the end."""
        rows = await self._audit.ask(lambda: audit_statements.rows(span))
        told = [e for row in rows for e in events_of_row(row.at, row.writer, row.kept, asked.persons)]
        made = [await self._repository.ask(partial(audit_changes.changes, span, table)) for table in (0, 1)]
        found: list[Sequence[Row | Change]] = [rows, *made]
        floor = max((part[-1].at for part in found if len(part) == span.limit), default=None)
        times = sorted({change.at for part in made for change in part if floor is None or change.at > floor})
        told += await self._made_at(times) if times else []
        of = asked.persons
        return [e for e in told if (floor is None or e.at > floor) and (of is None or e.person_id in of)], floor

    async def _shown(self, events: list[Event], access: Access) -> list[Event]:
        """Without those about what is hidden from who represents the person; others see all that is theirs to see."""
        if not _represents(access):
            return events
        named = {key for e in events for key in e.resources}
        seen = {key for key in sorted(named) if await self._repository.read(*key, access) is not None}
        return [e for e in events if seen >= e.resources]

    async def _made_at(self, times: list[int]) -> list[Event]:
        """The events of changes that were made at these times."""
        return events_of_changes(await self._repository.ask(partial(audit_changes.changes_at, times)))

    async def _matching(self, events: Sequence[Event], asked: _Asked) -> list[Stored]:
        held = [e for e in events if all(holds(d, e.at) for d in asked.dates)]
        stored = await self._stored(held, asked.patients)
        if not asked.judged.criteria:
            return stored
        resources: list[tuple[str, Resource]] = [(s.rid, msgspec.json.decode(s.body)) for s in stored]
        matching = Drafted(resources, self._base_url).matching(asked.judged).certain
        return [s for s in stored if s.rid in matching]

    async def _stored(self, events: Sequence[Event], patients: dict[str, str]) -> list[Stored]:
        """The events as versions of resources."""
        unknown = sorted({e.person_id for e in events if e.person_id is not None} - patients.keys())
        known = await self._repository.ask(lambda: audit_changes.patients(unknown)) if unknown else {}
        return [self._one(event, {**known, **patients}.get(event.person_id or "")) for event in events]

    def _one(self, event: Event, patient: str | None) -> Stored:
        body = encode(audit_event(event, f"Patient/{patient}" if patient else None, self._base_url))
        return Stored(LOG, event.eid, 1, event.at, body, False, event.person_id, {})


def _listed(persons: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if persons is None else tuple(sorted(persons))
