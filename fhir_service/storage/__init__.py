"""The database: what the service asks of it (`port`), and opening and migrating one."""

from fhir_service.storage.claim import AlreadyServed, claimed
from fhir_service.storage.opening import open_audit, open_repository
from fhir_service.storage.port import StorageError
from fhir_service.storage.schema import StaleSchema, is_current, migrate

__all__ = [
    "AlreadyServed",
    "StaleSchema",
    "StorageError",
    "claimed",
    "is_current",
    "migrate",
    "open_audit",
    "open_repository",
]
