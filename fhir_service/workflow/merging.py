"""Two records turn out to be of one person: the one is replaced by the other, and what names it follows (4.10).

Whoever links the two Patients at one end says it all: the other end, the numbers and every reference follow here, in
the same transaction, whatever road the link came by ($merge, plain REST, ADT^A40). What happened stays as it was
written: Provenance and AuditEvent, and references to a version, go on naming the record they named. ADR 0024.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from fhir_service.principal import SERVICE
from fhir_service.rules import Draft, Judgement, several
from fhir_service.search.references import FOREIGN
from fhir_service.storage.port import Lock, Reads, Stored
from fhir_service.workflow.national import patient_target
from fhir_service.workflow.replaced import REPLACED_BY, REPLACES, linked_patients, newly_replaced
from fhir_service.workflow.versions import parse_body
from fhir_service.workflow.wanted import Wanted
from profiles.issues import Issue, error
from profiles.resource import Resource

MOST_FOLLOWING = 2_000
"""Resources that may follow to another record at once."""
RECORDS = frozenset({"AuditEvent", "Provenance"})
"""They tell what happened, and to which record."""
CAUSE = "patient-replaced"
_TOO_MANY = error(
    "too-costly",
    "Patient.link",
    f"More than {MOST_FOLLOWING} resources name the Patient that is replaced: they cannot follow at once",
)

Following = Mapping[str, str]
"""Id of a Patient that is replaced -> id of the one that it is replaced by."""


async def with_both_ends(tx: Reads, wanted: Sequence[Wanted], base_url: str) -> tuple[tuple[Wanted, ...], Following]:
    """What is wanted with both Patients of each new link as they must be, and which replaces which.

    A link to what is not here stays what it is: a reference that leads nowhere.
    """
    links = newly_replaced([w.draft for w in wanted], base_url)
    if not links:
        return tuple(wanted), {}
    drafted = {w.draft.rid: w for w in wanted if w.draft.rtype == "Patient"}
    # Nobody writes a reference to them meanwhile that would not follow.
    ends = sorted({("Patient", rid) for link in links.items() for rid in link})
    rows = await tx.get_many(ends, lock=Lock.TAKE)
    patients = {row.rid: _unchanged(row) for row in rows.values() if not row.deleted} | drafted
    following = {source: target for source, target in links.items() if {source, target} <= patients.keys()}
    for source, target in following.items():
        retired, staying = patients[source].draft.after or {}, patients[target].draft.after or {}
        patients[source] = _as(patients[source], _retired(retired, target, base_url))
        patients[target] = _as(patients[target], _staying(staying, retired, base_url))
    named = {rid for link in following.items() for rid in link}
    kept = [patients[w.draft.rid] if w.draft.rtype == "Patient" else w for w in wanted]
    return (*kept, *(patients[rid] for rid in sorted(named - drafted.keys()))), following


def _unchanged(row: Stored) -> Wanted:
    patient = parse_body(row.body)
    return Wanted(Draft("Patient", row.rid, patient, patient, SERVICE, cause=CAUSE), row)


def _as(wanted: Wanted, after: Resource) -> Wanted:
    if after == wanted.draft.after:
        return wanted
    return Wanted(structs.replace(wanted.draft, after=after), wanted.stored)


def _retired(patient: Resource, target: str, base_url: str) -> Resource:
    return {**_linked(patient, REPLACED_BY, target, base_url), "active": False}


def _staying(patient: Resource, retired: Resource, base_url: str) -> Resource:
    """It answers to the numbers of the other one from now on, as former ones (hl7v2-mapping.md 6.3)."""
    own = several(patient.get("identifier"))
    known = {(i.get("system"), i.get("value")) for i in own}
    former = [
        {**i, "use": "old"}
        for i in several(retired.get("identifier"))
        if i.get("value") and (i.get("system"), i["value"]) not in known
    ]
    linked = _linked(patient, REPLACES, str(retired["id"]), base_url)
    return {**linked, "identifier": [*own, *former]} if former else linked


def _linked(patient: Resource, kind: str, other: str, base_url: str) -> Resource:
    if other in linked_patients(patient, kind, base_url):
        return patient
    link = {"other": {"reference": f"Patient/{other}"}, "type": kind}
    return {**patient, "link": [*several(patient.get("link")), link]}


async def followed(
    tx: Reads,
    following: Following,
    judged: Mapping[str | None, Judgement],
    stored: dict[str, Stored],
    around: tuple[Mapping[str, str], str],
) -> Mapping[str | None, Judgement] | Issue:
    """The judgements with every reference to a replaced Patient led to the one that stays; what is not drafted yet is
    added, and to `stored` what it replaces. `around`: persons who turned out to be others, and the base address."""
    if not following:
        return judged
    joined, base_url = around
    keys = await tx.referrers([("Patient", rid) for rid in following], MOST_FOLLOWING + 1, RECORDS | FOREIGN)
    if len(keys) > MOST_FOLLOWING:
        return _TOO_MANY
    drafted = {d.reference for j in judged.values() for d in j.drafts}
    led = _Led(following, base_url)
    found: dict[str | None, list[Draft]] = {
        person: [led.draft(draft) for draft in judgement.drafts] for person, judgement in judged.items()
    }
    rows = await tx.get_many([key for key in keys if "/".join(key) not in drafted])
    for row in sorted(rows.values(), key=lambda row: (row.rtype, row.rid)):
        before = parse_body(row.body) if not row.deleted else {}
        after = led.value(before)
        if after is not before:
            stored[f"{row.rtype}/{row.rid}"] = row
            person = joined.get(row.person_id or "", row.person_id)
            found.setdefault(person, []).append(Draft(row.rtype, row.rid, after, before, SERVICE, cause=CAUSE))
    return {person: structs.replace(judged.get(person, Judgement()), drafts=tuple(d)) for person, d in found.items()}


class _Led:
    """Leads references to where the Patient that they name is now."""

    def __init__(self, following: Following, base_url: str) -> None:
        self._following = following
        self._base_url = base_url

    def draft(self, draft: Draft) -> Draft:
        """The two Patients name each other; all else names the one that stays."""
        ends = {*self._following, *self._following.values()}
        if draft.after is None or draft.rtype in RECORDS or (draft.rtype == "Patient" and draft.rid in ends):
            return draft
        after = self.value(draft.after)
        return draft if after is draft.after else structs.replace(draft, after=after)

    def value(self, value: Any) -> Any:
        """The value itself where nothing in it leads elsewhere."""
        if isinstance(value, list):
            items = [self.value(item) for item in value]
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        if not isinstance(value, dict):
            return value
        changed = {k: after for k, v in value.items() if (after := self.value(v)) is not v}
        literal = value.get("reference")
        if isinstance(literal, str) and "/_history/" not in literal:
            target = patient_target({"reference": literal}, self._base_url)
            stays = self._following.get(target) if isinstance(target, str) else None
            changed |= {"reference": f"Patient/{stays}"} if stays else {}
        return {**value, **changed} if changed else value
