"""Scripts, locks, decisions and pages hold what they promise."""

import os
import re
import subprocess
import sys
import tomllib

from .source import ROOT, files, named, text

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.txt", "requirements-dev.txt")


def dependency_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0].lower() for line in requirements}


RUN = dependency_names(PROJECT["project"]["dependencies"])
DEV = dependency_names(PROJECT["project"]["optional-dependencies"]["dev"])


def locked(lock: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
    return {name.replace(".", "-"): version for name, version in found}


def test_generated_pages_are_those_of_the_code() -> None:
    command = [sys.executable, "scripts/generate_docs.py", "--check"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_locks_hold_every_dependency_with_hashes() -> None:
    run, dev = (locked(lock) for lock in LOCKS)
    assert {name.replace(".", "-") for name in RUN} <= set(run)
    assert {name.replace(".", "-") for name in RUN | DEV} <= set(dev)
    assert {name: version for name, version in run.items() if dev[name] != version} == {}
    assert "setuptools" in run  # it builds, and nothing unlocked is fetched
    for lock in LOCKS:
        blocks = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_locks_name_no_host() -> None:
    for lock in LOCKS:
        assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


def test_every_dependency_has_its_reason() -> None:
    reasons = (ROOT / "docs/adr/0011-dependencies-and-their-reasons.md").read_text(encoding="utf-8")
    given = {word.strip() for row in re.findall(r"^\| ([^|]+) \|", reasons, re.MULTILINE) for word in row.split(",")}
    assert given >= RUN | DEV


def test_every_decision_is_one_page_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    decisions = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [file.name[:4] for file in decisions] == [f"{n:04}" for n in range(1, len(decisions) + 1)]
    for file in decisions:
        page = file.read_text(encoding="utf-8")
        assert page.startswith(f"# {file.name[:4]} ")
        assert [f"## {part}" in page for part in ("Context", "Decision", "Consequences")] == [True] * 3
        assert len(page.splitlines()) <= 70
        assert f"adr/{file.name}" in navigation


def test_scripts_can_be_run() -> None:
    scripts = [ROOT / "scripts" / name for name in ("setup", "run", "check", "test", "docs", "lock")] + [
        ROOT / ".ci/run"
    ]
    assert [named(script) for script in scripts if not os.access(script, os.X_OK)] == []
    for script in scripts:
        assert subprocess.run(["bash", "-n", script]).returncode == 0


def test_documents_that_are_cited_are_here_or_explained() -> None:
    """A reader must find out what `workflow.md 4.6` is."""
    explained = set(re.findall(r"`([\w-]+\.md)`", (ROOT / "docs/references.md").read_text(encoding="utf-8")))
    here = {file.name for file in files()}
    python = [(file, text(file) or "") for file in files() if file.suffix == ".py"]
    cited = {(named(file), name) for file, content in python for name in re.findall(r"\b([\w-]+\.md) [0-9]", content)}
    assert len(cited) > 50  # the search finds them
    assert {(place, name) for place, name in cited if name not in explained | here} == set()


def test_changelog_fragments_have_a_known_kind() -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    fragments = [file.name for file in (ROOT / "changes").iterdir() if file.suffix == ".md"]
    assert [name for name in fragments if not re.fullmatch(rf"(\d+|\+[a-z-]+)\.({'|'.join(kinds)})\.md", name)] == []


def test_no_file_names_a_place_of_one_machine() -> None:
    own = re.compile(r"(?<![\w.])/(?:root|home/\w+|work)/")
    assert [named(file) for file in files() if (content := text(file)) and own.search(content)] == []


def test_links_between_documents_lead_somewhere() -> None:
    for file in (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"
