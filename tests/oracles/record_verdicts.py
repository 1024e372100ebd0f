"""Write `hl7_verdicts.json` beside each `verdicts.json`: what HL7's Java validator says of each case.

    python tests/oracles/record_verdicts.py

Needs Java 17 and Maven (see `scripts/validate-with-hl7`). The tests compare its verdicts with ours and need neither.
"""

import gzip
import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
NO_BASIS = CASES / "profiles" / "no-basis.jsonl.gz"
CONFORMANCE = ("StructureDefinition", "ValueSet", "CodeSystem")
REFUSALS = ("error", "fatal")
LONGEST = 160
"""Characters of a message that are kept."""


def main() -> None:
    """Validate, write, say how many are refused."""
    with tempfile.TemporaryDirectory() as profiles:
        for resource in map(json.loads, gzip.decompress(NO_BASIS.read_bytes()).splitlines()):
            if resource["resourceType"] in CONFORMANCE:
                written(Path(profiles), resource["url"], resource)
        record(CASES / "r4")
        record(CASES / "profiles", "--profiles", profiles)


def record(place: Path, *options: str) -> None:
    """The verdicts of one folder of cases."""
    cases = json.loads((place / "verdicts.json").read_text(encoding="utf-8"), parse_float=Decimal)
    found: dict[str, list[list[str]]] = {case["name"]: [] for case in cases}
    with tempfile.TemporaryDirectory() as folder:
        names = dict(written(Path(folder), case["name"], case["resource"]) for case in cases)
        run = [str(ROOT / "scripts" / "validate-with-hl7"), folder, *options]
        answer = subprocess.run(run, capture_output=True, text=True, check=False)
    if f"{len(cases)} files:" not in answer.stdout:
        sys.exit(answer.stderr or "the validator did not come to the end")
    lines = [line.split("\t") for line in answer.stdout.splitlines() if line.startswith(REFUSALS)]
    for _, file, at, text in lines:
        found[names[file]].append([at, text[:LONGEST]])
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(said)}" for name, said in found.items())
    (place / "hl7_verdicts.json").write_text("{\n" + rows + "\n}\n", encoding="utf-8")
    sys.stdout.write(f"{place.name}: {len(found)} cases, {sum(map(bool, found.values()))} refused by HL7's validator\n")


def written(folder: Path, name: str, resource: Any) -> tuple[str, str]:
    """The case as a file; its name there, and its own."""
    file = folder / f"{len(list(folder.iterdir())):04}.json"
    file.write_text(json.dumps(resource, default=float), encoding="utf-8")
    return file.name, name


if __name__ == "__main__":
    main()
