"""Write `tests/cases/r4/examples.jsonl.gz`: HL7's own example resources, from the package of the definitions (CC0).

    python scripts/make_r4_examples.py PACKAGE.tgz

All examples of the types that are served by default, and the shortest one of every other type. Of the thousands of
definitions, code systems and value sets that the specification is made of, and of long ones, the shortest are taken.
"""

import gzip
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

from fhir_service.resources import SERVED

TARGET = Path(__file__).parent.parent / "tests" / "cases" / "r4" / "examples.jsonl.gz"
MOST = 70
"""Examples of one type."""
LONGEST = 60_000
"""Bytes of an example; no type has longer ones only."""


def main(package: Path) -> None:
    """Read the package, write the selection, say how many there are."""
    found: dict[str, list[str]] = {}
    for resource in resources(package):
        text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
        found.setdefault(resource["resourceType"], []).append(text)
    lines = [text for rtype in sorted(found) for text in chosen(rtype, found[rtype])]
    TARGET.write_bytes(gzip.compress("\n".join(lines).encode(), compresslevel=9, mtime=0))
    print(f"{TARGET.name}: {len(lines)} examples, {TARGET.stat().st_size:,} bytes")


def chosen(rtype: str, texts: list[str]) -> list[str]:
    """Those of one type that are kept."""
    shortest = sorted(texts, key=len)
    return [text for text in shortest[:MOST] if len(text) <= LONGEST] if rtype in SERVED else shortest[:1]


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
