"""The page of what we define in FHIR: profiles with what they demand, extensions, code systems, value sets, numbers."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fhir_service.search.definition import own_parameters
from profiles.code_systems import code_systems
from profiles.conformance import definitions
from profiles.definitions import resource_types
from profiles.resource import Resource

Table = Callable[[tuple[str, ...], Iterable[tuple[str, ...]]], Iterator[str]]


def profiles(table: Table) -> Iterator[str]:
    """The lines of the page."""
    kept = definitions().values()
    yield "# Profiles, extensions and codes\n"
    yield "What we define in FHIR. Everything here is read and searched on a running service under its type, with its"
    yield "name as id, and changed by nobody else (ADR 0023). A resource of one of these kinds is held to its profile"
    yield "whether or not it claims it: a refusal is 422 `profile-required` or `profile-broken` with the place. What"
    yield "the service itself writes may be left out. Examples: `profiles/examples`; what is refused, and where:"
    yield "`tests/cases/conformance`.\n"
    for found in (r for r in kept if r.get("type") in resource_types()):
        yield f"## {found['name']}\n\n`{found['url']}`, of {found['type']}. {found['description']}\n"
        yield from table(("Element", "Number", "Demand"), map(_demand, _elements(found)))
        yield ""
    yield "## Extensions\n"
    extensions = (r for r in kept if r.get("type") == "Extension")
    yield from table(("Extension", "On", "Value", "Says"), map(_extension, extensions))
    yield "\n## Code systems\n\nEach has a value set of all its codes under the same name. Texts: nb, nn and en.\n"
    yield from table(("Code system", "Codes", "Says"), map(_system, code_systems().values()))
    yield "\n## Other value sets\n"
    yield from table(("Value set", "Says"), map(_named, (r for r in kept if r["resourceType"] == "ValueSet")))
    yield "\n## Search parameters of our own\n"
    yield from table(("Parameter", "Type", "Says"), map(_parameter, own_parameters()))
    yield "\n## Numbers and who they belong to\n"
    yield from table(("Naming system", "Address", "Says"), map(_naming, _of(kept, "NamingSystem")))
    yield ""


def _of(kept: Iterable[Resource], rtype: str) -> Iterator[Resource]:
    return (r for r in kept if r["resourceType"] == rtype)


def _elements(profile: Resource) -> Iterator[dict[str, Any]]:
    """What the profile itself says of elements: those of its differential."""
    rows = {row["id"]: row for row in profile["snapshot"]["element"]}
    return (rows[row["id"]] for row in profile["differential"]["element"] if "." in row["id"])


def _demand(row: dict[str, Any]) -> tuple[str, ...]:
    told = [*_types(row), *_values(row)]
    told += [f"{c['key']}: {c['human']}" for c in row.get("constraint", ()) if c["key"].startswith("ip-")]
    return f"`{row['id'].partition('.')[2]}`", f"{row['min']}..{row['max']}", "; ".join(told)


def _types(row: dict[str, Any]) -> Iterator[str]:
    for kind in row.get("type", ()):
        if targets := [url.rpartition("/")[2] for url in kind.get("targetProfile", ())]:
            yield " or ".join(targets)


def _values(row: dict[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        if name.startswith(("fixed", "pattern")):
            yield f"`{_code(value)}`"
    binding = row.get("binding", {})
    if binding.get("strength") == "required" and "knutepunkt" in binding["valueSet"]:
        yield f"a code of {binding['valueSet'].rpartition('/')[2]}"


def _code(value: Any) -> str:
    return str(value["coding"][0]["code"]) if isinstance(value, dict) else str(value)


def _extension(found: Resource) -> tuple[str, ...]:
    value = next(r for r in found["snapshot"]["element"] if r["id"] == "Extension.value[x]")
    kinds = "parts" if value["max"] == "0" else ", ".join(t["code"] for t in value["type"])
    return f"`{found['id']}`", ", ".join(c["expression"] for c in found["context"]), kinds, found["description"]


def _system(found: Resource) -> tuple[str, ...]:
    return f"`{found['id']}`", ", ".join(c["code"] for c in found["concept"]), found["description"]


def _named(found: Resource) -> tuple[str, ...]:
    return f"`{found['id']}`", found["description"]


def _parameter(found: Resource) -> tuple[str, ...]:
    return f"`{found['base'][0]}`: `{found['code']}`", found["type"], found["description"]


def _naming(found: Resource) -> tuple[str, ...]:
    return f"`{found['id']}`", f"`{found['uniqueId'][0]['value']}`", found["description"]
