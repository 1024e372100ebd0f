"""`knutepunkt export` from the running service, and what may go wrong with it."""

import json
from pathlib import Path

import httpx
import pytest
from pytest_httpx import HTTPXMock
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.cli.console import Problem

from .conftest import Running

BASE = "http://127.0.0.1:9/fhir"
STATUS = f"{BASE}/$export-status?job=1"
FILE = f"{BASE}/$export-file?name=1"


def run(folder: Path, *arguments: str, http: str = "127.0.0.1:9") -> tuple[int, str]:
    result = CliRunner().invoke(program, ["export", str(folder), "--http", http, *arguments], catch_exceptions=False)
    return result.exit_code, result.output


def put(running: Running, *resources: dict[str, object]) -> None:
    for resource in resources:
        url = f"http://{running.http}/fhir/{resource['resourceType']}/{resource['id']}"
        httpx.put(url, json=resource).raise_for_status()


@pytest.fixture
def some(running: Running) -> None:
    subject = {"reference": "Patient/out-1"}
    put(
        running,
        {"resourceType": "Patient", "id": "out-1"},
        {"resourceType": "Patient", "id": "out-2"},
        {"resourceType": "Flag", "id": "out-1", "status": "active", "code": {"text": "x"}, "subject": subject},
        {"resourceType": "Group", "id": "out", "type": "person", "actual": True, "member": [{"entity": subject}]},
    )


def ids(file: Path) -> set[str]:
    return {json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()}


@pytest.mark.usefixtures("some")
def test_everything_is_written_a_file_a_type(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "export"
    status, printed = run(folder, http=running.http)
    assert status == 0
    assert f"resources in {folder}" in printed
    assert {"out-1", "out-2"} <= ids(folder / "Patient.ndjson")
    assert ids(folder / "Flag.ndjson") >= {"out-1"}
    assert json.loads((folder / "manifest.json").read_text())["output"]
    assert (folder / "Patient.ndjson").stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("some")
def test_part_is_chosen_by_type_group_and_time(running: Running, tmp_path: Path) -> None:
    run(tmp_path / "types", "--type", "Patient", http=running.http)
    assert {f.name for f in (tmp_path / "types").iterdir()} == {"Patient.ndjson", "manifest.json"}
    run(tmp_path / "group", "--group", "out", "--type", "Patient,Flag", http=running.http)
    assert ids(tmp_path / "group" / "Patient.ndjson") == {"out-1"}
    run(tmp_path / "patients", "--patients", "--type", "Flag", http=running.http)
    assert ids(tmp_path / "patients" / "Flag.ndjson") >= {"out-1"}
    status, printed = run(tmp_path / "later", "--since", "2099-01-01T00:00:00Z", http=running.http)
    assert (status, printed.splitlines()[-1]) == (0, f"0 resources in {tmp_path / 'later'}")


@pytest.mark.usefixtures("some")
def test_what_was_exported_comes_in_again(running: Running, tmp_path: Path) -> None:
    run(tmp_path / "out", "--type", "Patient,Flag", "--group", "out", http=running.http)
    assert CliRunner().invoke(program, ["validate", str(tmp_path / "out")]).exit_code == 0
    options = ["--http", running.http, "--state", str(tmp_path / "state")]
    result = CliRunner().invoke(program, ["import", *options, str(tmp_path / "out")])
    assert result.exit_code == 0, result.output


def test_refusal_of_the_service_is_told(running: Running, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="does not begin an export: HTTP 400\n"):
        run(tmp_path / "x", "--type", "Nonsense", http=running.http)


def test_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(Problem, match="is not empty"):
        run(tmp_path)
    with pytest.raises(Problem, match="cannot be made"):
        run(tmp_path / "something" / "below")


def began(mock: HTTPXMock, *, files: list[dict[str, object]] | None = None, **manifest: object) -> None:
    """A service that has taken the job, and whose list of files is this."""
    mock.add_response(url=f"{BASE}/$export?_outputFormat=application%2Ffhir%2Bndjson", status_code=202, headers={"content-location": STATUS})  # fmt: skip # noqa: E501
    mock.add_response(url=STATUS, status_code=202, headers={"x-progress": "half", "retry-after": "0"}, is_optional=True)
    mock.add_response(url=STATUS, json={"output": files or [], **manifest}, is_optional=True)
    mock.add_response(url=STATUS, method="DELETE", status_code=202, is_optional=True)


def file(count: int, rtype: str = "Patient") -> dict[str, object]:
    return {"type": rtype, "url": FILE, "count": count}


def test_files_of_one_type_and_lists_of_errors_have_their_names(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    error = {"type": "OperationOutcome", "url": FILE}
    began(httpx_mock, files=[file(2), file(2)], error=[error])
    httpx_mock.add_response(url=FILE, content=b"{}\n{}", is_reusable=True)
    status, _ = run(tmp_path)
    assert status == 0
    assert {f.name for f in tmp_path.iterdir()} == {
        *("Patient.ndjson", "Patient.2.ndjson", "error-OperationOutcome.ndjson", "manifest.json")
    }


def test_file_with_too_few_lines_is_told(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    began(httpx_mock, files=[file(3)])
    httpx_mock.add_response(url=FILE, content=b"{}\n{}\n")
    with pytest.raises(Problem, match="holds 2 resources, but the service said 3"):
        run(tmp_path)
    assert not (tmp_path / "manifest.json").exists()


def test_file_that_breaks_off_is_told(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    began(httpx_mock, files=[file(1)])
    httpx_mock.add_exception(httpx.ReadError("gone"), url=FILE)
    with pytest.raises(Problem, match=r"Patient\.ndjson broke off \(ReadError\)"):
        run(tmp_path)


def test_file_that_is_refused_is_told(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    began(httpx_mock, files=[file(1)])
    httpx_mock.add_response(url=FILE, status_code=404)
    with pytest.raises(Problem, match="cannot be fetched: HTTP 404"):
        run(tmp_path)


@pytest.mark.parametrize("body", [b"rubbish", b"[]", b'{"issue": [{"diagnostics": "no disk"}, {"details": {"text": "none"}}, {}]}'])  # fmt: skip # noqa: E501
def test_export_that_fails_is_told(httpx_mock: HTTPXMock, tmp_path: Path, body: bytes) -> None:
    httpx_mock.add_response(status_code=202, headers={"content-location": STATUS})
    httpx_mock.add_response(url=STATUS, status_code=410, content=body)
    with pytest.raises(Problem, match="the export failed: HTTP 410") as told:
        run(tmp_path)
    assert ("no disk\n  none" in str(told.value)) == (b"disk" in body)


def test_service_that_is_busy_is_asked_again(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    httpx_mock.add_response(status_code=503, headers={"retry-after": "0"})
    httpx_mock.add_exception(httpx.ConnectError("not yet"))
    began(httpx_mock)
    assert run(tmp_path)[0] == 0
