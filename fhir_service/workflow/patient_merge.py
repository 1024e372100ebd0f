"""Patient/$merge: two records of a person become one, with the plan that is to go on (workflow.md 4.10, 6.1).

Nothing here that plain REST could not do: the Patient that is replaced gets its link, the plan that does not go on is
revoked with the reason `merged`, its team ends. What follows from a link, follows (`merging`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fhir_service.principal import Principal
from fhir_service.resources.care_plan import IN_FORCE
from fhir_service.resources.care_team import RESOURCE as CARE_TEAM
from fhir_service.rules import Kind, kind_of, references, several
from fhir_service.rules._plan import with_reason
from fhir_service.storage.access import access_of
from fhir_service.storage.instants import micros
from fhir_service.storage.port import NOTHING, Changes, Reads, Stored, Work
from fhir_service.workflow.interaction import intended
from fhir_service.workflow.known import Known
from fhir_service.workflow.replaced import REPLACED_BY, linked_patients
from fhir_service.workflow.request import Refused, WriteRequest
from fhir_service.workflow.settle import Ground, Wanted
from fhir_service.workflow.together import Agreed, together
from fhir_service.workflow.versions import parse_body
from profiles.issues import Issue, error
from profiles.resource import Resource

_SAME = error("same-patient", "target-patient", "A Patient is not merged with itself")
_NO_PLAN = error("rule", "result-plan", "Neither of the two has this individual plan in force: name the one to go on")
_OTHER = error("id-mismatch", "result-patient", "The result is the Patient that stays: it has the id of target-patient")


class MergeAsked(msgspec.Struct, frozen=True):
    """Ids of the Patient that is replaced and of the one that stays; of the plan that goes on, where both have one;
    and the Patient that stays as it is to be."""

    source: str
    target: str
    plan: str | None = None
    result: Resource | None = None


def merged(asked: MergeAsked, by: Principal, ground: Ground) -> Work[tuple[Stored, ...] | Refused]:
    """The unit of work; it answers with the Patient that stays. Asked again, it changes nothing."""

    async def work(tx: Reads) -> tuple[tuple[Stored, ...] | Refused, Changes]:
        known = Known(tx, access_of(by, tx.now))
        patients = await _patients(known, asked)
        if isinstance(patients, Refused):
            return patients, NOTHING
        source, target = patients
        if asked.target in linked_patients(parse_body(source.body), REPLACED_BY, ground.base_url):
            return (target,), NOTHING
        requests = await _requests(known, asked, patients, ground.base_url)
        wanted = requests if isinstance(requests, Refused) else await _wanted(known, requests, by)
        if isinstance(wanted, Refused):
            return wanted, NOTHING
        agreed = await together(known, wanted, ground)
        if not isinstance(agreed, Agreed):
            return Refused(tuple(dict.fromkeys(b.issue for b in agreed.blamed)), agreed.notices), NOTHING
        return _staying(agreed.changes, target), agreed.changes

    return work


async def _patients(known: Known, asked: MergeAsked) -> tuple[Stored, Stored] | Refused:
    """Both, if the caller may see both."""
    if asked.source == asked.target:
        return Refused((_SAME,))
    keys = [("Patient", asked.source), ("Patient", asked.target)]
    rows = await known.get_many(keys)
    hidden = await known.hidden(keys)
    gone = [key for key in keys if key in hidden or key not in rows or rows[key].deleted]
    if gone:
        names = ("source-patient" if key == keys[0] else "target-patient" for key in gone)
        return Refused(tuple(error("not-found", name, "There is no such Patient") for name in names))
    return rows[keys[0]], rows[keys[1]]


async def _requests(
    known: Known, asked: MergeAsked, patients: tuple[Stored, Stored], base_url: str
) -> list[WriteRequest] | Refused:
    source, target = patients
    requests = [_patched(source, lambda patient: _linked(patient, asked.target))]
    if asked.result is not None:
        if asked.result.get("id") != asked.target:
            return Refused((_OTHER,))
        result = {**asked.result, "link": several(parse_body(target.body).get("link"))}
        result = {name: value for name, value in result.items() if value != []}
        requests.append(WriteRequest("update", "Patient", target.rid, resource=result, if_match=target.version))
    if asked.plan is not None:
        persons = sorted({p for row in patients if (p := row.person_id)})
        rows = await known.of_persons(persons, ("CarePlan", "CareTeam"))
        ending = _ending(rows, asked.plan)
        if isinstance(ending, Issue):
            return Refused((ending,))
        requests.extend(ending)
    return requests


def _linked(patient: Resource, target: str) -> Resource:
    link = {"other": {"reference": f"Patient/{target}"}, "type": REPLACED_BY}
    return {**patient, "active": False, "link": [*several(patient.get("link")), link]}


def _patched(row: Stored, change: Any) -> WriteRequest:
    return WriteRequest("patch", row.rtype, row.rid, patch=change, if_match=row.version)


def _ending(rows: Sequence[Stored], plan: str) -> list[WriteRequest] | Issue:
    """What ends so that the plan named goes on, with its team."""
    plans = {row.rid: (row, parse_body(row.body)) for row in rows if row.rtype == "CarePlan"}
    in_force = {rid: found for rid, found in plans.items() if _is_in_force(found[1])}
    if plan not in in_force:
        return _NO_PLAN
    ending = [_patched(row, _revoked) for rid, (row, _) in in_force.items() if rid != plan]
    staying = set(references(in_force[plan][1].get("careTeam")))
    return [*ending, *_ended_teams(rows, staying)]


def _is_in_force(plan: Resource) -> bool:
    return kind_of(plan) is Kind.PLAN and plan.get("status") in IN_FORCE


def _ended_teams(rows: Sequence[Stored], staying: set[str]) -> Iterator[WriteRequest]:
    """Teams that hold the place of the coordinator, but not the one of the plan that goes on (INV-02)."""
    held = [row for row in rows if row.rtype == "CareTeam" and CARE_TEAM.in_force(parse_body(row.body))]
    if any(f"CareTeam/{row.rid}" in staying for row in held):
        yield from (_patched(row, _inactive) for row in held if f"CareTeam/{row.rid}" not in staying)


def _revoked(plan: Resource) -> Resource:
    return {**plan, "status": "revoked", "extension": with_reason(plan, "merged")}


def _inactive(team: Resource) -> Resource:
    return {**team, "status": "inactive"}


async def _wanted(known: Known, requests: Sequence[WriteRequest], by: Principal) -> list[Wanted] | Refused:
    wanted: list[Wanted] = []
    for request in requests:
        found = await intended(known, request, by, request.rid or "")
        if isinstance(found, Refused):
            return found
        wanted.extend(found.wanted)
    return wanted


def _staying(changes: Changes, target: Stored) -> tuple[Stored, ...]:
    made: Mapping[tuple[str, str], Any] = {(w.rtype, w.rid): w for w in changes.writes}
    write = made.get(("Patient", target.rid))
    if write is None:
        return (target,)
    at = micros(write.updated)
    return (Stored("Patient", write.rid, write.version, at, write.body, False, write.person_id, {}),)
