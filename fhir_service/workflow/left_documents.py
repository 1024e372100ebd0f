"""The documents of a plan that stays with the municipality that a person has left (P9): they stay with it."""

from collections.abc import AsyncIterator, MutableMapping
from dataclasses import replace

from fhir_service.access.rows import DOCUMENT, stays_behind
from fhir_service.rules import Standing
from fhir_service.search import parse
from fhir_service.search.query import ROOM, Cursor, SearchQuery
from fhir_service.storage.access import EVERYTHING
from fhir_service.storage.port import Reads, Stored
from fhir_service.workflow.references import parse_local

MOST_DOCUMENTS = 500
"""Documents about one person's plans that are marked when those stay behind, the newest."""
MOST_BYTES = 64_000_000
"""As far as they have room; the last of them may go beyond it."""


async def with_documents(
    tx: Reads, standings: tuple[Standing, Standing], stored: MutableMapping[str, Stored], base_url: str
) -> tuple[Standing, Standing]:
    """What there is before and afterwards, with the documents about plans that stay behind from now on.

    Documents are not loaded otherwise, as they are heavy. Adds what it loads to `stored`.
    """
    before, end = standings
    left = [f"CarePlan/{plan.get('id')}" for plan in end.of("CarePlan") if stays_behind(plan)]
    new = [literal for literal in left if not stays_behind(before.get(literal) or {})]
    if not new:
        return standings
    asked = [("related", ",".join(new)), ("_count", str(MOST_DOCUMENTS))]
    query = parse(DOCUMENT, asked, base_url=base_url).query
    rows = [row async for row in _newest(tx, query)] if query else []
    found = {f"{DOCUMENT}/{row.rid}": row for row in rows if row.person_id == end.person_id}
    there = {literal: parse_local(row.body, base_url) for literal, row in found.items()}
    for literal, row in found.items():
        stored.setdefault(literal, row)
    return (
        Standing(before.person_id, {**there, **before.resources}),
        Standing(end.person_id, {**there, **end.resources}),
    )


async def _newest(tx: Reads, query: SearchQuery) -> AsyncIterator[Stored]:
    room = MOST_BYTES
    while room > 0 and query.count > 0:
        page = await tx.search(replace(query, room=min(room, ROOM)), EVERYTHING)
        for row in page.matches:
            room -= len(row.body)
            yield row
        if page.following is None:
            return
        query = replace(query, after=Cursor(*page.following), count=query.count - len(page.matches))
