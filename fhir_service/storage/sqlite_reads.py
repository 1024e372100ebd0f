"""A unit of work on SQLite: every question is answered at once, on the connection that writes."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from fhir_service.storage.allowance import Allowance
from fhir_service.storage.port import StorageError
from fhir_service.storage.sqlite_connection import Connection
from fhir_service.storage.steps import Steps
from fhir_service.storage.transaction_reads import Asked

T = TypeVar("T")
SEARCH_SECONDS = 1.0
"""The searches within a unit of work keep everybody waiting; conditional interactions need an index."""
MANY = 1_000
"""Resources named in one question that takes long."""


def driven(connection: Connection, work: Awaitable[T]) -> T:
    """Run a coroutine to its end without a loop. One that waits for anything else than its reads is a bug.

    Nobody else writes: there is nothing to lock.
    """
    steps = work.__await__()
    searching = Allowance(SEARCH_SECONDS)
    resume: Callable[[], Any] = partial(next, steps)
    try:
        while True:
            asked = resume()
            if not isinstance(asked, Asked):
                raise RuntimeError("A unit of work may wait for nothing but its reads (decision 31)")  # noqa: TRY004
            try:
                resume = partial(steps.send, _answered(connection, asked, searching))
            except StorageError as error:
                resume = partial(steps.throw, error)
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        steps.close()


def _answered(connection: Connection, asked: Asked[Any], searching: Allowance) -> Any:
    if not asked.is_search:
        if len(asked.named) > MANY:
            connection.no_hurry()
        return connection.driven(asked.steps)
    with searching.spent() as left, connection.deadline(left):
        return connection.driven(asked.steps)


def in_one_view(connection: Connection, steps: Steps[T]) -> T:
    """All statements over the same state of the database."""
    connection.script("BEGIN")
    try:
        return connection.driven(steps)
    finally:
        connection.script("ROLLBACK")
