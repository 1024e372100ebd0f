"""Rows that earlier versions of the service have written get the labels and grants of this one (SR-11, decision 34).

What is labelled otherwise is written once more as it is, as when something else gives it other labels; grants are
worked out anew for everybody. It is done at a start, one person after the other, and goes on where it was broken off.
"""

from collections.abc import Iterator
from functools import partial

import structlog

from fhir_service.principal import SERVICE
from fhir_service.rules import Draft
from fhir_service.storage import installation, owners
from fhir_service.storage.port import Changes, Reads, Repository, Stored, Work, Write
from fhir_service.workflow.labelling import RELABELLING, Labelling
from fhir_service.workflow.settle import Ground, settled_anew
from fhir_service.workflow.versions import next_version, parse_body

log = structlog.get_logger()
TOLD = "1"
"""Another one has rows written anew: when a change of the code gives what is stored other labels or grants."""
_KEY = "labels-and-grants"
_AT_ONCE = 500


async def renewed(repository: Repository, ground: Ground) -> int:
    """Renew the rows of all persons, if that has not been done yet; returns how many persons there are."""
    if await repository.ask(partial(installation.noted, _KEY)) == TOLD:
        return 0
    count, last = 0, ""
    while persons := await repository.ask(partial(owners.persons, last, _AT_ONCE)):
        for person in persons:
            types = await repository.ask(partial(owners.types, person))
            await repository.run(_anew(person, types, ground))
        count, last = count + len(persons), persons[-1]
    await repository.note(partial(installation.note, _KEY, TOLD))
    if count:
        log.info("labels and grants renewed", count=count)
    return count


def _anew(person: str, types: tuple[str, ...], ground: Ground) -> Work[None]:
    async def work(tx: Reads) -> tuple[None, Changes]:
        labels, grants = await settled_anew(tx, person, ground)
        rows = await tx.of_persons([person], types)
        return None, Changes(writes=tuple(_relabelled(tx, rows, person, labels)), grants=grants)

    return work


def _relabelled(tx: Reads, rows: tuple[Stored, ...], person: str, labels: Labelling) -> Iterator[Write]:
    for row in rows:
        resource = parse_body(row.body)
        draft = Draft(row.rtype, row.rid, after=resource, before=resource, by=SERVICE, cause=RELABELLING)
        labelled = labels.of(draft, person, row)
        if labelled.sector != row.sector:
            yield next_version(draft, row.version + 1, tx.now, person, labelled=labelled)
