"""Decision 23: the dicts that the service builds are typed by the R4 definitions."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import msgspec
import pytest

from profiles import r4_types
from profiles.definitions import resource_types
from profiles.resource import Resource, stated

ROOT = Path(__file__).parents[3]
EXAMPLES = gzip.decompress((ROOT / "tests" / "cases" / "r4" / "examples.jsonl.gz").read_bytes()).splitlines()
DECODER: msgspec.json.Decoder[Resource] = msgspec.json.Decoder(float_hook=Decimal)
ALL = [DECODER.decode(line) for line in EXAMPLES]
BUILT = sorted(name for name in resource_types() if hasattr(r4_types, name))
hints = cache(get_type_hints)


def wrong(value: Any, hint: Any, place: str) -> Iterator[str]:
    """Where a value is not what a type says: a name it does not know, a list for one, a code of no such set."""
    if is_typeddict(hint) and isinstance(value, dict):
        for name, member in value.items():
            known = hints(hint).get(name)
            yield from wrong(member, known, f"{place}.{name}") if known else [f"{place}.{name}"]
    elif get_origin(hint) is list:
        items = value if isinstance(value, list) else None
        yield from [place] if items is None else (w for one in items for w in wrong(one, get_args(hint)[0], place))
    elif get_origin(hint) is Literal:
        yield from [] if value in get_args(hint) else [place]
    elif get_origin(hint) is dict or (isinstance(hint, type) and not is_typeddict(hint)):
        yield from [] if type(value) is (get_origin(hint) or hint) else [place]
    else:
        choices = [list(wrong(value, one, place)) for one in get_args(hint)]
        yield from min(choices, key=len, default=[place])


def test_types_are_those_of_the_definitions() -> None:
    assert subprocess.run([sys.executable, ROOT / "scripts" / "make_r4_types.py", "--check"]).returncode == 0


@pytest.mark.parametrize("rtype", BUILT)
def test_examples_of_hl7_fit_their_type(rtype: str) -> None:
    examples = [r for r in ALL if r["resourceType"] == rtype]
    assert examples
    found = {r["id"]: list(wrong(r, getattr(r4_types, rtype), rtype)) for r in examples}
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ({"resourceType": "Task", "fore": {"reference": "Patient/1"}}, "Task.fore"),
        ({"resourceType": "Task", "focus": [{"reference": "Patient/1"}]}, "Task.focus"),
        ({"resourceType": "Task", "input": {"valueString": "a"}}, "Task.input"),
        ({"resourceType": "Task", "status": "done"}, "Task.status"),
        ({"resourceType": "Patient"}, "Task.resourceType"),
        ({"resourceType": "Task", "for": {"reference": 1}}, "Task.for.reference"),
    ],
)
def test_what_is_not_r4_does_not_fit(resource: dict[str, Any], place: str) -> None:
    assert list(wrong(resource, r4_types.Task, "Task")) == [place]


def test_extensions_of_primitives_and_numbers_are_typed() -> None:
    patient = hints(r4_types.Patient)
    assert set(get_args(patient["_birthDate"])) == {r4_types.Element, NoneType}
    assert set(get_args(hints(r4_types.Quantity)["value"])) == {Decimal, int, NoneType}
    assert "_id" not in patient


def test_only_what_says_something_is_stated() -> None:
    said = {"a": False, "b": 0, "c": Decimal(0), "d": [{}], "e": "x"}
    assert stated({**said, "f": None, "g": "", "h": [], "i": {}}) == said
