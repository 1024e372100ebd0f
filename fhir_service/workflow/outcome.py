"""What one translated message comes to: effects with their traces, a Task for a person, or a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from fhir_service.principal import Principal
from fhir_service.rules import Draft, derived_id
from fhir_service.storage.port import NOTHING, Changes, Reads
from fhir_service.workflow.entries import OF_THE_PERSON
from fhir_service.workflow.gather import Gathered, gather
from fhir_service.workflow.receivers import receiver
from fhir_service.workflow.review import manual_review
from fhir_service.workflow.route import inbox_at_home, routed
from fhir_service.workflow.settle import Ground, Settlement, Wanted, joined, settle
from fhir_service.workflow.trace import audit_of_message, binary, new_write, provenance_of_message
from fhir_service.workflow.waiting import waiting_merge
from mappings.message import Endpoint, Envelope, MessageFormat, Translation, Verdict
from profiles import names
from profiles.issues import Issue, information, warning
from profiles.r4_types import ProvenanceAgent, Reference, Task


@dataclass(frozen=True, slots=True)
class Translated:
    """A message with its meaning: what travels together through T2."""

    form: MessageFormat
    envelope: Envelope
    endpoint: Endpoint
    translation: Translation


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with its reasons and all that is to be written."""

    verdict: Verdict
    issues: tuple[Issue, ...] = ()
    changes: Changes = NOTHING
    binary: str | None = None
    """`Binary/[id]` of the raw message, where one was made."""


async def outcome_of(tx: Reads, told: Translated, ground: Ground) -> Outcome:
    """Meet a translation with what is there. Unsure means a human: what the rules refuse becomes a Task (ADR 0007)."""
    translation = told.translation
    if any(issue.refuses for issue in translation.issues):
        return Outcome(Verdict.REFUSED, translation.issues)
    gathered = await gather(tx, translation, told.form.name)
    issues = (*translation.issues, *gathered.issues)
    if any(issue.refuses for issue in gathered.issues):
        return await _for_a_person(tx, told, ground, Outcome(Verdict.REFUSED, issues))
    if _leaves_no_trace(told.endpoint, translation, gathered):
        text = "The person is not known here and the message states no need: nothing was kept"
        return Outcome(Verdict.APPLIED, (*issues, information("unmapped", "", text)))
    if gathered.unsure:
        return await _for_a_person(tx, told, ground, Outcome(Verdict.MANUAL, issues))
    named = await receiver(tx, translation.facts.get("route-to"), ground.routes)
    wanted = routed(gathered, translation, ground.routes, ground.context(tx.now).today, named)
    issues = (*translation.issues, *gathered.issues)
    settlement = await settle(tx, _brought(wanted, gathered.places.get(translation.sender or "")), ground)
    if settlement.refused:
        if any(issue.code == "identity-ambiguous" for issue in settlement.issues):  # decision 27
            return await _for_a_person(tx, told, ground, Outcome(Verdict.REFUSED, (*issues, *settlement.issues)))
        warnings = (warning(i.code, i.at, i.text) for i in settlement.issues)
        waits = await waiting_merge(tx, wanted, settlement.issues, ground)
        return await _for_a_person(tx, told, ground, Outcome(Verdict.MANUAL, (*issues, *warnings)), waits)
    return _applied(tx, told, gathered, settlement, issues)


def _brought(wanted: Sequence[Wanted], sender: str | None) -> list[Wanted]:
    """What is wanted; whoever brings a person, or who is near them, may read that record (SR-27). All else that a
    message brings names its sender itself."""
    if sender is None or not sender.startswith("Organization/"):
        return list(wanted)
    by = Principal(organization=sender)
    return [
        structs.replace(w, draft=structs.replace(w.draft, by=by)) if w.draft.rtype in OF_THE_PERSON else w
        for w in wanted
    ]


def _leaves_no_trace(endpoint: Endpoint, translation: Translation, gathered: Gathered) -> bool:
    """Data minimisation for unknown persons (decision 14)."""
    if gathered.patient is not None or endpoint.unknown_persons == "store":
        return False
    needs = any(p.rtype == "ServiceRequest" for p in translation.proposals)
    return not (needs and endpoint.unknown_persons == "need-only")


def _applied(
    tx: Reads, told: Translated, gathered: Gathered, settlement: Settlement, issues: tuple[Issue, ...]
) -> Outcome:
    patient = gathered.places.get("patient")
    person = settlement.persons.get(patient or "") or (gathered.patient.person_id if gathered.patient else None)
    raw = new_write(binary(told.envelope.message.body, told.form.content_type), tx.now, person)
    source = f"Binary/{raw.rid}"
    traces = [raw]
    writes = settlement.changes.writes
    if writes:
        event = told.translation.event
        sender = _sender(told, gathered)
        agents = [_agent("author", sender), *_enterer(told.translation, gathered)]
        occurred = told.translation.occurred_at.isoformat() if told.translation.occurred_at else None
        provenance = provenance_of_message(writes, agents, source, event, (tx.now, occurred))
        audit = audit_of_message(sender, patient, source, event, tx.now)
        traces += [new_write(provenance, tx.now, person), new_write(audit, tx.now, person)]
    changes = joined(settlement.changes, writes=tuple(traces))
    return Outcome(Verdict.APPLIED, (*issues, *settlement.issues), changes, source)


def _agent(kind: str, who: Reference) -> ProvenanceAgent:
    return {"type": {"coding": [{"system": names.PROVENANCE_PARTICIPANT, "code": kind}]}, "who": who}


def _sender(told: Translated, gathered: Gathered) -> Reference:
    place = gathered.places.get(told.translation.sender or "")
    return {"reference": place} if place else {"display": told.envelope.sender or "unknown sender"}


def _enterer(translation: Translation, gathered: Gathered) -> list[ProvenanceAgent]:
    place = gathered.places.get(translation.author or "")
    return [_agent("enterer", {"reference": place})] if place else []


async def _for_a_person(
    tx: Reads, told: Translated, ground: Ground, why: Outcome, waits: Task | None = None
) -> Outcome:
    """Keep the message and give the koordinerende enhet a Task about it: `manual-review` (7 days, decision 30), or
    what `waits` says in its place."""
    raw = new_write(binary(told.envelope.message.body, told.form.content_type), tx.now, None)
    focus = f"Binary/{raw.rid}"
    named = await receiver(tx, told.translation.facts.get("route-to"), ground.routes)
    inbox = named or inbox_at_home(told.translation, None, ground.routes, ground.context(tx.now).today)
    owner: Reference = {"reference": f"Organization/{inbox.organization_id}", "display": inbox.name}
    task = {**manual_review(owner, tx.now, focus=focus), **(waits or {})}
    rid = derived_id("Task", raw.rid, "manual-review")
    settlement = await settle(tx, (Wanted(Draft("Task", rid, {**task, "id": rid}, cause=told.form.name)),), ground)
    note = information("manual-review", "", "The koordinerende enhet looks at this message")
    changes = joined(settlement.changes, writes=(raw,))
    return Outcome(why.verdict, (*why.issues, note), changes, focus)
