"""A database that an earlier version has made goes on: schema, labels, grants, search, log (SR-11).

`tests/cases/migrations/[revision].json`: the rows of a person's plan as the service wrote them at that revision.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from fhir_service.settings import Settings
from fhir_service.storage import postgres_schema, sqlite_schema
from fhir_service.storage.postgres_url import postgres_url
from fhir_service.storage.schema import MIGRATIONS
from tests import postgres
from tests.rest.conftest import BASE, Rest, code, matches, opened_rest
from tests.rest.test_audit import events, kinds

FOLDER = Path(__file__).parents[1] / "cases" / "migrations"
REVISIONS = sorted(file.stem for file in FOLDER.glob("*.json"))
SCHOOL = {"X_Knutepunkt_Role": "service", "X_Knutepunkt_Organization": "Organization/school"}
COORDINATOR = {"X_Knutepunkt_Role": "coordinator", "X_Knutepunkt_Organization": "Organization/unit"}
KE = {"X_Knutepunkt_Role": "ke", "X_Knutepunkt_Organization": "Organization/ke"}
SELF = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": "Patient/arne"}
STRANGER = {"X_Knutepunkt_Role": "service", "X_Knutepunkt_Organization": "Organization/trust"}


def _was(connection: sa.Connection, revision: str) -> None:
    """The schema of a revision, and the rows of that time."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    tables: dict[str, Any] = json.loads((FOLDER / f"{revision}.json").read_text(encoding="utf-8"))
    for name, told in tables.items():
        table = sa.table(name, *map(sa.column, told["columns"]))
        rows = [[cell["b"].encode() if isinstance(cell, dict) else cell for cell in row] for row in told["rows"]]
        connection.execute(sa.insert(table), [dict(zip(told["columns"], row, strict=True)) for row in rows])
        if connection.dialect.name == "postgresql" and name in ("resource", "history"):
            newest = sa.select(sa.func.max(sa.column("pk"))).select_from(sa.table(name)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(name, "pk"), newest)))


@pytest.fixture(scope="module", params=[f"{back}-{rev}" for back in ("sqlite", "postgresql") for rev in REVISIONS])
def rest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    folder: Path = tmp_path_factory.mktemp("upgraded")
    back, _, revision = request.param.partition("-")
    with ExitStack() as opened:
        if back == "sqlite":
            url = f"sqlite:///{folder / 'k.db'}"
            sqlite_schema.upgrade(folder / "k.db", lambda connection: _was(connection, revision))
            _joined_in_the_log(folder / "k.audit.db")
        else:
            url = opened.enter_context(postgres.empty_database())
            postgres_schema.upgrade(postgres_url(url), lambda connection: _was(connection, revision))
        settings = Settings(database=url, mllp="", base_url=BASE, export_folder=folder / "exports")
        yield opened.enter_context(opened_rest(settings, folder / "k.db"))


def _joined_in_the_log(path: Path) -> None:
    """Before 0010 whom a person turned out to be lay beside the database."""
    with closing(sqlite3.connect(path)) as log:
        log.execute("CREATE TABLE audit_joined (person_id TEXT, to_person TEXT, PRIMARY KEY (person_id, to_person))")
        log.execute("INSERT INTO audit_joined VALUES ('was', 'is-now')")
        log.commit()


def found(rest: Rest, path: str, **headers: str) -> list[str]:
    return sorted(f"{one['resourceType']}/{one['id']}" for one in matches(rest.get(path, **headers)))


def test_who_saw_it_sees_it_and_nobody_else(rest: Rest) -> None:
    goals = ["Goal/goal-school", "Goal/goal-trust"]
    for who, expected in ((COORDINATOR, goals), (KE, goals), (SELF, goals), (SCHOOL, goals[:1]), (STRANGER, [])):
        assert found(rest, "Goal?patient=arne", **who) == expected, who
    whole, part = (rest.get("CarePlan/plan", **who) for who in (KE, SCHOOL))
    assert ("goal-trust" in whole.text, "goal-school" in part.text) == (True, True)
    assert "goal-trust" not in part.text + rest.get("CarePlan/plan/_history", **SCHOOL).text
    assert rest.get("CarePlan/plan", **STRANGER).status_code == 404
    assert rest.get("Observation/obs", **STRANGER).status_code == 404


def test_what_was_written_is_found_as_before(rest: Rest) -> None:
    """By a column of its own type, a row for all types, a chain, an identifier, a parameter of ours."""
    for path, expected in (
        ("CarePlan?subject=Patient/arne&status=active", ["CarePlan/plan"]),
        ("CarePlan?care-team.participant=PractitionerRole/kari", ["CarePlan/plan"]),
        ("CarePlan?managing-municipality=Organization/ke", ["CarePlan/plan"]),
        ("CareTeam?participant=PractitionerRole/teacher", ["CareTeam/team"]),
        ("Patient?identifier=15918512397", ["Patient/arne"]),
        ("Patient?family=Prøvesen&_has:CarePlan:patient:status=active", ["Patient/arne"]),
        ("Observation?patient=arne", ["Observation/obs"]),
        ("Consent?patient=arne&status=active", ["Consent/plan-creation", "Consent/plan-sharing"]),
    ):
        assert found(rest, path) == expected, path
    assert rest.get("Observation/gone").status_code == 410
    assert rest.get("CarePlan/plan/_history/1").json()["status"] == "draft"


def test_the_person_is_who_they_were(rest: Rest) -> None:
    """SR-12, SR-14: another record of the number is the same person, with one plan in force."""
    number = rest.get("Patient/arne").json()["identifier"]
    other = rest.stored({"resourceType": "Patient", "identifier": number})
    second = {**rest.get("CarePlan/plan").json(), "subject": {"reference": f"Patient/{other['id']}"}}
    del second["id"], second["goal"], second["activity"]
    refused = rest.post(second)
    assert (refused.status_code, code(refused)) == (409, "duplicate-plan")
    assert found(rest, f"CarePlan?patient={other['id']}") in ([], ["CarePlan/plan"])


def test_the_log_goes_on(rest: Rest) -> None:
    goal = rest.get("Goal/goal-trust").json()
    answer = rest.put({**goal, "startDate": "2026-03-01"}, If_Match=f'W/"{goal["meta"]["versionId"]}"')
    assert answer.status_code == 200, answer.text
    assert kinds(events(rest, "entity=Goal/goal-trust"))["update"] >= 1
    (change, *_) = matches(rest.get("Provenance?target=Goal/goal-trust"))
    assert change["activity"]["coding"][0]["code"] == "UPDATE"
    assert rest.get("Patient/arne/$access-log", **SELF).status_code == 200


def test_what_the_log_knew_of_persons_is_kept(rest: Rest) -> None:
    if rest.database.exists():
        with closing(sqlite3.connect(rest.database)) as database:
            told = database.execute("SELECT person_id, to_person FROM audit_joined WHERE person_id = 'was'").fetchall()
        assert told == [("was", "is-now")]
    else:
        assert found(rest, "Patient?_id=arne") == ["Patient/arne"]


def test_rows_are_renewed_once(tmp_path: Path) -> None:
    sqlite_schema.upgrade(tmp_path / "k.db", lambda connection: _was(connection, REVISIONS[0]))
    settings = Settings(
        database=f"sqlite:///{tmp_path / 'k.db'}", mllp="", base_url=BASE, export_folder=tmp_path / "exports"
    )
    versions = []
    for _ in range(2):
        with opened_rest(settings, tmp_path / "k.db") as rest:
            versions.append([rest.get(one).json()["meta"]["versionId"] for one in ("CarePlan/plan", "Observation/obs")])
    assert versions[0] == versions[1]
    assert versions[0][0] == "3"
