"""`knutepunkt outbox`: what is to be delivered to partners, and what was."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from fhir_service.cli.console import out
from fhir_service.cli.database import Database
from fhir_service.cli.stored_messages import Limit, look, partner, state, table, when

if TYPE_CHECKING:
    from fhir_service.storage.messages import OutboxRow


def outbox(database: Database = None, limit: Limit = 50) -> None:
    """List the deliveries: first those that wait, then the newest delivered.

    It reads the database of the service, also while that is running.
    """
    rows = look(database, lambda repository: repository.outbox(limit))
    out().print(_listed(rows) if rows else "Nothing waits and nothing was delivered.")


def _listed(rows: "tuple[OutboxRow, ...]") -> Table:
    listed = table("made", "to", "message", "state", "tries", "last error")
    for row in rows:
        outgoing = row.outgoing
        listed.add_row(
            when(outgoing.created_at),
            Text(partner(outgoing.destination)),
            Text(outgoing.kind),
            state(row.state),
            str(row.attempts),
            Text(row.last_error or ""),
        )
    return listed
