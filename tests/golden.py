"""Golden cases of messages: a folder with `input.hl7`, `expected.json` and a README that says what it shows.

`scripts/update_cases.py` (or KNUTEPUNKT_UPDATE_CASES=1) rewrites what is expected.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mappings.hl7v2.format import read, translate
from mappings.message import Endpoint, InboundMessage, Proposal, Translation

CASES = Path(__file__).with_name("cases") / "hl7v2"
RECEIVED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def cases() -> list[Path]:
    """The folders of all cases."""
    return sorted(file.parent for file in CASES.glob("*/*/input.hl7"))


def translation_of(case: Path) -> Translation:
    """What the message of a case means."""
    return translated((case / "input.hl7").read_bytes())


def translated(body: bytes, endpoint: Endpoint | None = None) -> Translation:
    """What a message means, by the same way as in the service."""
    endpoint = endpoint or Endpoint()
    return translate(read(InboundMessage("hl7v2", "file", body, RECEIVED), endpoint), endpoint)


def expected_of(case: Path) -> str:
    """The translation of a case as the text of `expected.json`."""
    return json.dumps(as_json(translation_of(case)), ensure_ascii=False, indent=1) + "\n"


def as_json(translation: Translation) -> dict[str, Any]:
    """A translation as JSON values, in a fixed order."""
    return {
        "event": translation.event,
        "occurredAt": _time(translation.occurred_at),
        "sender": translation.sender,
        "author": translation.author,
        "facts": dict(sorted(translation.facts.items())),
        "issues": [f"{i.severity} {i.code} {i.at}: {i.text}" for i in translation.issues],
        "proposals": [_proposal(p) for p in translation.proposals],
    }


def _proposal(proposal: Proposal) -> dict[str, Any]:
    said = {
        "name": proposal.name,
        "mode": proposal.mode.value,
        "at": _time(proposal.at),
        "states": proposal.states,
        "key": {
            "identifiers": [list(i) for i in proposal.key.identifiers],
            "natural": proposal.key.natural,
            "within": [list(w) for w in proposal.key.within],
        },
        "cleared": list(proposal.cleared),
        "values": proposal.values,
    }
    return {k: v for k, v in said.items() if v not in (None, False, [])}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def resolved(value: Any, types: Mapping[str, str]) -> Any:
    """`value` with every `proposal:<name>` reference replaced by `Type/x`."""
    if isinstance(value, list):
        return [resolved(item, types) for item in value]
    if not isinstance(value, dict):
        return value
    found = {k: resolved(v, types) for k, v in value.items()}
    reference = found.get("reference")
    if isinstance(reference, str) and reference.startswith("proposal:"):
        found["reference"] = f"{types[reference.removeprefix('proposal:')]}/x"
    return found
