"""The migration that moves `subject` from the generic rows into a column of the narrow tables, and back."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from fhir_service.storage.schema import MIGRATIONS
from fhir_service.storage.tables import parameter_id
from tests.unit.storage.test_schema import url

SUBJECT, TEAM = parameter_id("CarePlan", "subject"), parameter_id("CarePlan", "care-team")
ROWS = [
    (SUBJECT, "p-1", "Patient", 5, 1, "p-1", "default", ""),
    (TEAM, "ct-1", "CareTeam", 5, 1, "p-1", "default", ""),
    (SUBJECT, "https://elsewhere/Patient/2", "", 6, 2, None, "default", ""),
]
PUT = "INSERT INTO ref VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
"""The columns are param, target, rtype, updated, pk, person_id, tenant_id, sector."""


def test_subject_moves_into_its_column_and_back(path: Path) -> None:
    engine, config = sa.create_engine(url(path)), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        for row in ROWS:
            connection.exec_driver_sql(PUT, row)
        connection.exec_driver_sql(
            "INSERT INTO typed_care_plan (pk, updated, person_id, tenant_id, sector) "
            "VALUES (1, 5, 'p-1', 'default', ''), (2, 6, NULL, 'default', ''), (3, 7, NULL, 'default', '')"
        )
        command.upgrade(config, "0005")
        found = connection.exec_driver_sql("SELECT pk, subject_target, subject_rtype FROM typed_care_plan ORDER BY pk")
        assert found.all() == [(1, "p-1", "Patient"), (2, "https://elsewhere/Patient/2", ""), (3, None, None)]
        assert connection.exec_driver_sql("SELECT param FROM ref").all() == [(TEAM,)]
        command.downgrade(config, "0004")
        left = connection.exec_driver_sql("SELECT * FROM ref ORDER BY pk, target DESC")
        assert left.all() == ROWS
    engine.dispose()
