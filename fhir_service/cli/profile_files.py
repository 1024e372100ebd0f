"""Profiles given as files, for `knutepunkt validate`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fhir_service.cli.console import Problem
from fhir_service.cli.resource_files import content_of, files_of

if TYPE_CHECKING:
    from profiles.snapshots import Profile

_LEANED_ON = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})


def profiles_in(paths: Sequence[Path]) -> "tuple[Profile, ...]":
    """The profiles of resources in files and folders; those of data types, value sets and code systems serve them.

    Raises Problem for a file of another type, a profile that cannot be used, and when there is none.
    """
    from profiles.definitions import resource_types
    from profiles.snapshots import canonical, compile_profile

    known = {str(found.get("url")): found for file in files_of(paths) for found in [_definition(file)]}
    profiles = []
    for definition in known.values():
        if definition["resourceType"] != "StructureDefinition" or definition.get("type") not in resource_types():
            continue
        made = compile_profile(definition, lambda url: known.get(canonical(url)))
        if isinstance(made, tuple):
            raise Problem(f"--profile: {made[0].at} {made[0].text}.")
        profiles.append(made)
    if paths and not profiles:
        raise Problem("--profile: there is no profile of a resource type in these files.")
    return tuple(profiles)


def _definition(file: Path) -> dict[str, Any]:
    from fhir_service.rest.json_body import json_of

    value = json_of(content_of(file))
    if not isinstance(value, dict) or value.get("resourceType") not in _LEANED_ON:
        raise Problem(f"--profile: {file} is no StructureDefinition, ValueSet or CodeSystem in JSON.")
    return value
