"""`knutepunkt audit verify`: whether the audit log is what was sealed (SR-33)."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fhir_service.cli.console import out
from fhir_service.cli.database import Database, existing_database, shown
from fhir_service.cli.stored_messages import look, when

if TYPE_CHECKING:
    from fhir_service.storage.port import Repository
    from fhir_service.workflow.sealing import Verified

Holds = Annotated[
    list[str] | None,
    typer.Option("--holds", help="A seal that was noted before: it has to be the newest of a chain, or one before it."),
]
_SAYS = {
    "changed": "a row was changed",
    "removed": "a row was removed",
    "inserted": "a row was inserted",
    "seal": "the seal itself was changed, or one before it removed",
    "cut": "the end of the log is gone: no seal is left from this time on to the one that was noted last",
}


def verify(database: Database = None, holds: Holds = None) -> None:
    """Look at every sealed row of the audit log; exit with 1 where one was changed, removed or inserted."""
    url = existing_database(database)

    async def question(repository: "Repository") -> "tuple[Verified, frozenset[str]]":
        from fhir_service.storage import open_audit
        from fhir_service.workflow.sealing import every_seal, verified

        audit = open_audit(url, clock=lambda: datetime.now(UTC))
        try:
            return await verified(repository, audit), await every_seal(audit)
        finally:
            await audit.close()

    found, seals = look(url, question)
    missing = [seal for seal in holds or () if seal not in seals]
    for one in found.breaks:
        out().print(f"{one.chain}, seal {one.seal}, {when(one.at)}: {_SAYS[one.what]}")
    for seal in missing:
        out().print(f"{seal}: there is no such seal any more")
    if found.breaks or missing:
        raise typer.Exit(1)
    out().print(f"{shown(url)}: {found.rows} rows under {found.seals} seals are as they were sealed.")
    for chain, head in found.heads.items():
        out().print(f"{chain}: {head or 'nothing is sealed yet'}")


audit = typer.Typer(no_args_is_help=True, help="Look after the audit log.")
audit.command("verify")(verify)
