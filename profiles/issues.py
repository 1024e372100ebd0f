"""One problem, told once: the value that every part of the service uses for bad input.

The edge renders the same `Issue` as an OperationOutcome (REST), as an ACK with ERR segments (HL7 v2) or as a
KITH AppRec (ADR 0006). `profiles.issue_codes` holds what each code becomes on each channel.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """https://hl7.org/fhir/R4/valueset-issue-severity.html"""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem with what somebody sent.

    `code` is stable and listed in `profiles.issue_codes`; `at` is the place in the sender's own terms (`PID-3[2].1`,
    `CarePlan.activity[0].detail.status`); `text` is a sentence to act on and never holds a person's data.
    """

    severity: Severity
    code: str
    at: str
    text: str

    @property
    def refuses(self) -> bool:
        """Whether what was sent cannot be accepted because of this."""
        return self.severity in (Severity.ERROR, Severity.FATAL)


def error(code: str, at: str, text: str) -> Issue:
    """An issue that refuses the input."""
    return Issue(Severity.ERROR, code, at, text)


def warning(code: str, at: str, text: str) -> Issue:
    """An issue that the sender should hear about; the input is accepted."""
    return Issue(Severity.WARNING, code, at, text)


def information(code: str, at: str, text: str) -> Issue:
    """Something that was left aside on purpose, so that nothing disappears silently."""
    return Issue(Severity.INFORMATION, code, at, text)
