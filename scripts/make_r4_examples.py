"""Write `tests/cases/r4/examples.jsonl.gz`: HL7's own example resources, from the package of the definitions (CC0).

    python scripts/make_r4_examples.py PACKAGE.tgz

All examples of the types that are served by default, and the shortest one of every other type.
"""

import gzip
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "tests" / "cases" / "r4" / "examples.jsonl.gz"
# fmt: off
SERVED = frozenset({
    "Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Location",
    "Encounter", "Condition", "AllergyIntolerance", "ServiceRequest", "Task", "CareTeam", "CarePlan", "Goal", "Consent",
    "Communication", "DocumentReference", "Binary", "Provenance", "AuditEvent", "Flag",
})
# fmt: on


def main(package: Path) -> None:
    """Read the package, write the selection, say how many there are."""
    chosen: list[str] = []
    shortest: dict[str, str] = {}
    for resource in resources(package):
        text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
        rtype = resource["resourceType"]
        if rtype in SERVED:
            chosen.append(text)
        elif len(text) < len(shortest.get(rtype, text + " ")):
            shortest[rtype] = text
    lines = chosen + [text for _, text in sorted(shortest.items())]
    TARGET.write_bytes(gzip.compress("\n".join(lines).encode(), compresslevel=9, mtime=0))
    print(f"{TARGET.name}: {len(lines)} examples, {TARGET.stat().st_size:,} bytes")


def resources(package: Path) -> list[dict[str, Any]]:
    """The resources of a package in the order of their file names."""
    found = []
    with tarfile.open(package) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            content = archive.extractfile(member) if member.name.endswith(".json") else None
            resource = json.load(content) if content else {}
            if "resourceType" in resource:
                found.append(resource)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
