"""What is agreed with each sender, as a JSON file: `{"DIPS|St. Olavs hospital": {"return_address": "127.0.0.1:2576"}}`.

The key is the sender as `knutepunkt inbox` shows it (MSH-3|MSH-4); the names are those of `mappings.message.Endpoint`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from mappings.hl7v2.charset import codec_of
from mappings.message import Endpoint

KNOWN = {field.name: field.default for field in fields(Endpoint)}
MEANT: dict[str, Callable[[str], bool]] = {
    "zone": lambda said: said in available_timezones(),
    "charset": lambda said: codec_of(said) is not None,
    "unknown_persons": lambda said: said in ("store", "need-only", "drop"),
    "return_address": lambda said: said.rpartition(":")[2].isdigit(),
}
"""Field of text -> whether it can be used. The others are true or false."""


class EndpointsError(Exception):
    """The file cannot be used; the text says why."""


def read_endpoints(path: Path | None) -> Mapping[str, Endpoint]:
    """The endpoints by sender; none without a file. Raises EndpointsError."""
    if path is None:
        return {}
    rows = _rows(path)
    for sender, row in rows.items():
        if unknown := sorted(set(row) - KNOWN.keys()):
            names = f"unknown {', '.join(unknown)}; known are {', '.join(sorted(KNOWN))}"
            raise EndpointsError(f"{path}: {sender}: {names}")
        if wrong := sorted(name for name, said in row.items() if not _fits(name, said)):
            raise EndpointsError(f"{path}: {sender}: {', '.join(wrong)} has a value that cannot be used")
    return {sender: Endpoint(**row) for sender, row in rows.items()}


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise EndpointsError(f"{path} cannot be read ({problem.strerror})") from problem
    except ValueError as problem:
        raise EndpointsError(f"{path} is not JSON: {problem}") from problem
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise EndpointsError(f"{path} is not an object with an object for each sender")
    return rows


def _fits(name: str, said: object) -> bool:
    """Whether a field of `Endpoint` takes the value; null only where it may be absent."""
    if said is None:
        return KNOWN[name] is None
    if name in MEANT:
        return isinstance(said, str) and MEANT[name](said)
    return isinstance(said, bool)
