"""The examples of our profiles and the counter-examples: an example, what is changed in it, and what that breaks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonpatch

from profiles import names
from profiles.resource import Resource

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "profiles" / "examples"
COUNTER_EXAMPLES = ROOT / "tests" / "cases" / "conformance"


class Case(NamedTuple):
    """`profile`: the address of the profile; `issues`: code and place of all that is wrong, none for an example."""

    profile: str
    name: str
    resource: Resource
    issues: list[list[str]]


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def examples() -> Iterator[Case]:
    for file in sorted(EXAMPLES.glob("*/*.json")):
        yield Case(f"{names.EXTENSION}/{file.parent.name}", f"{file.parent.name}/{file.stem}", read(file), [])


def counter_examples() -> Iterator[Case]:
    for file in sorted(COUNTER_EXAMPLES.glob("*/*.json")):
        told, folder = read(file), file.parent.name
        changed = jsonpatch.apply_patch(read(EXAMPLES / folder / f"{told['example']}.json"), told["change"])
        yield Case(f"{names.EXTENSION}/{folder}", f"{folder}/{file.stem}", changed, told["issues"])
