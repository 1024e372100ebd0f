"""`knutepunkt inbox`: the messages that came, and what became of them."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from fhir_service.cli.console import out
from fhir_service.cli.database import Database
from fhir_service.cli.stored_messages import Limit, look, partner, state, table, when

if TYPE_CHECKING:
    from fhir_service.storage.messages import InboxRow


def inbox(database: Database = None, limit: Limit = 50) -> None:
    """List the messages that were received, newest first: when, from whom, what, verdict and the first issue.

    It reads the database of the service, also while that is running.
    """
    rows = look(database, lambda repository: repository.inbox(limit))
    out().print(_listed(rows) if rows else "Nothing was received yet. Send something: knutepunkt send FILE")


def _listed(rows: "tuple[InboxRow, ...]") -> Table:
    listed = table("received", "from", "message", "control id", "by", "verdict", "answer", "first issue")
    for row in rows:
        answer = row.answer
        first = answer.issues[0] if answer and answer.issues else None
        listed.add_row(
            when(row.received_at),
            Text(partner(row.sender)),
            Text(row.kind or "(unreadable)"),
            Text(row.control_id),
            row.door,
            state(str(answer.verdict) if answer and row.state == "settled" else row.state),
            answer.code if answer else "",
            Text(f"{first.code} at {first.at}: {first.text}" if first else ""),
        )
    return listed
