"""Write every resource that a running service gives out into a folder, one file each, as the bytes of its read.

    python tests/oracles/dump.py http://127.0.0.1:8000/fhir FOLDER

Also the statements about the service, pages of searches and histories, whole and in part, and one refusal.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

OTHERS = {
    "CapabilityStatement-metadata": "metadata",
    "TerminologyCapabilities-metadata": "metadata?mode=terminology",
    "Bundle-history": "CarePlan/_history?_count=3",
    "Bundle-everything": "_history?_count=20&_summary=true",
    "Bundle-parts": "?_type=CarePlan,Task,Patient&_summary=true&_count=20",
    "Bundle-elements": "CarePlan?_elements=title&_count=3&_revinclude=Task:focus",
    "Bundle-searchset": "CarePlan?_include=CarePlan:care-team&_include=CarePlan:goal&_count=2&_total=accurate",
    "OperationOutcome-refusal": "Patient?colour=red",
}


def main(base: str, folder: Path) -> None:
    """Dump `base` into `folder`; say how much it was."""
    with httpx.Client(timeout=60) as client:
        for name, address in OTHERS.items():
            (folder / f"{name}.json").write_bytes(client.get(f"{base}/{address}").content)
        served = client.get(f"{base}/metadata").json()["rest"][0]["resource"]
        for rtype in (row["type"] for row in served):
            for rid in ids(client, f"{base}/{rtype}?_count=1000"):
                answer = client.get(f"{base}/{rtype}/{rid}")
                (folder / f"{rtype}-{rid}.json").write_bytes(answer.raise_for_status().content)
    sys.stdout.write(f"{len(list(folder.iterdir()))} resources from {base}\n")


def ids(client: httpx.Client, address: str | None) -> Iterator[str]:
    """The ids of all matches, page by page."""
    while address:
        bundle: dict[str, Any] = client.get(address).raise_for_status().json()
        yield from (entry["resource"]["id"] for entry in bundle.get("entry", ()))
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
