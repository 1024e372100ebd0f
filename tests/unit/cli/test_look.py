"""`knutepunkt inbox`, `outbox`, `catalogue`, `migrate`, `version`: what they show beside a running service."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.cli.console import Problem

from .conftest import Running

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(program, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_inbox_shows_who_sent_what_and_its_verdict(running: Running, tmp_path: Path) -> None:
    broken = tmp_path / "broken.hl7"
    broken.write_bytes(b"MSH|^~\\&|APP|WARD^1^ENH|||20261122||ADT^Z99|I-1|T|2.5\r")
    CliRunner().invoke(program, ["send", str(broken), "--mllp", running.mllp])
    CliRunner().invoke(program, ["send", str(EXAMPLES / "1-admission.hl7"), "--mllp", running.mllp])
    lines = run("inbox", "--database", running.database).splitlines()
    refused = next(line for line in lines if "I-1" in line)
    assert [word in refused for word in ("APP WARD", "ADT^Z99", "mllp", "refused", "AR", "unsupported-event")] == [
        True
    ] * 6
    accepted = next(line for line in lines if "EXAMPLE-1" in line)
    assert [word in accepted for word in ("DIPS St. Olavs hospital", "ADT^A01", "applied", "AA")] == [True] * 4


def test_inbox_shows_as_many_as_wanted(running: Running) -> None:
    CliRunner().invoke(program, ["send", *map(str, sorted(EXAMPLES.glob("*.hl7"))), "--mllp", running.mllp])
    shown = run("inbox", "--database", running.database, "-n", "1")
    assert shown.count("EXAMPLE-") + shown.count("I-1") <= 1


def test_outbox_is_told_when_empty_or_listed(running: Running) -> None:
    shown = run("outbox", "--database", running.database)
    assert "Nothing waits" in shown or "RRI^I12" in shown


@pytest.mark.parametrize("command", ["inbox", "outbox", "migrate"])
def test_missing_database_says_what_to_do(command: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="give the service's own with --database, or start it"):
        run(command, "--database", f"sqlite:///{tmp_path}/none.db")
    assert not list(tmp_path.iterdir())  # looking makes nothing


@pytest.mark.parametrize("url", ["mysql://here/db", "none.db", "sqlite:///"])
def test_database_that_cannot_be_served_says_what_is_expected(url: str) -> None:
    with pytest.raises(Problem, match=r"--database: .*sqlite:///FILE"):
        run("inbox", "--database", url)


def test_other_file_is_not_taken_for_a_database(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear all, this is a letter")
    with pytest.raises(Problem, match="is not a SQLite database"):
        run("migrate", "--database", f"sqlite:///{file}")


def test_database_of_another_version_names_migrate(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE something (here TEXT)")
    with pytest.raises(Problem, match="knutepunkt migrate"):
        run("inbox", "--database", f"sqlite:///{file}")


def test_migrate_makes_an_empty_file_the_newest_schema(tmp_path: Path) -> None:
    file = tmp_path / "hub.db"
    file.touch()
    assert "has the schema of this version" in run("migrate", "--database", f"sqlite:///{file}")
    assert "Nothing was received yet" in run("inbox", "--database", f"sqlite:///{file}")


def test_catalogue_shows_everything_that_is_declared() -> None:
    shown = run("catalogue")
    for word in ("ADT^A03", "one-plan", "CareTeam", "coordinator*", "v2-0001-administrative-gender"):
        assert word in shown


def test_catalogue_shows_one_part() -> None:
    shown = run("catalogue", "messages")
    assert "REF^I12" in shown
    assert "one-plan" not in shown


def test_unknown_part_of_the_catalogue_names_the_known() -> None:
    with pytest.raises(Problem, match=r"choose from messages, rules, resources, maps\.$"):
        run("catalogue", "plans")


def test_version_names_the_fhir_version() -> None:
    assert "FHIR 4.0.1" in run("version")


@pytest.mark.parametrize("command", ["inbox", "outbox", "migrate"])
def test_server_that_is_not_there_is_told_without_the_password(command: str, tmp_path: Path) -> None:
    url = f"postgresql://me:s%2Fcret@/hub?host={tmp_path}"
    with pytest.raises(Problem, match="cannot be reached") as told:
        run(command, "--database", url)
    assert "cret" not in str(told.value)
