"""Our profiles before those who know better: SUSHI compiles them again, HL7's own validator judges them."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_service.rest.describing import describing
from profiles.definitions import resource_types
from profiles.resource import Resource
from tests.clients.conftest import alone, needs
from tests.conformance import ROOT, counter_examples, examples

NO_BASIS = ROOT / "tests" / "cases" / "profiles" / "no-basis.jsonl.gz"
JUDGED_BY = ("StructureDefinition", "ValueSet", "CodeSystem")
TARGETS = {
    "coordination-careteam/coordinator-is-an-organization",
    "ip-careplan/author-is-a-patient",
    "ip-consent/permit-to-a-person",
    "ip-goal/of-a-group",
    "ip-goal/part-of-a-plan",
    "ke-case-task/owner-is-a-person",
}
"""Refused by us alone: without a server to ask, HL7's validator does not look at what a reference points to."""


def test_profiles_are_what_sushi_makes_of_their_sources() -> None:
    needs("node", "npm")
    with alone():
        command = [sys.executable, "scripts/make_profiles.py", "--check"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def write(folder: Path, name: str, resource: Resource) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name.replace('/', '.')}.json").write_text(json.dumps(resource), encoding="utf-8")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files that HL7's validator finds an error in."""
    needs("java", "mvn")
    folder = tmp_path_factory.mktemp("hl7")
    base = map(json.loads, gzip.decompress(NO_BASIS.read_bytes()).splitlines())
    for number, resource in enumerate(r for r in base if r["resourceType"] in JUDGED_BY):
        write(folder / "known", f"base-{number}", resource)
    for resource in describing(resource_types(), "1"):
        name = f"{resource['resourceType']}-{resource['id']}"
        write(folder / "judged", f"definition/{name}", resource)
        if resource["resourceType"] in JUDGED_BY:
            write(folder / "known", name, resource)
    for case in examples():
        write(folder / "judged", f"example/{case.name}", case.resource)
    for case in counter_examples():
        write(folder / "judged", f"counter-example/{case.name}", case.resource)
    command = ["scripts/validate-with-hl7", str(folder / "judged"), "--profiles", str(folder / "known")]
    with alone():
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert " files: " in ended.stdout, ended.stdout[-2000:] + ended.stderr[-2000:]
    lines = [line.split("\t") for line in ended.stdout.splitlines()]
    return {line[1].removesuffix(".json") for line in lines if line[0] in ("error", "fatal")}


def test_hl7_finds_no_error_in_definitions_and_examples(refused: set[str]) -> None:
    assert {name for name in refused if not name.startswith("counter-example.")} == set()


def test_hl7_refuses_every_counter_example(refused: set[str]) -> None:
    all_of_them = {case.name for case in counter_examples()}
    missed = {name for name in all_of_them if f"counter-example.{name.replace('/', '.')}" not in refused}
    assert missed == TARGETS
    assert min(sum(n.startswith(f"{p}/") for n in all_of_them - missed) for p, _ in (n.split("/") for n in missed)) >= 5
