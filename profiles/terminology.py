"""The code systems, value sets and concept maps that come with the service, as FHIR resources by canonical address.

Our own (`code_systems/`, `concept_maps/`) and those of FHIR R4 4.0.1 (`r4/terminology.json.gz`, written by
`scripts/make_r4_terminology.py`, read when first asked for). What is stored on the server is not known here.
"""

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from profiles.code_systems import code_systems
from profiles.resource import Resource

DATA = Path(__file__).parent / "r4" / "terminology.json.gz"
MAPS = Path(__file__).parent / "concept_maps"
TYPES = ("CodeSystem", "ValueSet", "ConceptMap")


@cache
def bundled(rtype: str, url: str) -> Resource | None:
    """The resource of one of `TYPES` with this canonical address; None where none comes with us."""
    own = _own()[rtype].get(url)
    if own is not None:
        return own
    raw = _of_r4()[rtype].get(url)
    found: Resource | None = msgspec.json.decode(raw) if raw is not None else None
    return found


@cache
def bundled_maps() -> tuple[Resource, ...]:
    """Every ConceptMap that comes with us, our own first."""
    urls = (*_own()["ConceptMap"], *_of_r4()["ConceptMap"])
    return tuple(found for url in dict.fromkeys(urls) if (found := bundled("ConceptMap", url)))


def bundled_urls(rtype: str) -> tuple[str, ...]:
    """The canonical addresses of all of one of `TYPES` that come with us, in alphabetical order."""
    return tuple(sorted({*_own()[rtype], *_of_r4()[rtype]}))


@cache
def _of_r4() -> dict[str, dict[str, msgspec.Raw]]:
    return msgspec.json.decode(gzip.decompress(DATA.read_bytes()), type=dict[str, dict[str, msgspec.Raw]])


@cache
def _own() -> Mapping[str, Mapping[str, Resource]]:
    systems = code_systems()
    maps = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(MAPS.glob("*.json")))
    sets = (_all_codes(system) for system in systems.values() if "valueSet" in system)
    return {
        "CodeSystem": systems,
        "ValueSet": {value_set["url"]: value_set for value_set in sets},
        "ConceptMap": {found["url"]: found for found in maps},
    }


def _all_codes(system: Resource) -> Resource:
    """The value set of all codes of a system that names one.

    https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.valueSet
    """
    kept: Resource = {name: system[name] for name in ("id", "version", "name", "title", "status") if name in system}
    compose = {"include": [{"system": system["url"]}]}
    return {"resourceType": "ValueSet", "url": system["valueSet"], **kept, "compose": compose}
