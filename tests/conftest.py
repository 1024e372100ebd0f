"""No test depends on how fast a machine is, or on what else it does."""

import os

import httpx
from hypothesis import HealthCheck, settings

from fhir_service.storage import postgres_connection, postgres_pool, sqlite_reads
from fhir_service.storage.postgres import PostgresRepository
from fhir_service.storage.sqlite import SqliteRepository
from tests.waiting import GUARD

# With CI set the examples are the same each time: what is new is looked for at one's desk, and never holds up a change
# that has nothing to do with it.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("unhurried")
for _step in ("connect", "read", "write", "pool"):  # a client that is told nothing else waits five seconds
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _step, GUARD)
# What the service gives up on in time, on a machine that does nothing else; what is about giving up says when.
for _repository in (PostgresRepository, SqliteRepository):
    _repository.__init__.__kwdefaults__["search_deadline"] = GUARD
sqlite_reads.SEARCH_SECONDS = postgres_connection.CONNECT_SECONDS = postgres_pool.WAIT_SECONDS = GUARD
