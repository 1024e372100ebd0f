"""`knutepunkt serve`: how it starts, refuses to start, and ends."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from fhir_service.cli.database import make_folder_of
from tests.waiting import GUARD

from .conftest import Running, end, free_address, serve


def refused(*arguments: str, folder: Path) -> str:
    """What a start that is refused says; status 2, one sentence, no stack trace."""
    command = [sys.executable, "-m", "fhir_service", "serve", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=GUARD)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_it_is_ready_on_the_addresses_of_the_environment(running: Running) -> None:
    assert httpx.get(f"http://{running.http}/fhir/metadata").json()["fhirVersion"] == "4.0.1"
    host, port = running.mllp.split(":")
    with socket.create_connection((host, int(port)), timeout=GUARD):
        pass


def test_sigterm_ends_it_in_order_and_the_next_start_finds_everything(tmp_path: Path) -> None:
    first = serve(tmp_path)
    made = httpx.post(f"http://{first.http}/fhir/Practitioner", json={"resourceType": "Practitioner", "active": True})
    assert made.status_code == 201
    assert end(first) == 0
    second = serve(tmp_path)
    kept = httpx.get(f"http://{second.http}/fhir/Practitioner/{made.json()['id']}")
    assert (kept.status_code, end(second)) == (200, 0)


@pytest.mark.parametrize("option", ["--http", "--mllp"])
def test_busy_port_is_named_with_the_option_to_change(option: str, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = f"127.0.0.1:{other.getsockname()[1]}"
        addresses = {"--http": free_address(), "--mllp": free_address(), option: busy}
        said = refused(*(word for pair in addresses.items() for word in pair), folder=tmp_path)
    assert f"{busy} cannot be listened on" in said
    assert f"choose another with {option}" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--mode", "production"), "production needs authentication"),
        (("--mode", "fast"), "--mode: Input should be 'dev' or 'production'"),
        (("--http", "0.0.0.0:8000"), "listens on loopback only"),
        (("--mllp", "0.0.0.0:2575"), "listens on loopback only"),
        (("--http", "8000"), "is not HOST:PORT"),
        (("--http", "127.0.0.1:99999"), "is not HOST:PORT"),
        (("--database", "postgresql://here:x/db"), "must be postgresql://USER"),
        (("--database", "hub.db"), "must be sqlite:///FILE"),
        (("--routes", "none.json"), "--routes: none.json cannot be read (No such file or directory)"),
        (("--endpoints", "none.json"), "--endpoints: none.json cannot be read (No such file or directory)"),
    ],
)
def test_unsafe_or_wrong_setting_is_refused_with_a_sentence(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    safe = ("--http", free_address(), "--mllp", "", "--database", f"sqlite:///{tmp_path}/hub.db")
    assert told in refused(*safe, *arguments, folder=tmp_path)


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ("Patient,Observashun", "'Observashun' is not a resource type of FHIR R4; do you mean Observation?"),
        ('["Patient", "Resource"]', "'Resource' is not a resource type of FHIR R4"),
        (", ,", "it names no resource type"),
        ("[1]", "Input should be a valid string"),
        ('["Patient"', "expected names with commas between them"),
    ],
)
def test_wrong_list_of_types_is_refused_with_a_sentence(
    types: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # decision 33
    monkeypatch.setenv("KNUTEPUNKT_SERVED_TYPES", types)
    safe = ("--http", free_address(), "--mllp", "", "--database", f"sqlite:///{tmp_path}/hub.db")
    said = refused(*safe, folder=tmp_path)
    assert f"KNUTEPUNKT_SERVED_TYPES: {told}" in " ".join(said.split())


def test_database_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("this is a letter, not a database")
    said = refused("--http", free_address(), "--mllp", "", "--database", "sqlite:///letter.db", folder=tmp_path)
    assert "is not a SQLite database" in said


@pytest.mark.parametrize(
    ("option", "told"),
    [("--routes", "is not a file of inboxes"), ("--endpoints", "is not an object with an object for each sender")],
)
def test_file_of_another_kind_is_refused(option: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]")
    safe = ("--http", free_address(), "--mllp", "", "--database", f"sqlite:///{tmp_path}/hub.db")
    said = refused(*safe, option, "list.json", folder=tmp_path)
    assert told in said
    assert "Ctrl-C ends it" not in said  # it never ran


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("closed", ["folder", "file"])
def test_place_that_may_not_be_written_is_told(closed: str, tmp_path: Path) -> None:
    database = tmp_path / "hub.db"
    database.touch()
    (database if closed == "file" else tmp_path).chmod(0o555)
    said = refused("--http", free_address(), "--mllp", "", "--database", f"sqlite:///{database}", folder=Path.cwd())
    tmp_path.chmod(0o755)
    assert "may not be written by this user; give another file" in said


def test_folder_of_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    make_folder_of(f"sqlite:///{tmp_path}/var/hub.db")
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_database_that_breaks_at_start_ends_with_status_2(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE resource (something TEXT)")
    said = refused("--http", free_address(), "--mllp", "", "--database", "sqlite:///other.db", folder=tmp_path)
    assert "the service did not start" in said


def test_second_process_on_the_same_database_is_refused(running: Running, tmp_path: Path) -> None:
    ports = ("--http", free_address(), "--mllp", "")
    said = refused(*ports, "--database", running.database, folder=tmp_path)
    assert "is served by another process already: end that one, or give another file with --database" in said
    migrate = [sys.executable, "-m", "fhir_service", "migrate", "--database", running.database]
    ended = subprocess.run(migrate, cwd=tmp_path, capture_output=True, text=True, timeout=GUARD)
    assert (ended.returncode, "is served by another process" in ended.stderr) == (2, True)
    assert httpx.get(f"http://{running.http}/readyz").status_code == 200


def test_file_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "hub.db-serving").mkdir()  # as root ignores rights, a folder stands for what cannot be written
    said = refused("--http", free_address(), "--mllp", "", "--database", "sqlite:///hub.db", folder=tmp_path)
    assert "hub.db cannot be written: look at the rights of the file and of its folder" in said
    assert "sqlalche" not in said


def test_help_names_every_command_without_loading_the_service() -> None:
    code = (
        "import sys, fhir_service.cli; print(sorted({'sqlalchemy', 'fastapi', 'uvicorn', 'httpx'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"
    shown = subprocess.run([sys.executable, "-m", "fhir_service", "--help"], capture_output=True, text=True)
    for command in ("serve", "send", "inbox", "outbox", "demo", "migrate", "catalogue", "version"):
        assert f" {command} " in shown.stdout
