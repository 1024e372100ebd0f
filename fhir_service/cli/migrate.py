"""`knutepunkt migrate`: the database to the schema of this version (decision 40)."""

from fhir_service.cli.console import Problem, out
from fhir_service.cli.database import Database, existing_database, shown


def migrate(database: Database = None) -> None:
    """Bring the database to the schema of this version; stop the service first.

    In mode dev `knutepunkt serve` does this by itself.
    """
    from fhir_service.storage import claimed
    from fhir_service.storage import migrate as bring_up_to_date
    from fhir_service.storage.port import StorageError

    url = existing_database(database)
    try:
        with claimed(url):
            bring_up_to_date(url)
    except (ValueError, StorageError) as failed:
        raise Problem(str(failed)) from failed
    out().print(f"{shown(url)} has the schema of this version.")
