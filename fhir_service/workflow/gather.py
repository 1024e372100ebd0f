"""From what a message says to drafts: find what each proposal speaks about, merge, route.

hl7v2-mapping.md 6.2 (matching), decision 37 (one mechanism), domain.md 7 (routing).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from fhir_service.rules import Draft, merge, reference, several
from fhir_service.storage.port import Reads, Stored
from fhir_service.workflow.ids import new_id
from fhir_service.workflow.protection import HIDDEN, is_protected, shielded
from fhir_service.workflow.replaced import REPLACED_BY
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import parse_body
from mappings.message import PROPOSAL, Mode, Proposal, Translation
from mappings.natural_keys import natural_key
from profiles.issues import Issue, error, information, warning
from profiles.resource import Resource
from profiles.validate import check


@dataclass(slots=True)
class Gathered:
    """What a translation comes to. `places`: proposal name -> `Type/id`, also of what is not written."""

    wanted: list[Wanted] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    patient: Stored | None = None
    """The Patient that was there before, if any."""
    was_protected: bool = False
    protected: bool = False
    """Whether the Patient's address is protected: before this message, and after what is merged so far."""
    unsure: bool = False
    """Whether a person has to look at it: what the message is about is not here, or is another sender's."""


async def gather(tx: Reads, translation: Translation, cause: str) -> Gathered:
    """Load everything that the proposals name, and merge them into drafts."""
    gathered = Gathered()
    found = await _find(tx, translation.proposals, gathered)
    if any(issue.refuses for issue in gathered.issues):
        return gathered
    _place(gathered, translation, found)
    if gathered.unsure:
        return gathered
    for proposal in translation.proposals:
        if proposal.name in gathered.places:
            _merge_one(gathered, proposal, found.get(proposal.name), cause)
    if gathered.protected and not gathered.was_protected and gathered.patient:
        gathered.wanted.extend(await _hidden_kin(tx, gathered, gathered.patient, cause))
    return gathered


def _place(gathered: Gathered, translation: Translation, found: Mapping[str, Stored]) -> None:
    """Which resource each proposal is about; none for an event about something that is not here."""
    for proposal in translation.proposals:
        existing = found.get(proposal.name)
        if existing is None and proposal.mode is Mode.STATUS:
            text = "Nothing is known here that this event could change"
            gathered.issues.append(warning("nothing-to-cancel", proposal.rtype, text))
            continue
        if existing is not None and not _is_senders(proposal, existing, gathered.places.get("patient")):
            text = "This is another sender's, or another person's; the koordinerende enhet looks at the message"
            gathered.issues.append(warning("forbidden", proposal.rtype, text))
            gathered.unsure = True
        rid = existing.rid if existing else new_id()
        gathered.places[proposal.name] = f"{proposal.rtype}/{rid}"
    about = translation.facts.get("about")
    gathered.unsure |= about is not None and about not in gathered.places


def _is_senders(proposal: Proposal, existing: Stored, patient: str | None) -> bool:
    """A request is its notifier's alone (workflow.md 1): nobody else changes it, or hears how it stands."""
    if proposal.rtype != "ServiceRequest":
        return True
    request = parse_body(existing.body)
    is_about = reference(request.get("subject")) in (None, patient)
    return is_about and bool(request.get("meta", {}).get("source") == proposal.values.get("meta", {}).get("source"))


async def _find(tx: Reads, proposals: Sequence[Proposal], gathered: Gathered) -> dict[str, Stored]:
    wanted = [(p.rtype, identifier) for p in proposals for identifier in p.key.identifiers]
    by_identifier = await tx.by_identifiers(wanted) if wanted else {}
    found: dict[str, Stored] = {}
    for proposal in proposals:
        hits = [row for i in proposal.key.identifiers for row in by_identifier.get((proposal.rtype, i), ())]
        if not hits:
            continue
        if proposal.rtype == "Patient" and len({h.person_id for h in hits}) > 1:
            text = "The identifiers belong to different persons here; the koordinerende enhet must decide"
            gathered.issues.append(error("identity-ambiguous", "PID-3", text))
            return {}
        one = _counting(hits, found.values()) if proposal.rtype == "Patient" else hits[0]
        if one is not None:
            found[proposal.name] = one
    gathered.patient = next((f for f in found.values() if f.rtype == "Patient"), None)
    if gathered.patient:
        gathered.protected = gathered.was_protected = is_protected(parse_body(gathered.patient.body))
    await _find_natural(tx, proposals, found)
    return found


def _counting(hits: Sequence[Stored], others: Iterable[Stored]) -> Stored | None:
    """Of the records of one person the one that counts: none that is replaced, where another one stays (6.3)."""
    named = {row.rid for row in others if row.rtype == "Patient"}
    left = [hit for hit in hits if hit.rid not in named]
    if len(left) < 2:
        return left[0] if left else None
    staying = (hit for hit in left if not _is_replaced(parse_body(hit.body)))
    return next(staying, left[0])


def _is_replaced(patient: Resource) -> bool:
    return any(link.get("type") == REPLACED_BY for link in several(patient.get("link")))


async def _find_natural(tx: Reads, proposals: Iterable[Proposal], found: dict[str, Stored]) -> None:
    """Match what has no identifier among the resources of the patients that are there already."""
    by_nature = [p for p in proposals if p.key.natural is not None and p.name not in found]
    patients = sorted({row.rid for row in found.values() if row.rtype == "Patient"})
    if not by_nature or not patients:
        return
    rows = await tx.of_patients(patients, sorted({p.rtype for p in by_nature}))
    candidates = [(row, parse_body(row.body)) for row in rows]
    for proposal in by_nature:
        places = {name: f"{row.rtype}/{row.rid}" for name, row in found.items()}
        match = next((row for row, resource in candidates if _is_same(proposal, resource, places)), None)
        if match:
            found[proposal.name] = match


def _is_same(proposal: Proposal, resource: Resource, places: Mapping[str, str]) -> bool:
    if resource["resourceType"] != proposal.rtype or natural_key(resource) != proposal.key.natural:
        return False
    return all(
        name in places and resource.get(element, {}).get("reference") == places[name]
        for element, name in proposal.key.within
    )


def _merge_one(gathered: Gathered, proposal: Proposal, existing: Stored | None, cause: str) -> None:
    values, missing = _resolved(proposal.values, gathered.places)
    gathered.issues.extend(missing)
    before = parse_body(existing.body) if existing else None
    merged = merge(before, replace(proposal, values=values), existing.clock if existing else None)
    gathered.issues.extend(merged.issues)
    if merged.resource is not None:
        merged = replace(merged, resource=_protected(gathered, merged.resource, before))
    if merged.resource is None or (merged.resource == before and merged.clock == (existing.clock if existing else {})):
        return
    rid = gathered.places[proposal.name].partition("/")[2]
    after, dropped = representable({**merged.resource, "id": rid})
    gathered.issues.extend(dropped)
    if after is None:
        return
    draft = Draft(proposal.rtype, rid, after, before, cause=cause, clock=merged.clock)
    gathered.wanted.append(Wanted(draft, existing))


def _protected(gathered: Gathered, after: Resource, before: Resource | None) -> Resource:
    """Without the address where the person is protected. The Patient comes before those who are near."""
    if after["resourceType"] == "Patient":
        gathered.protected = is_protected(after)
    if not gathered.protected or after["resourceType"] not in HIDDEN:
        return after
    shown = shielded(after, before if gathered.was_protected else None)
    return before if before is not None and shown == before else shown


async def _hidden_kin(tx: Reads, gathered: Gathered, patient: Stored, cause: str) -> list[Wanted]:
    """Those near a person who is protected from now on, as they were stored before, without their addresses."""
    drafted = {w.draft.reference for w in gathered.wanted}
    rows = await tx.of_patients([patient.rid], ["RelatedPerson"])
    known = [(row, parse_body(row.body)) for row in rows if f"{row.rtype}/{row.rid}" not in drafted]
    return [
        Wanted(Draft(row.rtype, row.rid, shielded(one, None), one, cause=cause, clock=row.clock), row)
        for row, one in known
        if one.keys() & set(HIDDEN["RelatedPerson"])
    ]


def _resolved(value: Mapping[str, Any], places: Mapping[str, str]) -> tuple[Resource, list[Issue]]:
    """`value` with `proposal:` references replaced; one to something that was not kept is dropped, and told."""
    issues: list[Issue] = []

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        out = {k: walk(v) for k, v in node.items()}
        reference = out.get("reference")
        if isinstance(reference, str) and reference.startswith(PROPOSAL):
            place = places.get(reference.removeprefix(PROPOSAL))
            if place is None:
                del out["reference"]
                issues.append(information("unmapped", reference, "What this refers to was not kept"))
            else:
                out["reference"] = place
        return out

    return cast(Resource, walk(value)), issues


def representable(resource: Resource) -> tuple[Resource | None, list[Issue]]:
    """The resource without the elements that FHIR cannot hold, each with a warning; None if it means nothing then.

    A sender's oddity in one field must neither make an invalid resource nor lose the message (SR-20): the raw message
    is kept.
    """
    warnings: list[Issue] = []
    for _ in range(4):
        wrong = [i for i in check(resource) if i.refuses]
        if not wrong:
            return resource, warnings
        elements = {_top_element(i.at) for i in wrong}
        warnings.extend(
            warning("not-representable", i.at, "FHIR cannot hold what was sent here; left out") for i in wrong
        )
        if not elements & resource.keys():
            break
        resource = {k: v for k, v in resource.items() if k not in elements}
    return None, warnings


def _top_element(at: str) -> str:
    return at.partition(".")[2].partition(".")[0].partition("[")[0]
