"""Write `profiles/r4/definitions.json.gz` from the CC0 npm package `hl7.fhir.r4.examples` 4.0.1 (decision 4).

    python scripts/make_r4_definitions.py [PACKAGE.tgz]

Without an argument `npm pack` fetches the package first. Only who changes what is taken from the definitions runs this;
the written file is committed. The same package always gives the same file.
"""

import gzip
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE = "hl7.fhir.r4.examples@4.0.1"
TARGET = Path(__file__).parent.parent / "profiles" / "r4" / "definitions.json.gz"
DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
PARAMETER = "http://hl7.org/fhir/SearchParameter/"
V2_TABLE = "http://terminology.hl7.org/CodeSystem/v2-"
FHIR_TYPE = DEFINITION + "structuredefinition-fhir-type"
EVERYWHERE = frozenset({"ele-1", "ext-1"})
"""Invariants that the snapshots repeat on every element; they are kept on Element and Extension only."""

Json = dict[str, Any]
Package = Mapping[str, Mapping[str, Json]]
"""Resource type -> canonical address -> resource."""


def main(arguments: list[str]) -> None:
    """Read the package, write the data file, say how large it became."""
    with tempfile.TemporaryDirectory() as folder:
        package = read_package(Path(arguments[0]) if arguments else fetch(Path(folder)))
    text = json.dumps(definitions(package), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{TARGET.name}: {len(text):,} bytes of JSON, {TARGET.stat().st_size:,} bytes written")


def fetch(folder: Path) -> Path:
    """The package, brought by npm into a folder."""
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)  # noqa: S603, S607 - fixed words
    return next(folder.glob("*.tgz"))


def read_package(path: Path) -> Package:
    """The conformance resources of the package by type and canonical address."""
    kinds = ("StructureDefinition", "SearchParameter", "ValueSet", "CodeSystem", "CompartmentDefinition")
    package: dict[str, dict[str, Json]] = {kind: {} for kind in kinds}
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            kind = member.name.removeprefix("package/").partition("-")[0]
            content = archive.extractfile(member) if kind in package else None
            if content is not None:
                resource = json.load(content)
                package[kind][resource["url"]] = resource
    return package


def definitions(package: Package) -> Json:
    """Everything that the data file holds; `profiles.definitions` reads it."""
    structures = {s["type"]: s for s in sorted(kept_structures(package), key=lambda s: str(s["type"]))}
    return {
        "version": "4.0.1",
        "kinds": {name: kind(s) for name, s in structures.items()},
        "elements": {name: [element(e, s) for e in rows(s)] for name, s in structures.items()},
        "invariants": {name: found for name, s in structures.items() if (found := list(invariants(s)))},
        "patterns": {name: p for name, s in structures.items() if s["kind"] == "primitive-type" and (p := pattern(s))},
        "codes": {url: systems for url in sorted(bound(structures)) if (systems := expand(package, url))},
        "parameters": parameters(package),
        "tables": tables(package),
        "compartments": compartments(package),
        "marks": {name: marks(s) for name, s in structures.items() if s["kind"] == "resource"},
    }


def kept_structures(package: Package) -> Iterator[Json]:
    """Resources and data types themselves: neither profiles, extensions nor logical models."""
    for structure in package["StructureDefinition"].values():
        if structure["kind"] != "logical" and structure.get("derivation") != "constraint":
            yield structure


def kind(structure: Json) -> str:
    """`resource`, `complex-type`, `primitive-type`, or `abstract` for what is never met as such."""
    return "abstract" if structure["abstract"] else str(structure["kind"])


def rows(structure: Json) -> list[Json]:
    """The elements below the root; a primitive type has none of interest."""
    return [] if structure["kind"] == "primitive-type" else structure["snapshot"]["element"][1:]


def element(row: Json, structure: Json) -> list[Any]:
    """[path below the type, min, max (null: any), types, required value set, content reference]."""
    path = row["path"].partition(".")[2]
    binding = row.get("binding", {})
    required = binding["valueSet"].partition("|")[0] if binding.get("strength") == "required" else ""
    return [
        path,
        row["min"],
        None if row["max"] == "*" else int(row["max"]),
        [element_type(t, path, structure) for t in row.get("type", ())],
        required,
        row.get("contentReference", "").removeprefix("#"),
    ]


def element_type(row: Json, path: str, structure: Json) -> list[Any]:
    """[type, what a reference may point to, profile of the type]; the FHIRPath system types become FHIR's own."""
    code = row["code"]
    if code.startswith("http://hl7.org/fhirpath/"):
        named = next(e["valueUrl"] for e in row["extension"] if e["url"] == FHIR_TYPE)
        # 4.0.1 says `string` for Resource.id; https://hl7.org/fhir/R4/resource.html#id says `id`
        code = "id" if path == "id" and structure["kind"] == "resource" else named
    targets = sorted(t.removeprefix(DEFINITION) for t in row.get("targetProfile", ()))
    return [code, targets, [p.removeprefix(DEFINITION) for p in row.get("profile", ())]]


def marks(structure: Json) -> list[list[str]]:
    """[paths of the elements of a summary, paths of those that change the meaning of others]."""
    found = (
        [r["path"].partition(".")[2] for r in rows(structure) if r.get(mark)] for mark in ("isSummary", "isModifier")
    )
    return list(found)


def invariants(structure: Json) -> Iterator[list[str]]:
    """[key, severity, sentence, FHIRPath, path] of each rule of this type, repeated ones left out."""
    own = structure["type"] in ("Element", "Extension")
    for row in structure["snapshot"]["element"]:
        for rule in row.get("constraint", ()):
            if own or rule["key"] not in EVERYWHERE:
                yield [rule["key"], rule["severity"], rule["human"], rule.get("expression", ""), row["path"]]


def pattern(structure: Json) -> str:
    """The regular expression of a primitive type."""
    value = next((e for e in structure["snapshot"]["element"] if e["path"].endswith(".value")), {})
    marks = (mark for t in value.get("type", ()) for mark in t["extension"])
    found = (mark["valueString"] for mark in marks if mark["url"] == DEFINITION + "regex")
    return next(found, "")


def bound(structures: Mapping[str, Json]) -> set[str]:
    """Value sets that some element requires."""
    return {required for s in structures.values() for e in rows(s) if (required := element(e, s)[4])}


def expand(package: Package, url: str) -> dict[str, list[str]]:
    """System -> codes of a value set; empty where the codes cannot be listed (media types, currencies, UCUM)."""
    systems: dict[str, set[str]] = {}
    compose = package["ValueSet"].get(url, {}).get("compose", {"include": [{}]})
    for include in compose["include"]:
        found = included(package, include)
        if not found or compose.get("exclude"):
            return {}
        for system, codes in found.items():
            systems.setdefault(system, set()).update(codes)
    return {system: sorted(codes) for system, codes in sorted(systems.items())}


def included(package: Package, include: Json) -> dict[str, list[str]]:
    """What one `include` brings."""
    if include.get("valueSet"):
        parts = [expand(package, url.partition("|")[0]) for url in include["valueSet"]]
        return parts[0] if len(parts) == 1 else {}
    system = include.get("system", "")
    if include.get("concept"):
        return {system: [c["code"] for c in include["concept"]]}
    code_system = package["CodeSystem"].get(system, {})
    if include.get("filter") or code_system.get("content") != "complete":
        return {}
    return {system: list(concepts(code_system))}


def concepts(node: Json) -> Iterator[str]:
    """Codes of a code system with their children."""
    for concept in node.get("concept", ()):
        yield concept["code"]
        yield from concepts(concept)


def tables(package: Package) -> dict[str, list[str]]:
    """Number of an HL7 v2 table -> its codes, those tables that the specification lists whole."""
    found = {url.removeprefix(V2_TABLE): s for url, s in package["CodeSystem"].items() if url.startswith(V2_TABLE)}
    return {n: sorted(concepts(s)) for n, s in sorted(found.items()) if s["content"] == "complete"}


def parameters(package: Package) -> dict[str, list[list[Any]]]:
    """Base type -> [code, type, the part of the expression for this type, targets, address, components]."""
    found: dict[str, dict[str, list[Any]]] = {}
    for url, parameter in package["SearchParameter"].items():
        # drafts of examples and of extensions are not parameters of the resource
        if not url.startswith(PARAMETER) or "example" in url or "-extensions-" in url:
            continue
        for base in parameter["base"]:
            parts = [[c["definition"].removeprefix(PARAMETER), c["expression"]] for c in parameter.get("component", ())]
            found.setdefault(base, {})[parameter["code"]] = [
                parameter["code"],
                parameter["type"],
                expression_for(parameter, base),
                sorted(parameter.get("target", ())),
                url,
                parts,
            ]
    return {base: [row for _, row in sorted(by_code.items())] for base, by_code in sorted(found.items())}


def expression_for(parameter: Json, base: str) -> str:
    """The alternatives of a shared expression that speak of one type."""
    expression = str(parameter.get("expression", ""))
    alternatives = [part.strip() for part in re.split(r"\s\|\s(?![^(]*\))", expression)]
    own = [part for part in alternatives if re.match(rf"\(*{base}\b", part)]
    # InsurancePlan-name is written without its type
    return " | ".join(own) or (expression if len(parameter["base"]) == 1 else "")


def compartments(package: Package) -> dict[str, dict[str, list[str]]]:
    """What a compartment is about -> type -> parameters that put a resource into it; R4 has five, and an example."""
    found = [d for url, d in package["CompartmentDefinition"].items() if not url.endswith("/example")]
    return {d["code"]: {r["code"]: r["param"] for r in d["resource"] if r.get("param")} for d in found}


if __name__ == "__main__":
    main(sys.argv[1:])
