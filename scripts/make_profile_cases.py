"""Write `tests/cases/profiles/no-basis.jsonl.gz`: the Norwegian base profiles with snapshots and their examples.

    python scripts/make_profile_cases.py FOLDER

FOLDER is the unpacked package `hl7.fhir.no.basis` 2.2.0 with snapshots (HL7 Norway; the source of the profiles is CC0).
"""

import gzip
import json
import re
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "tests" / "cases" / "profiles" / "no-basis.jsonl.gz"
LEFT_OUT = ("text", "mapping")
OF_ROWS = ("mapping", "comment", "requirements", "alias", "example")
"""Of definitions: what no check reads."""

ELEVEN_DIGITS = re.compile(r"(?<!\d)\d{11}(?!\d)")
SYNTHETIC = "15918512397"
"""Stands for every national number of the examples: whether they are somebody's cannot be known."""


def main(package: Path) -> None:
    """Read the folder, write the file, say how large it became."""
    lines = [line(file) for file in sorted(package.rglob("*.json")) if file.name != "package.json"]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(gzip.compress("\n".join(lines).encode(), compresslevel=9, mtime=0))
    print(f"{TARGET.name}: {len(lines)} resources, {TARGET.stat().st_size:,} bytes")


def line(file: Path) -> str:
    """One resource, the narrative and mappings of definitions left out."""
    resource = json.loads(file.read_text(encoding="utf-8-sig"))
    if "url" in resource:
        resource = {name: value for name, value in resource.items() if name not in LEFT_OUT}
        for row in resource.get("snapshot", {}).get("element", ()):
            for name in OF_ROWS:
                row.pop(name, None)
    return ELEVEN_DIGITS.sub(SYNTHETIC, json.dumps(resource, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
