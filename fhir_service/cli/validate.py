"""`knutepunkt validate`: are these files valid FHIR R4? Nothing is sent anywhere."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from fhir_service.cli.console import out
from fhir_service.cli.json_lines import line_of, lines_in
from fhir_service.cli.profile_files import profiles_in
from fhir_service.cli.resource_files import content_of, files_of, has_lines, lines_of

if TYPE_CHECKING:
    from profiles.issues import Issue
    from profiles.snapshots import Profile

STYLES = {"fatal": "bold red", "error": "red", "warning": "yellow", "information": "dim"}


@dataclass(frozen=True, slots=True)
class Finding:
    """An issue and where it is: the file, the line in it."""

    file: Path
    line: int
    issue: "Issue"


@dataclass(slots=True)
class Tally:
    """What was seen so far."""

    resources: int = 0
    invalid: int = 0
    by_severity: Counter[str] = field(default_factory=Counter)
    notes: "set[Issue]" = field(default_factory=set)
    """What the profiles leave unjudged, as far as it was told."""


def validate(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER", help="JSON or NDJSON files, or folders of them.")
    ],
    profile: Annotated[
        list[Path] | None,
        typer.Option(
            help="A profile (StructureDefinition with a snapshot) for its type; files or folders, value sets too."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only: no warnings, no summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each issue.")] = False,
) -> None:
    """Check resources as FHIR R4 (4.0.1): structure, primitives, required codes, reference targets, invariants.

    Every issue is printed with file, line and element. NDJSON of any size is read line by line.

    The exit status is 1 when there are errors; warnings alone leave it 0.
    """
    tally = Tally()
    for finding in _findings(paths, profiles_in(profile or ()), tally):
        tally.by_severity[finding.issue.severity] += 1
        if finding.issue.refuses or not quiet:
            _show(finding, as_json)
    if not quiet and not as_json:
        _sum_up(tally)
    if tally.invalid:
        raise typer.Exit(1)


def _findings(paths: list[Path], profiles: "tuple[Profile, ...]", tally: Tally) -> Iterator[Finding]:
    for file in files_of(paths):
        if has_lines(file):
            for line, _, body in lines_of(file):
                yield from (Finding(file, line, i) for i in _issues(body, profiles, tally))
            continue
        body = content_of(file)
        issues = _issues(body, profiles, tally)
        known = lines_in(body.decode("utf-8-sig", "replace")) if issues else {}
        yield from (Finding(file, line_of(issue.at, known), issue) for issue in issues)


def _issues(body: bytes, profiles: "tuple[Profile, ...]", tally: Tally) -> "list[Issue]":
    """What is wrong with one resource. What a profile leaves unjudged is the same for all: it is told once."""
    from fhir_service.rest.json_body import json_of
    from profiles.issues import Issue
    from profiles.validate import check

    value = json_of(body)
    rtype = value.get("resourceType") if isinstance(value, dict) else None
    meant = [profile for profile in profiles if profile.type == rtype]
    issues = (value,) if isinstance(value, Issue) else check(value, profiles=meant)
    tally.resources += 1
    tally.invalid += any(issue.refuses for issue in issues)
    notes = {note for profile in meant for note in profile.notes}
    told = [issue for issue in issues if issue not in notes or issue not in tally.notes]
    tally.notes |= notes
    return told


def _show(finding: Finding, as_json: bool) -> None:
    import msgspec

    issue = finding.issue
    if as_json:
        told = {"file": str(finding.file), "line": finding.line, "severity": str(issue.severity), "code": issue.code}
        typer.echo(msgspec.json.encode(told | {"expression": issue.at, "text": issue.text}))
        return
    line = Text(f"{finding.file}:{finding.line}  ")
    line.append(f"{issue.severity}  ", STYLES[issue.severity])
    line.append(f"{issue.code}  {issue.at}: {issue.text}" if issue.at else f"{issue.code}  {issue.text}")
    out().print(line, soft_wrap=True)


def _sum_up(tally: Tally) -> None:
    counts = ", ".join(f"{n} {name}{'s' * (n != 1)}" for name, n in sorted(tally.by_severity.items()))
    valid = tally.resources - tally.invalid
    style = "red" if tally.invalid else "green"
    out().print(
        f"{tally.resources} read: [{style}]{valid} valid, {tally.invalid} not[/]{'; ' + counts if counts else ''}"
    )
