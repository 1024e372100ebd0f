"""Write `profiles/conformance/definitions.jsonl.gz` from the FSH files of `profiles/fsh` with SUSHI (`sushi build -s`).

    python scripts/make_profiles.py [--check]

Needs Node: npm fetches SUSHI, with all it is made of as `scripts/sushi/package-lock.json` names it, and the CC0 package
`hl7.fhir.r4.examples` 4.0.1 into `build/sushi` the first time, and each is held to its hash: the same sources give the
same file. Only who changes a profile runs this; the written file is committed. `--check` writes nothing and says
whether the file that is there is what the sources give: exit status 1 if not.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "profiles" / "fsh"
CODE_SYSTEMS = ROOT / "profiles" / "code_systems"
NO_BASIS = ROOT / "tests" / "cases" / "profiles" / "no-basis.jsonl.gz"
TARGET = ROOT / "profiles" / "conformance" / "definitions.jsonl.gz"
TOOLS = ROOT / "build" / "sushi"
R4_FILE = TOOLS / "hl7.fhir.r4.examples-4.0.1.tgz"
LOCKED = ROOT / "scripts" / "sushi"
LOCKS = ("package.json", "package-lock.json")
R4 = "hl7.fhir.r4.examples@4.0.1"
R4_HASH = "dce87f1b5b9341867033f7d1f544fa1b5232503f6d62813887ac6b8a8b6cb682"
"""SHA-256 of the file that npm brings."""
NO_BASIS_VERSION = "2.2.0"
DEFINITIONS = ("StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter", "OperationDefinition")
OF_ROWS = ("alias", "comment", "mapping", "requirements", "example")
"""Of the rows of a snapshot: what R4 says of them anyway, and no check reads."""

Json = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Compile, then write or compare."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [line(resource) for resource in compiled(Path(folder))]
    text = "\n".join(lines) + "\n"
    if "--check" in arguments:
        same = TARGET.exists() and gzip.decompress(TARGET.read_bytes()) == text.encode()
        print("the profiles are what their sources give" if same else f"{TARGET.name} is out of date: run {__file__}")
        return 0 if same else 1
    TARGET.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{TARGET.name}: {len(lines)} resources, {len(text):,} bytes of JSON, {TARGET.stat().st_size:,} written")
    return 0


def compiled(folder: Path) -> list[Json]:
    """What SUSHI makes of the sources, by type and id. Ends the program if it finds an error."""
    tools()
    home, project = folder / "home", folder / "project"
    packages(home / ".fhir" / "packages")
    (project / "input").mkdir(parents=True)
    shutil.copytree(SOURCES, project / "input" / "fsh", ignore=shutil.ignore_patterns("*.yaml"))
    shutil.copytree(
        CODE_SYSTEMS, project / "input" / "vocabulary", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    shutil.copy(SOURCES / "sushi-config.yaml", project)
    run = [str(TOOLS / "node_modules" / ".bin" / "sushi"), "build", "-s", str(project)]
    done = subprocess.run(  # noqa: S603 - fixed words
        run, env={**os.environ, "HOME": str(home)}, capture_output=True, text=True, check=False
    )
    if done.returncode or "0 Errors" not in done.stdout:
        sys.exit(done.stdout + done.stderr)
    files = (project / "fsh-generated" / "resources").glob("*.json")
    made = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return sorted(made, key=lambda r: (r["resourceType"], r["id"]))


def tools() -> None:
    """SUSHI and the package of R4, brought by npm once."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    stamp = TOOLS / ".installed"
    locked = b"".join((LOCKED / name).read_bytes() for name in LOCKS)
    if not stamp.exists() or stamp.read_bytes() != locked:
        for name in LOCKS:
            shutil.copy(LOCKED / name, TOOLS)
        words = ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(words, cwd=TOOLS, check=True)  # noqa: S603 - fixed words
        stamp.write_bytes(locked)
    if not R4_FILE.exists():
        subprocess.run(["npm", "pack", "--silent", R4], cwd=TOOLS, check=True)  # noqa: S603, S607 - fixed words
    if hashlib.sha256(R4_FILE.read_bytes()).hexdigest() != R4_HASH:
        sys.exit(f"{R4_FILE} is not the file that the profiles are made with: delete it and try again")


def packages(cache: Path) -> None:
    """A FHIR package cache with R4 and the Norwegian base profiles, so that SUSHI needs no network."""
    with tarfile.open(R4_FILE) as archive:
        named = [m for m in archive.getmembers() if m.name.removeprefix("package/").partition("-")[0] in DEFINITIONS]
        core = [json.load(content) for m in named if (content := archive.extractfile(m)) is not None]
    package(cache, "hl7.fhir.r4.core", "4.0.1", core)
    listed = map(json.loads, gzip.decompress(NO_BASIS.read_bytes()).splitlines())
    package(cache, "hl7.fhir.no.basis", NO_BASIS_VERSION, [r for r in listed if r["resourceType"] in DEFINITIONS])


def package(cache: Path, name: str, version: str, resources: list[Json]) -> None:
    """One package as the cache holds it.  https://confluence.hl7.org/display/FHIR/FHIR+Package+Cache"""
    folder = cache / f"{name}#{version}" / "package"
    folder.mkdir(parents=True)
    told = {"name": name, "version": version, "fhirVersions": ["4.0.1"], "type": "fhir.core"}
    (folder / "package.json").write_text(json.dumps(told), encoding="utf-8")
    index = []
    for number, resource in enumerate(resources):
        file = f"{resource['resourceType']}-{number}.json"
        (folder / file).write_text(json.dumps(resource), encoding="utf-8")
        kept = ("resourceType", "id", "url", "version", "kind", "type", "derivation")
        index.append({"filename": file, **{key: resource[key] for key in kept if key in resource}})
    (folder / ".index.json").write_text(json.dumps({"index-version": 2, "files": index}), encoding="utf-8")


def line(resource: Json) -> str:
    """One resource; its snapshot without what R4 says of its rows at length."""
    for row in resource.get("snapshot", {}).get("element", ()):
        for name in OF_ROWS:
            row.pop(name, None)
    resource.pop("mapping", None)
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":"), sort_keys=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
