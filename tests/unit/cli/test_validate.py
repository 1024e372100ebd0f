"""`knutepunkt validate`: every issue with its file, line and element."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.cli.console import Problem
from fhir_service.cli.json_lines import line_of, lines_in

GOOD = '{"resourceType": "Patient", "gender": "female"}'
BAD = '{"resourceType": "Patient", "gender": "robot"}'
SPREAD = """{
  "resourceType": "Patient",
  "name": [
    {"family": "Nilsen"},
    {
      "given": ["Ola",
        7]
    }
  ],
  "_birthDate": {"extension": [{"url": "urn:x"}]},
  "gender": "robot"
}
"""


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(program, ["validate", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.output


def test_issues_are_told_with_the_line_in_the_document(tmp_path: Path) -> None:
    file = tmp_path / "patient.json"
    file.write_text(SPREAD, encoding="utf-8")
    status, printed = run(file)
    assert status == 1
    assert f"{file}:7  error" in printed
    assert "Patient.name[1].given[1]" in printed
    assert f"{file}:11  error  code-invalid  Patient.gender" in printed
    assert "1 read: 0 valid, 1 not" in printed


def test_issues_are_told_with_the_line_of_ndjson(tmp_path: Path) -> None:
    file = tmp_path / "patients.ndjson"
    file.write_bytes(f"\ufeff{GOOD}\n\n{BAD}\nrubbish\n".encode())
    status, printed = run(file)
    assert status == 1
    assert f"{file}:3  error  code-invalid" in printed
    assert f"{file}:4  error  malformed-json" in printed
    assert "3 read: 1 valid, 2 not; 2 errors" in printed


def test_folder_is_searched_through(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "one.json").write_text(GOOD)
    (tmp_path / "two.jsonl").write_text(f"{GOOD}\n{GOOD}")
    (tmp_path / "not-this.txt").write_text(BAD)
    assert run(tmp_path) == (0, "3 read: 3 valid, 0 not\n")


def test_issue_in_a_bundle_names_its_entry(tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    file.write_text('{"resourceType": "Bundle", "type": "collection", "entry": [\n{"resource": %s},\n{"resource": %s}]}' % (GOOD, BAD))  # fmt: skip # noqa: E501, UP031
    status, printed = run(file)
    assert (status, f"{file}:3  error" in printed, "Bundle.entry[1].resource" in printed) == (1, True, True)


def test_json_output_is_one_object_for_each_issue(tmp_path: Path) -> None:
    file = tmp_path / "patients.ndjson"
    file.write_text(f"{BAD}\n{BAD}\n")
    status, printed = run("--json", file)
    told = [json.loads(line) for line in printed.splitlines()]
    assert (status, [one["line"] for one in told]) == (1, [1, 2])
    assert told[0] == told[0] | {
        "file": str(file),
        "severity": "error",
        "code": "code-invalid",
        "expression": "Patient.gender",
    }


def test_quiet_prints_errors_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "patients.ndjson"
    file.write_text(GOOD)
    assert run("--quiet", file) == (0, "")
    file.write_text('{"resourceType": "ValueSet", "status": "active", "name": "no name for a program"}')
    assert "warning" in run(file)[1]
    assert run("--quiet", file) == (0, "")
    file.write_text(BAD)
    status, printed = run("-q", file)
    assert (status, len(printed.splitlines())) == (1, 1)


@pytest.mark.parametrize("content", ["", "[1", "{} {}", "\x00"])
def test_what_is_no_json_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)
    status, printed = run(file)
    assert (status, f"{file}:1  error" in printed) == (1, True)


def test_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="does not exist"):
        run(tmp_path / "none.json")
    with pytest.raises(Problem, match="holds no file that ends with"):
        run(tmp_path)
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(Problem, match="holds no file"):
        run(tmp_path / "folder.json")


def test_profile_is_a_structure_definition_with_a_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(GOOD)
    with pytest.raises(Problem, match="is no StructureDefinition, ValueSet"):
        run(file, "--profile", file)
    bare = tmp_path / "profile.json"
    bare.write_text('{"resourceType": "StructureDefinition", "type": "Patient"}')
    with pytest.raises(Problem, match="it has no snapshot"):
        run(file, "--profile", bare)
    bare.write_text('{"resourceType": "StructureDefinition", "type": "Extension"}')
    with pytest.raises(Problem, match="no profile of a resource type"):
        run(file, "--profile", bare)


def test_resource_is_held_to_a_profile_of_its_type(tmp_path: Path) -> None:
    profile = {
        "resourceType": "StructureDefinition",
        "url": "urn:example:named",
        "type": "Patient",
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "snapshot": {
            "element": [
                {"id": "Patient", "path": "Patient", "min": 0, "max": "*"},
                {"id": "Patient.name", "path": "Patient.name", "min": 1, "max": "*", "type": [{"code": "HumanName"}]},
                {
                    "id": "Patient.maritalStatus",
                    "path": "Patient.maritalStatus",
                    "min": 0,
                    "max": "1",
                    "type": [{"code": "CodeableConcept"}],
                    "binding": {"strength": "required", "valueSet": "urn:example:not-at-hand"},
                },
            ]
        },
    }
    (tmp_path / "profile.json").write_text(json.dumps(profile))
    basic = '{"resourceType": "Basic", "code": {"text": "x"}}'
    (tmp_path / "lines.ndjson").write_text(f"{GOOD}\n{basic}\n{GOOD}\n")
    status, printed = run(tmp_path / "lines.ndjson", "--profile", tmp_path / "profile.json")
    assert status == 1
    assert [f"lines.ndjson:{line}  error" in printed for line in (1, 2, 3)] == [True, False, True]
    assert printed.count("information") == 2  # what is not judged is said once, and counted


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ("Patient.name[1].given[1]", 7),
        ("Patient.name[1].given[0]", 6),
        ("Patient.name[1]", 5),
        ("Patient.name", 3),
        ("Patient.name.period", 3),
        ("Patient.contact.name", 1),
        ("Patient.birthDate", 10),
        ("Patient.birthDate.extension[0].url", 10),
        ("Patient.name[1].period.start", 5),
        ("Patient.deceased.ofType(boolean)", 1),
        ("Patient", 1),
        ("", 1),
    ],
)
def test_element_is_found_in_its_line(expression: str, line: int) -> None:
    assert line_of(expression, lines_in(SPREAD)) == line


def test_broken_text_is_read_as_far_as_it_goes() -> None:
    assert lines_in('{"a": [1,\n2]]]} "b"')[".a[1]"] == 2
