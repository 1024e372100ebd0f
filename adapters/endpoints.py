"""What is agreed with each sender, as a JSON file: `{"DIPS|St. Olavs hospital": {"return_address": "127.0.0.1:2576"}}`.

The key is the sender as `knutepunkt inbox` shows it (MSH-3|MSH-4); the names are those of `mappings.message.Endpoint`.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from mappings.message import Endpoint


class EndpointsError(Exception):
    """The file cannot be used; the text says why."""


def read_endpoints(path: Path | None) -> Mapping[str, Endpoint]:
    """The endpoints by sender; none without a file. Raises EndpointsError."""
    if path is None:
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise EndpointsError(f"{path}: {problem}") from problem
    known = {f.name for f in fields(Endpoint)}
    for sender, row in rows.items():
        unknown = sorted(set(row) - known)
        if unknown:
            names = f"unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}"
            raise EndpointsError(f"{path}: {sender}: {names}")
    return {sender: Endpoint(**row) for sender, row in rows.items()}
