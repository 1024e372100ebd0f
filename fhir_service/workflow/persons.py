"""Which person a resource is about (SR-14, decisions 27 and 35).

A person is not a Patient id: every Patient with the same national number is the same person, however a resource names
its subject (relative, absolute, versioned, or by identifier).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from fhir_service.rules import Draft
from fhir_service.search import patient_of
from fhir_service.storage.port import Identifier, PersonMove, Reads, Stored
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource


class Persons(msgspec.Struct, frozen=True):
    """Who the drafts are about, and what that changes about the persons themselves."""

    of: Mapping[str, str]
    """`Type/id` of a draft -> person_id; drafts about nobody (or nobody known) are left out."""
    identifiers: tuple[tuple[str, str, str], ...] = ()
    """New (system, value, person_id)."""
    moves: tuple[PersonMove, ...] = ()
    left: tuple[str, ...] = ()
    """Persons that a Patient moved away from: what hung on it counts for the new person in this transaction."""
    issues: tuple[Issue, ...] = ()
    blamed: Mapping[Issue, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Of each issue, the drafts that it is about."""


@dataclass(slots=True)
class _Finding:
    of: dict[str, str] = field(default_factory=dict)
    identifiers: list[tuple[str, str, str]] = field(default_factory=list)
    moves: list[PersonMove] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    blamed: dict[Issue, tuple[str, ...]] = field(default_factory=dict)


def national_identifiers(element: Resource) -> tuple[Identifier, ...]:
    """The identifiers of a Patient that are one person wherever they are met, in their normal form (domain.md 3)."""
    found = (normal_identifier(i) for i in element.get("identifier", ()))
    return tuple(dict.fromkeys(i for i in found if i))


def normal_identifier(identifier: Resource) -> Identifier | None:
    """(system, value) of a national person identifier: `urn:oid:` added, blanks taken out. None for any other one."""
    system = str(identifier.get("system", ""))
    system = system if system.startswith(names.OID) else names.OID + system
    value = "".join(str(identifier.get("value", "")).split())
    return (system, value) if system in names.PERSON_SYSTEMS and value else None


async def find_persons(tx: Reads, drafts: Sequence[Draft], stored: Mapping[str, Stored], base_url: str) -> Persons:
    """Resolve the person of every draft. `stored` holds the current versions by `Type/id`."""
    finding = _Finding()
    patients = [d for d in drafts if d.rtype == "Patient" and d.after is not None]
    others = [d for d in drafts if d.rtype != "Patient" or d.after is None]
    if patients:
        claims = {d.reference: national_identifiers(d.after or {}) for d in patients}
        known = dict(await tx.persons({i for ids in claims.values() for i in ids}))
        for draft in patients:
            _claim(finding, draft, claims[draft.reference], known, stored.get(draft.reference))
    await _find_others(tx, finding, others, stored, base_url)
    return Persons(
        of=finding.of,
        identifiers=tuple(finding.identifiers),
        moves=tuple(finding.moves),
        left=tuple(finding.left),
        issues=tuple(finding.blamed),
        blamed=finding.blamed,
    )


def _claim(
    finding: _Finding, draft: Draft, claims: tuple[Identifier, ...], known: dict[Identifier, str], now: Stored | None
) -> None:
    persons = {known[i] for i in claims if i in known}
    if len(persons) > 1:
        text = "The national identifiers belong to different persons here; the koordinerende enhet must decide"
        issue = error("identity-ambiguous", "Patient.identifier", text)
        finding.blamed[issue] = (*finding.blamed.get(issue, ()), draft.reference)
        return
    before = now.person_id if now else None
    person = persons.pop() if persons else before or draft.rid
    finding.of[draft.reference] = person
    for identifier in claims:
        if identifier not in known:
            known[identifier] = person
            finding.identifiers.append((*identifier, person))
    if before and before != person:
        finding.moves.append(PersonMove(draft.rid, person))
        finding.left.append(before)


async def _find_others(
    tx: Reads, finding: _Finding, drafts: Sequence[Draft], stored: Mapping[str, Stored], base_url: str
) -> None:
    literal: dict[str, tuple[str, str]] = {}
    logical: dict[str, Identifier] = {}
    for draft in drafts:
        reference = patient_of(draft.after) if draft.after is not None else None
        target = patient_target(reference, base_url) if reference else None
        before = stored.get(draft.reference)
        if isinstance(target, str):
            literal[draft.reference] = ("Patient", target)
        elif target is not None:
            logical[draft.reference] = target
        elif before and before.person_id and draft.after is None:
            finding.of[draft.reference] = before.person_id
    missing = {t for t in literal.values() if "/".join(t) not in finding.of}
    patients = await tx.get_many(missing) if missing else {}
    persons = await tx.persons(set(logical.values())) if logical else {}
    for place, (rtype, rid) in literal.items():
        person = finding.of.get(f"{rtype}/{rid}") or _person_of(patients.get((rtype, rid)), stored.get(place))
        if person:
            finding.of[place] = person
    finding.of.update({ref: persons[i] for ref, i in logical.items() if i in persons})


def _person_of(patient: Stored | None, before: Stored | None) -> str | None:
    """Nothing new is about a deleted Patient, but what was about it stays the person's."""
    if patient is None or (patient.deleted and (before is None or before.person_id != patient.person_id)):
        return None
    return patient.person_id


def patient_target(reference: Resource, base_url: str) -> str | Identifier | None:
    """The Patient id, or the national identifier, that a Reference names; None if neither is one of ours."""
    literal = str(reference.get("reference", "")).removeprefix(base_url + "/")
    parts = literal.split("/")
    if len(parts) in (2, 4) and parts[0] == "Patient":
        return parts[1]
    return normal_identifier(reference.get("identifier", {}))
