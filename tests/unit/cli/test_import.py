"""`knutepunkt import` into the running service."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.cli.console import Problem
from profiles import names

from .conftest import Running

CATEGORY = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]
Resource = dict[str, Any]


def run(running: Running, folder: Path, *arguments: object) -> tuple[int, str]:
    """Import with the state in `folder`."""
    options = ["--http", running.http, "--state", str(folder / "import.state"), "--patience", "5"]
    result = CliRunner().invoke(program, ["import", *options, *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.output


def table(printed: str) -> dict[str, dict[str, int]]:
    """type -> how -> count, as printed."""
    lines = [line for line in printed.splitlines() if line.strip()]
    head = next(i for i, line in enumerate(lines) if line.strip().startswith("type"))
    hows = re.split(r"\s{2,}", lines[head].strip())[1:]
    ends = [lines[head].index(how) + len(how) for how in hows]
    told = {}
    for line in lines[head + 2 :]:
        if not re.match(r"\s+[A-Z?]", line):
            break
        starts = [0, *ends[:-1]]
        counts = {h: line[a:b].split()[-1:] for h, a, b in zip(hows, starts, ends, strict=True)}
        told[line.split()[0]] = {h: int(c[0]) for h, c in counts.items() if c and c[0].isdigit()}
    return told


def get(running: Running, path: str, **params: str) -> httpx.Response:
    return httpx.get(f"http://{running.http}/fhir/{path}", params=params)


def ndjson(file: Path, *resources: Resource) -> Path:
    file.write_text("".join(json.dumps(resource) + "\n" for resource in resources), encoding="utf-8")
    return file


def patient(rid: str, **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": rid, "name": [{"family": "Prøve"}], **more}


def plan(rid: str, subject: str, **more: Any) -> Resource:
    made: Resource = {"resourceType": "CarePlan", "id": rid, "status": "active", "intent": "plan"}
    return made | {"category": CATEGORY, "title": "Plan", "subject": {"reference": subject}} | more


def rejected(folder: Path) -> list[Resource]:
    text = (folder / "import.rejected.ndjson").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_resources_come_in_with_their_ids_whatever_their_order(running: Running, tmp_path: Path) -> None:
    observation = {"resourceType": "Observation", "id": "in-1", "status": "final", "code": {"text": "x"}}
    lines = [observation | {"subject": {"reference": "Patient/in-1"}}, patient("in-1")]
    status, printed = run(running, tmp_path, ndjson(tmp_path / "mixed.ndjson", *lines))
    assert (status, table(printed)) == (0, {"Observation": {"created": 1}, "Patient": {"created": 1}})
    assert get(running, "Observation/in-1").json()["subject"] == {"reference": "Patient/in-1"}


def test_second_start_sends_nothing_that_is_done(running: Running, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "patients.ndjson", *(patient(f"again-{n}") for n in range(30)))
    run(running, tmp_path, file)
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)) == (0, {"Patient": {"there already": 30}})
    assert get(running, "Patient/again-7").json()["meta"]["versionId"] == "1"
    ndjson(file, *(patient(f"again-{n}", active=n == 7) for n in range(30)))
    assert table(run(running, tmp_path, file)[1])["Patient"]["updated"] == 30  # other content is sent


def test_run_that_was_cut_off_looks_before_it_sends_again(running: Running, tmp_path: Path) -> None:
    """The last batch was sent and its end never written: as after kill -9."""
    file = ndjson(tmp_path / "patients.ndjson", patient("cut-1"), patient("cut-2"))
    run(running, tmp_path, file)
    state = tmp_path / "import.state"
    lines = [line for line in state.read_text().splitlines() if not line.startswith("done")]
    state.write_text("\n".join(lines) + "\nbegun 12")  # and a line that is not whole
    httpx.delete(f"http://{running.http}/fhir/Patient/cut-2")
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)) == (0, {"Patient": {"created": 1, "there already": 1}})
    assert get(running, "Patient/cut-1").json()["meta"]["versionId"] == "1"


def test_same_content_in_two_files_is_one(running: Running, tmp_path: Path) -> None:
    nameless = {"resourceType": "Organization", "name": "Nameless, once"}
    ndjson(tmp_path / "a.ndjson", nameless)
    ndjson(tmp_path / "b.ndjson", nameless)
    status, printed = run(running, tmp_path, tmp_path)
    assert (status, table(printed)) == (0, {"Organization": {"created": 1, "there already": 1}})
    assert get(running, "Organization", name="Nameless, once").json()["total"] == 1


def test_resource_without_id_is_known_by_its_identifier(running: Running, tmp_path: Path) -> None:
    one = {"resourceType": "Organization", "identifier": [{"system": "urn:x", "value": "a,b|c"}], "name": "First"}
    for name, expected in (("First", {"created": 1}), ("Second", {"updated": 1})):
        file = ndjson(tmp_path / "organizations.ndjson", one | {"name": name})
        assert table(run(running, tmp_path, file)[1]) == {"Organization": expected}
    found = get(running, "Organization", identifier="urn:x|a\\,b\\|c").json()
    assert [entry["resource"]["name"] for entry in found["entry"]] == ["First"]


@pytest.mark.parametrize("kind", ["collection", "searchset", "batch"])
def test_entries_of_a_bundle_come_in_one_by_one(running: Running, tmp_path: Path, kind: str) -> None:
    good, bad = patient(f"{kind}-1"), patient(f"{kind}-2", gender="robot")
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "informational"}]}
    entries = [{"resource": one} for one in (good, bad, outcome)] + [{"search": {"mode": "match"}}]
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}))
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)) == (1, {"Patient": {"created": 1, "rejected": 1}})
    [told] = rejected(tmp_path)
    assert told["where"] == f"{file}:1 entry[1]"
    assert told["resource"] == bad
    assert told["outcome"]["resourceType"] == "OperationOutcome"


def test_transaction_is_all_or_nothing_and_resolves_its_names(running: Running, tmp_path: Path) -> None:
    urn = "urn:uuid:0b9c1a2e-1111-4f6e-9d3c-52d0d6a1b001"
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "x"},
        "subject": {"reference": urn},
    }
    first = {"fullUrl": urn, "resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    second = {"resource": goal, "request": {"method": "POST", "url": "Goal"}}
    file = tmp_path / "transaction.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [first, second]}))
    assert run(running, tmp_path, file)[0] == 0
    assert run(running, tmp_path / "other", file)[0] == 0  # without its state: nothing is doubled
    found = get(running, "Goal", subject=f"Patient/{urn[9:]}").json()
    assert found["total"] == 1
    broken = json.loads(file.read_text()) | {
        "entry": [first | {"fullUrl": urn[:-1] + "2"}, {"resource": goal | {"x": 1}}]
    }
    file.write_text(json.dumps(broken))
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)) == (1, {"Bundle": {"rejected": 1}})
    assert get(running, f"Patient/{urn[9:-1]}2").status_code == 404


def test_what_waits_for_something_later_is_sent_again(running: Running, tmp_path: Path) -> None:
    """A part of itself: no order of types helps."""
    parts = [
        {
            "resourceType": "Organization",
            "id": f"chain-{n}",
            "name": "x",
            "partOf": {"reference": f"Organization/chain-{n + 1}"},
        }
        for n in range(4)
    ]
    file = ndjson(tmp_path / "parts.ndjson", *parts, {"resourceType": "Organization", "id": "chain-4", "name": "top"})
    status, printed = run(running, tmp_path, file, "--batch", 1, "--parallel", 1)
    assert (status, table(printed)) == (0, {"Organization": {"created": 5}})


def test_what_refers_to_each_other_comes_together(running: Running, tmp_path: Path) -> None:
    one = {
        "resourceType": "Organization",
        "id": "round-1",
        "name": "x",
        "partOf": {"reference": "Organization/round-2"},
    }
    two = one | {"id": "round-2", "partOf": {"reference": "Organization/round-1"}}
    lost = one | {"id": "round-3", "partOf": {"reference": "Organization/never-there"}}
    status, printed = run(running, tmp_path, ndjson(tmp_path / "round.ndjson", one, two, lost))
    assert (status, table(printed)) == (1, {"Organization": {"created": 2, "rejected": 1}})
    [told] = rejected(tmp_path)
    assert (told["where"].endswith("round.ndjson:3"), "never-there" in json.dumps(told["outcome"])) == (True, True)


def test_rejected_is_tried_again_and_the_file_goes_when_all_is_well(running: Running, tmp_path: Path) -> None:
    lost = {"resourceType": "Flag", "id": "later", "status": "active", "code": {"text": "x"}}
    file = ndjson(tmp_path / "flags.ndjson", lost | {"subject": {"reference": "Patient/comes-later"}})
    assert run(running, tmp_path, file)[0] == 1
    assert (tmp_path / "import.rejected.ndjson").stat().st_mode & 0o077 == 0
    httpx.put(f"http://{running.http}/fhir/Patient/comes-later", json=patient("comes-later")).raise_for_status()
    assert run(running, tmp_path, file)[0] == 0
    assert not (tmp_path / "import.rejected.ndjson").exists()


def test_lines_that_nobody_can_read_are_rejected_with_the_reason(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "bad.ndjson"
    good = json.dumps(patient("among-bad"))
    twice = '{"resourceType": "Patient", "id": "x", "id": "y"}'
    unread = ["nonsense", '{"id": "x"}', "[]", twice, '{"resourceType": "Bundle", "type": "history"}']
    file.write_text("\n".join([*unread, good]))
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)) == (1, {"?": {"rejected": 5}, "Patient": {"created": 1}})
    told = rejected(tmp_path)
    assert sorted(int(one["where"].rsplit(":", 1)[1]) for one in told) == [1, 2, 3, 4, 5]
    assert all(one["outcome"]["issue"][0]["diagnostics"] for one in told)
    assert {one["text"] for one in told} == set(unread)


def test_plans_and_teams_are_marked_as_imported(running: Running, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "plans.ndjson", patient("marked"), plan("marked", "Patient/marked"))
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)["CarePlan"]) == (0, {"created": 1})
    tags = get(running, "CarePlan/marked").json()["meta"]["tag"]
    assert {"system": names.TAG, "code": "imported"} in tags


def duplicates(running: Running, rid: str) -> list[Resource]:
    found = get(running, "Task", patient=f"Patient/{rid}", code=f"{names.KE_TASK_CODE}|resolve-duplicate").json()
    return [entry["resource"] for entry in found.get("entry", ())]


def test_second_plan_becomes_work_for_the_office(running: Running, tmp_path: Path) -> None:
    second = plan("double-b", "Patient/double", title="Den andre planen")
    file = ndjson(tmp_path / "plans.ndjson", patient("double"), plan("double-a", "Patient/double"), second)
    status, printed = run(running, tmp_path, file, "--batch", 1, "--parallel", 1)
    assert (status, table(printed)["CarePlan"]) == (0, {"created": 1, "resolve-duplicate": 1})
    [task] = duplicates(running, "double")
    assert task["basedOn"] == [{"reference": "CarePlan/double-a"}]
    assert (task["status"], task["owner"]["display"]) == ("requested", "Koordinerende enhet")
    kept = json.loads(base64.b64decode(task["input"][1]["valueAttachment"]["data"]))
    assert kept == second
    run(running, tmp_path / "other", file)
    assert len(duplicates(running, "double")) == 1  # told once
    assert get(running, "CarePlan/double-b").status_code == 404


def test_second_plan_under_another_record_of_the_person(running: Running, tmp_path: Path) -> None:
    """Decision 27: two Patients with one national number are one person."""
    number = [{"system": names.FNR, "value": "15918512397"}]
    people = [patient("record-1", identifier=number), patient("record-2", identifier=number)]
    municipality = {"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": {"reference": "Organization/record"}}
    office = {"resourceType": "Organization", "id": "record", "name": "Kommunen"}
    first = plan("record-a", "Patient/record-1", extension=[municipality])
    second = plan("record-b", "Patient/record-2")
    file = ndjson(tmp_path / "plans.ndjson", *people, office, first, second)
    status, printed = run(running, tmp_path, file, "--batch", 1, "--parallel", 1)
    assert (status, table(printed)["CarePlan"]) == (0, {"created": 1, "resolve-duplicate": 1}), rejected(tmp_path)
    [task] = duplicates(running, "record-1")
    assert task["owner"] == {"reference": "Organization/record"}


def test_second_plan_in_a_transaction_leaves_the_rest(running: Running, tmp_path: Path) -> None:
    run(running, tmp_path, ndjson(tmp_path / "first.ndjson", patient("whole"), plan("whole-a", "Patient/whole")))
    urn = "urn:uuid:0b9c1a2e-1111-4f6e-9d3c-52d0d6a1b00a"
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "x"}}
    entries = [
        {"fullUrl": urn, "resource": goal | {"subject": {"reference": "Patient/whole"}}},
        {"resource": plan("whole-b", "Patient/whole", goal=[{"reference": urn}])},
    ]
    file = tmp_path / "transaction.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)["CarePlan"]) == (0, {"resolve-duplicate": 1})
    [task] = duplicates(running, "whole")
    kept = json.loads(base64.b64decode(task["input"][1]["valueAttachment"]["data"]))
    assert kept["goal"] == [{"reference": f"Goal/{urn[9:]}"}]


def test_guarded_resource_that_is_there_as_it_is_is_no_conflict(running: Running, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "plans.ndjson", patient("guarded"), plan("guarded", "Patient/guarded"))
    run(running, tmp_path, file)
    status, printed = run(running, tmp_path / "other", file)
    assert (status, table(printed)["CarePlan"]) == (0, {"there already": 1})
    ndjson(file, plan("guarded", "Patient/guarded", title="Other"))
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)["CarePlan"]) == (1, {"rejected": 1})


def test_batch_with_one_too_large_is_halved(running: Running, tmp_path: Path) -> None:
    big = {"resourceType": "Binary", "id": "big", "contentType": "text/plain", "data": "QUFB" * 3_000_000}
    small = big | {"id": "small", "data": "QUFB"}
    file = ndjson(tmp_path / "binaries.ndjson", small, big, small | {"id": "small-2"})
    status, printed = run(running, tmp_path, file)
    assert (status, table(printed)) == (1, {"Binary": {"created": 2, "rejected": 1}})
    assert rejected(tmp_path)[0]["status"] == 413


def test_state_of_something_else_is_refused(running: Running, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "patients.ndjson", patient("state"))
    (tmp_path / "import.state").write_text("a shopping list")
    with pytest.raises(Problem, match="is no state of an import"):
        run(running, tmp_path, file)
    (tmp_path / "import.state").write_text("knutepunkt import 1 http://127.0.0.1:1/fhir\n")
    with pytest.raises(Problem, match=r"is about http://127\.0\.0\.1:1/fhir, not"):
        run(running, tmp_path, file)
    (tmp_path / "import.state").write_text("")
    assert run(running, tmp_path, file)[0] == 0
    with pytest.raises(Problem, match="cannot be written"):
        run(running, file / "below", file)


def test_nothing_to_import_is_told(running: Running, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="nothing to import"):
        run(running, tmp_path, ndjson(tmp_path / "empty.ndjson"))


def test_service_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = ndjson(tmp_path / "patients.ndjson", patient("nobody"))
    options = ["--http", "127.0.0.1:1", "--state", str(tmp_path / "s"), "--patience", "0.3"]
    with pytest.raises(Problem, match="does not answer"):
        CliRunner().invoke(program, ["import", *options, str(file)], catch_exceptions=False)


@pytest.mark.parametrize("address", ["ftp://x", "http://", "http://[::", "http://x:y"])
def test_address_that_is_none_is_told(tmp_path: Path, address: str) -> None:
    file = ndjson(tmp_path / "patients.ndjson", patient("nobody"))
    with pytest.raises(Problem, match="--http"):
        CliRunner().invoke(program, ["import", "--http", address, str(file)], catch_exceptions=False)
