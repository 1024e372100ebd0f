"""What the service notes about its installation, one value under a key; for both back-ends (`steps`)."""

from sqlalchemy import bindparam, insert, select, update

from fhir_service.storage.prepared import prepare
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import INSTALLATION

_GET = prepare(select(INSTALLATION.c.value).where(INSTALLATION.c.key == bindparam("key")))
_SET = prepare(insert(INSTALLATION).returning(INSTALLATION.c.key), ("key", "value"))
_CHANGE = prepare(
    update(INSTALLATION).where(INSTALLATION.c.key == bindparam("of_key")).returning(INSTALLATION.c.key), ("value",)
)


def noted(key: str) -> Steps[str]:
    """What is noted; empty where nothing is."""
    found = yield _GET, {"key": key}
    return bytes(found[0][0]).decode() if found else ""


def note(key: str, value: str) -> Steps[None]:
    """Note it in the place of what was."""
    changed = yield _CHANGE, {"of_key": key, "value": value.encode()}
    if not changed:
        yield _SET, {"key": key, "value": value.encode()}
