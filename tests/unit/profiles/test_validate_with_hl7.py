"""Our verdicts beside those of HL7's Java validator (tests/oracles/record_verdicts.py): differences have reasons."""

import gzip
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from profiles.resource import Resource
from profiles.snapshots import Profile, canonical, compile_profile
from profiles.snapshots.extensions import extensions_in
from profiles.validate import check

CASES = Path(__file__).parents[2] / "cases"
FOLDERS = ("r4", "profiles")


def read(folder: str, name: str) -> Any:
    return json.loads((CASES / folder / name).read_text(encoding="utf-8"), parse_float=Decimal)


@cache
def no_basis() -> dict[str, Resource]:
    lines = gzip.decompress((CASES / "profiles" / "no-basis.jsonl.gz").read_bytes()).splitlines()
    return {r["url"]: r for r in map(json.loads, lines) if "url" in r}


def known(url: str) -> Resource | None:
    return no_basis().get(canonical(url))


@cache
def profile(url: str) -> Profile:
    made = compile_profile(no_basis()[url], known)
    assert isinstance(made, Profile)
    return made


def profiles_of(resource: Any) -> list[Profile]:
    if not isinstance(resource, dict):
        return []
    meta = resource.get("meta")
    claims = meta.get("profile", ()) if isinstance(meta, dict) else ()
    urls = [*claims, *(extension.get("url") for _, extension in extensions_in(resource))]
    return [profile(url) for url in dict.fromkeys(urls) if isinstance(url, str) and url in no_basis()]


def named(folder: str) -> list[Any]:
    return [pytest.param(folder, case, id=case["name"]) for case in read(folder, "verdicts.json")]


@pytest.mark.parametrize(("folder", "case"), [case for folder in FOLDERS for case in named(folder)])
def test_verdict_is_that_of_hl7_or_the_difference_has_a_reason(folder: str, case: dict[str, Any]) -> None:
    ours = any(issue.refuses for issue in check(case["resource"], None, profiles_of(case["resource"])))
    theirs = bool(read(folder, "hl7_verdicts.json")[case["name"]])

    assert (ours != theirs) is (case["name"] in read(folder, "differences.json"))


@pytest.mark.parametrize(("folder", "case"), named("profiles"))
def test_verdict_by_profile_is_that_of_the_table(folder: str, case: dict[str, Any]) -> None:
    issues = check(case["resource"], None, profiles_of(case["resource"]))

    assert [[i.code, i.at] for i in issues if i.severity != "information"] == case["issues"]


@pytest.mark.parametrize("url", sorted(u for u, r in no_basis().items() if r["resourceType"] == "StructureDefinition"))
def test_every_norwegian_base_profile_is_compiled(url: str) -> None:
    assert profile(url).url == url


def test_there_are_enough_bad_resources() -> None:
    refused = [name for folder in FOLDERS for name, said in read(folder, "hl7_verdicts.json").items() if said]

    assert len(refused) >= 150


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_case_was_shown_to_hl7(folder: str) -> None:
    assert read(folder, "hl7_verdicts.json").keys() == {case["name"] for case in read(folder, "verdicts.json")}
