"""The events of changes, from the versions that carry them (SR-33): one for each thing that was asked for, and patient.

What follows from a change is told in the event of what was asked for, and of what an operation writes there is one
event of the operation. What a read or a refusal leaves behind, a notice of it, has the event of that (ADR 0026).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import structs

from fhir_service.storage.audit import Kept
from fhir_service.storage.audit_changes import Change
from fhir_service.workflow.audit_events import Event, change_id
from fhir_service.workflow.audited import TRACE, Trace

RECORDS = frozenset({"AuditEvent", "Provenance"})
"""Types whose versions are no events: they tell of some."""
_STATUS: Mapping[str, int] = {"delete": 204, "create": 201}
Traced: TypeAlias = tuple[Change, Trace]


def events_of_changes(changes: Iterable[Change]) -> list[Event]:
    """The events of all versions of some instants."""
    requests: defaultdict[tuple[int, str], list[Traced]] = defaultdict(list)
    for change in sorted(changes, key=lambda c: (c.at, change_id(c.at, c.reference))):
        if change.rtype not in RECORDS:
            trace = TRACE.decode(change.trace)
            requests[change.at, trace.request_id].append((change, trace))
    return [event for made in requests.values() for event in _of_request(made)]


def _of_request(made: Sequence[Traced]) -> Iterator[Event]:
    """Those of what one request has made; what belongs to nobody is told with what was asked for first."""
    asked = [one for one in made if not one[1].brought]
    if not asked:
        return
    first = asked[0][0].person_id
    of: defaultdict[str | None, list[Traced]] = defaultdict(list)
    for change, trace in made:
        of[first if change.person_id is None and trace.brought else change.person_id].append((change, trace))
    for person, several in of.items():
        leading = [one for one in several if not one[1].brought]
        if not leading or leading[0][1].interaction.startswith("$"):
            leading = several[:1] if not leading else leading[:1]
        others = tuple(change.reference for change, trace in several if (change, trace) not in leading)
        yield structs.replace(_event(*leading[0], person), beside=others)
        yield from (_event(*one, person) for one in leading[1:])


def _event(change: Change, trace: Trace, person: str | None) -> Event:
    interaction = _interaction(change, trace)
    kept = Kept(
        status=_STATUS.get(interaction, 200),
        version=change.version,
        found=1,
        interaction=interaction,
        rtype=change.rtype,
        rid=change.rid,
        organization=trace.organization,
        role=trace.role,
        person=trace.person,
        purpose=trace.purpose,
        reason=trace.reason,
        basis=trace.basis,
        request_id=trace.request_id,
        parameters="",
    )
    return Event(change.at, change_id(change.at, change.reference), kept, person)


def _interaction(change: Change, trace: Trace) -> str:
    if trace.interaction.startswith("$"):
        return trace.interaction
    if change.deleted:
        return "delete"
    if change.version == 1:
        return "create"
    return "patch" if trace.interaction == "patch" else "update"
