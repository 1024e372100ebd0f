"""Patient/$match: who may this be?  https://hl7.org/fhir/R4/patient-operation-match.html

Candidates come from a few searches, each with a bound, as the caller may see them; how alike they are is told by
`search.alike`. A record that is replaced by another one is no candidate: the other one has its numbers.
"""

from collections.abc import Iterator
from typing import Any

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import resource_reply
from fhir_service.rest.render import refusal
from fhir_service.search import escape, parse
from fhir_service.search.alike import CERTAIN, Likeness, likeness, numbers, phones, spellings
from fhir_service.workflow.replaced import REPLACED_BY, linked_patients
from fhir_service.workflow.versions import parse_body
from profiles import names
from profiles.issues import error
from profiles.resource import Resource

MOST, USUAL = 50, 10
"""Matches that are told at most, and where no count is given."""
CANDIDATES = 100
"""Patients that one search may bring."""
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
_TOO_LITTLE = error(
    "required", "resource", "Send an identifier with system and value, or a name with birthDate, phone or postal code"
)


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The Patients that it may be, the likeliest first; none where nobody is like it."""
    wanted: Resource = arguments.one("resource")
    asked = list(_searches(wanted))
    if not asked:
        return refusal(_TOO_LITTLE)
    found: dict[str, tuple[Likeness, Resource]] = {}
    for parameters in asked:
        query = parse("Patient", [*parameters, ("_count", str(CANDIDATES))], base_url=face.base).query
        page = await face.repository.search(query, request.access) if query else None
        for row in page.matches if page else ():
            patient = parse_body(row.body)
            if row.rid not in found and not linked_patients(patient, REPLACED_BY, face.base):
                found[row.rid] = (likeness(wanted, patient), patient)
    certain = arguments.one("onlyCertainMatches") is True
    told = [one for one in found.values() if one[0].grade and (one[0].grade == CERTAIN or not certain)]
    told.sort(key=lambda one: (-one[0].score, one[1]["id"]))
    count = arguments.one("count")
    told = told[: min(MOST, USUAL if count is None else max(int(count), 0))]
    entries = [_entry(face.base, like, patient) for like, patient in told]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return resource_reply({**bundle, "entry": entries} if entries else bundle)


def _entry(base: str, like: Likeness, patient: Resource) -> dict[str, Any]:
    grade = {"url": GRADE, "valueCode": like.grade}
    return {
        "fullUrl": f"{base}/Patient/{patient['id']}",
        "resource": patient,
        "search": {"extension": [grade], "mode": "match", "score": like.score},
    }


def _searches(wanted: Resource) -> Iterator[list[tuple[str, str]]]:
    """What to search by, the surest first."""
    tokens = [
        *((system, value) for system, value in numbers(wanted)),
        *((system.removeprefix(names.OID), value) for system, value in numbers(wanted)),
        *((str(i["system"]), str(i["value"])) for i in wanted.get("identifier", ()) if {"system", "value"} <= i.keys()),
    ]
    if tokens:
        yield [("identifier", ",".join(f"{escape(s)}|{escape(v)}" for s, v in dict.fromkeys(tokens)))]
    words = spellings(wanted)
    if not words:
        return
    named = ("name", ",".join(map(escape, words)))
    if "birthDate" in wanted:
        yield [("birthdate", wanted["birthDate"]), named]
    reached = [p["value"] for p in wanted.get("telecom", ()) if p.get("value")]
    if reached and any(phones(wanted)):
        local = dict.fromkeys([*reached, *phones(wanted), *(f"+47{number}" for number in phones(wanted))])
        yield [("phone", ",".join(map(escape, local))), named]
    codes = [a["postalCode"] for a in wanted.get("address", ()) if a.get("postalCode")]
    if codes:
        yield [("address-postalcode", ",".join(map(escape, codes))), named]


OPERATION = Operation(
    id="patient-match",
    name="match",
    title="Who may this be?",
    says="The Patients that a person may be, the likeliest first, each with a score and a match grade: certain by a "
    "national number, probable by birth date and name, possible where less agrees. Only those that the caller may see.",
    serve=serve,
    levels=at(Level.TYPE),
    types=("Patient",),
    affects_state=False,
    inputs=(
        Parameter("resource", "Patient", "What is known of the person", min=1),
        Parameter("onlyCertainMatches", "boolean", "Whether to tell only those that are certain"),
        Parameter("count", "integer", f"How many to tell at most: {USUAL} where it is absent, {MOST} in any case"),
    ),
    outputs=(Parameter("return", "Bundle", "A searchset with score and match-grade", min=1),),
    defined=f"{HL7}/Patient-match",
)
