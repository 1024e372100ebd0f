"""What we define in FHIR: profiles, extensions, value sets and naming systems, as resources and ready to judge by.

`definitions.jsonl.gz` is written by `scripts/make_profiles.py` from the FSH files of `profiles/fsh` and read when
first asked for; our code systems and the value sets of all their codes are in `profiles.terminology`.  Pure.
"""

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from profiles import names
from profiles.resource import Resource
from profiles.snapshots import Profile, compile_profile
from profiles.snapshots.known import canonical
from profiles.terminology import bundled

__all__ = ["VERSION", "definition", "definitions", "profile", "profiles_of"]

DATA = Path(__file__).parent / "definitions.jsonl.gz"
VERSION = "0.1.0"
"""Of all that is defined here; a canonical address may name it (`url|version`)."""


@cache
def definitions() -> Mapping[str, Resource]:
    """Every resource of the file by its canonical address; a NamingSystem, which has none, by what it would be."""
    lines = gzip.decompress(DATA.read_bytes()).splitlines()
    resources: list[Resource] = [msgspec.json.decode(line) for line in lines]
    return {r.get("url") or f"{names.BASE}/{r['resourceType']}/{r['id']}": r for r in resources}


def definition(address: str) -> Resource | None:
    """What we define at a canonical address (`url`, `url|version`): profile, value set, code system; else None."""
    if not address.startswith(names.BASE):
        return None
    url, _, version = address.partition("|")
    if version not in ("", VERSION):
        return None
    return definitions().get(url) or bundled("ValueSet", url) or bundled("CodeSystem", url)


def profiles_of(rtype: str) -> tuple[str, ...]:
    """The addresses of our profiles of a resource type, in alphabetical order."""
    return tuple(sorted(url for url, found in definitions().items() if found.get("type") == rtype))


@cache
def profile(url: str) -> Profile | None:
    """The profile or extension that we define at an address, compiled at the first question; None for others."""
    found = definition(url)
    if found is None or found["resourceType"] != "StructureDefinition":
        return None
    made = compile_profile(found, lambda address: definition(canonical(address)))
    assert isinstance(made, Profile), made  # noqa: S101 - our own are tested
    return made
