"""Which person a resource is about (SR-14, decisions 27 and 35).

A person is not a Patient id: every Patient with the same national number is the same person (`identity`), however a
resource names its subject (relative, absolute, versioned, or by identifier).
"""

from collections.abc import Mapping, Sequence

import msgspec

from fhir_service.rules import Draft
from fhir_service.search import patient_of
from fhir_service.storage.port import Identifier, PersonJoin, Reads, Stored
from fhir_service.workflow.identity import Identities, identities
from fhir_service.workflow.national import patient_target
from profiles.issues import Issue


class Persons(msgspec.Struct, frozen=True):
    """Who the drafts are about, and what that changes about the persons themselves."""

    of: Mapping[str, str]
    """`Type/id` of a draft -> person_id; drafts about nobody (or nobody known) are left out."""
    identifiers: tuple[tuple[str, str, str], ...] = ()
    """New (system, value, person_id)."""
    joined: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Persons that turn out to be others, and which: what is theirs counts for those in this transaction already."""
    issues: tuple[Issue, ...] = ()
    blamed: Mapping[Issue, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Of each issue, the drafts that it is about."""
    disputed: tuple[tuple[str, ...], ...] = ()
    """Persons whom one Patient says to be one without being believed."""

    @property
    def joins(self) -> tuple[PersonJoin, ...]:
        """What the database is to be told of those who turn out to be others."""
        return tuple(PersonJoin(person, to) for person, to in self.joined.items())


async def find_persons(tx: Reads, drafts: Sequence[Draft], stored: Mapping[str, Stored], base_url: str) -> Persons:
    """Resolve the person of every draft. `stored` holds the current versions by `Type/id`."""
    patients = [d for d in drafts if d.rtype == "Patient" and d.after is not None]
    others = [d for d in drafts if d.rtype != "Patient" or d.after is None]
    found = await identities(tx, patients, stored, base_url) if patients else Identities({})
    of = found.of | await _find_others(tx, found, others, stored, base_url)
    return Persons(
        of={place: found.now(person) for place, person in of.items()} if found.joined else of,
        identifiers=tuple((*number, found.now(person)) for number, person in found.new.items()),
        joined={person: found.now(person) for person in found.joined},
        issues=tuple(found.blamed),
        blamed=found.blamed,
        disputed=tuple(found.disputed),
    )


async def _find_others(
    tx: Reads, people: Identities, drafts: Sequence[Draft], stored: Mapping[str, Stored], base_url: str
) -> dict[str, str]:
    literal: dict[str, tuple[str, str]] = {}
    logical: dict[str, Identifier] = {}
    found: dict[str, str] = {}
    for draft in drafts:
        reference = patient_of(draft.after) if draft.after is not None else None
        target = patient_target(reference, base_url) if reference else None
        before = stored.get(draft.reference)
        if isinstance(target, str):
            literal[draft.reference] = ("Patient", target)
        elif target is not None:
            logical[draft.reference] = target
        elif before and before.person_id and draft.after is None:
            found[draft.reference] = before.person_id
    patients = people.of
    missing = {t for t in literal.values() if "/".join(t) not in patients}
    rows = await tx.get_many(missing) if missing else {}
    # A number that a Patient of this transaction brings is as good as one that was here.
    persons = {**await tx.persons(set(logical.values())), **people.new} if logical else {}
    for place, (rtype, rid) in literal.items():
        person = patients.get(f"{rtype}/{rid}") or _person_of(rows.get((rtype, rid)), stored.get(place))
        if person:
            found[place] = person
    return found | {ref: persons[i] for ref, i in logical.items() if i in persons}


def _person_of(patient: Stored | None, before: Stored | None) -> str | None:
    """Nothing new is about a deleted Patient, but what was about it stays the person's."""
    if patient is None or (patient.deleted and (before is None or before.person_id != patient.person_id)):
        return None
    return patient.person_id
