"""Write `profiles/r4/terminology.json.gz` from the CC0 npm package `hl7.fhir.r4.examples` 4.0.1 (decision 4).

    python scripts/make_r4_terminology.py [PACKAGE.tgz]

The code systems, value sets and concept maps of the specification, without the texts that no operation tells. Only who
changes what is taken runs this; the written file is committed. The same package always gives the same file.
"""

import gzip
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from make_r4_definitions import fetch

TARGET = Path(__file__).parent.parent / "profiles" / "r4" / "terminology.json.gz"
KEPT = {
    "CodeSystem": (
        *("resourceType", "id", "url", "version", "name", "title", "status", "caseSensitive", "valueSet"),
        *("hierarchyMeaning", "content", "supplements", "property", "concept"),
    ),
    "ValueSet": ("resourceType", "id", "url", "version", "name", "title", "status", "compose"),
    "ConceptMap": (
        *("resourceType", "id", "url", "version", "name", "title", "status", "sourceUri", "sourceCanonical"),
        *("targetUri", "targetCanonical", "group"),
    ),
}
CONCEPT = ("code", "display", "property", "concept")
Json = dict[str, Any]


def main(arguments: list[str]) -> None:
    """Read the package, write the data file, say how large it became."""
    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(arguments[0]) if arguments else fetch(Path(folder)))
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    TARGET.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{TARGET.name}: {len(text):,} bytes of JSON, {TARGET.stat().st_size:,} bytes written")


def read(path: Path) -> dict[str, dict[str, Json]]:
    """Type -> canonical address -> what is kept of the resource. Examples have no place on hl7.org and stay out."""
    found: dict[str, dict[str, Json]] = {rtype: {} for rtype in KEPT}
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            rtype = member.name.removeprefix("package/").partition("-")[0]
            content = archive.extractfile(member) if rtype in KEPT else None
            if content is None:
                continue
            resource = json.load(content)
            if "url" in resource:
                found[rtype][resource["url"]] = kept(resource)
    return found


def kept(resource: Json) -> Json:
    """The resource without what is only read by people."""
    told = {name: resource[name] for name in KEPT[resource["resourceType"]] if name in resource}
    if "concept" in told:
        told["concept"] = [concept(c) for c in told["concept"]]
    return told


def concept(told: Json) -> Json:
    """A concept without definition, translations and extensions; so are those below it."""
    found = {name: told[name] for name in CONCEPT if name in told}
    if "concept" in found:
        found["concept"] = [concept(c) for c in found["concept"]]
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
