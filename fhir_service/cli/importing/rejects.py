"""The file of what was not taken: one JSON object a line, with the reason and the resource as it was."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fhir_service.cli.importing.delivery import Result, encoded
from fhir_service.cli.importing.sources import Unreadable
from profiles.issues import Issue
from profiles.resource import Resource


@dataclass(slots=True)
class Rejects:
    """Written anew in every run: what was rejected is tried again. It holds persons: readable by its owner alone."""

    file: Path
    count: int = 0
    _out: IO[bytes] | None = None

    def add(self, one: Result | Unreadable) -> None:
        """Put down one that was not taken."""
        if isinstance(one, Unreadable):
            told: Resource = {"where": one.where, "outcome": _outcome(one.issue), "text": one.text}
        else:
            told = {
                "where": one.item.where,
                "status": one.status,
                "outcome": one.outcome,
                "resource": one.item.resource,
            }
        if self._out is None:
            self._out = os.fdopen(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._out.write(encoded(told) + b"\n")
        self._out.flush()
        self.count += 1

    def close(self) -> None:
        """Let go of the file; one of an earlier run goes when nothing was rejected now."""
        if self._out:
            self._out.close()
        else:
            self.file.unlink(missing_ok=True)


def _outcome(issue: Issue) -> Resource:
    told: Resource = {"severity": str(issue.severity), "code": "structure", "diagnostics": issue.text}
    return {"resourceType": "OperationOutcome", "issue": [told | ({"expression": [issue.at]} if issue.at else {})]}
