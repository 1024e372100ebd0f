"""Patient/$merge.  https://hl7.org/fhir/R5/patient-operation-merge.html

`result-plan` is our own (workflow.md 6.1).
"""

from collections.abc import Sequence
from typing import Any

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import parameters_reply
from fhir_service.rest.render import refusal
from fhir_service.rest.writing import in_force
from fhir_service.rules import reference
from fhir_service.search import escape, parse
from fhir_service.storage.port import InForceConflict
from fhir_service.workflow import Refused
from fhir_service.workflow.patient_merge import MergeAsked
from fhir_service.workflow.replaced import linked_patients
from fhir_service.workflow.versions import parse_body
from profiles.issues import Issue, error

_DONE = {"severity": "information", "code": "informational", "diagnostics": "The two records are one"}


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The Patient that stays; 409 with both plans where nobody says which goes on."""
    source = await _one(face, request, arguments, "source-patient")
    target = await _one(face, request, arguments, "target-patient")
    plan = _plan(face, arguments.one("result-plan"))
    wrong = [found for found in (source, target, plan) if isinstance(found, Issue)]
    if wrong or not (isinstance(source, str) and isinstance(target, str)) or isinstance(plan, Issue):
        return refusal(tuple(wrong))
    asked = MergeAsked(source, target, plan, arguments.one("result-patient"))
    try:
        answer = await face.office.merge(asked, request.by, request.once)
    except InForceConflict:
        return refusal(in_force("CarePlan"))
    if isinstance(answer, Refused):
        return refusal(answer.issues)
    told: list[dict[str, Any]] = [
        {"name": "outcome", "resource": {"resourceType": "OperationOutcome", "issue": [_DONE]}},
        *({"name": "result", "resource": parse_body(patient.body)} for patient in answer),
    ]
    return parameters_reply(told)


async def _one(face: Face, request: Request, arguments: Arguments, name: str) -> str | Issue:
    """The id of the Patient that is named, by reference or by identifiers that one Patient has."""
    literal = _id(face, arguments.one(name), "Patient")
    identifiers = arguments.all(f"{name}-identifier")
    if literal is not None or arguments.one(name) is not None:
        return literal or error("bad-parameter-value", name, "Expected a reference to a Patient of this server")
    if not identifiers:
        return error("required", name, f"The parameter {name} is needed, or {name}-identifier")
    return await _identified(face, request, identifiers, name)


async def _identified(face: Face, request: Request, identifiers: Sequence[Any], name: str) -> str | Issue:
    named = [(i["system"], i["value"]) for i in identifiers if i.get("system") and i.get("value")]
    asked = [("identifier", f"{escape(system)}|{escape(value)}") for system, value in named]
    query = parse("Patient", [*asked, ("_count", "10")], base_url=face.base).query
    if query is None or len(named) < len(identifiers):
        return error("bad-parameter-value", f"{name}-identifier", "Expected identifiers with system and value")
    page = await face.repository.search(query, request.access)
    found = [row for row in page.matches if not linked_patients(parse_body(row.body), "replaced-by", face.base)]
    if len(found) == 1:
        return found[0].rid
    code = "multiple-matches" if found else "not-found"
    return error(code, f"{name}-identifier", "These identifiers do not name one Patient here")


def _plan(face: Face, named: Any) -> str | Issue | None:
    if named is None:
        return None
    wrong = error("bad-parameter-value", "result-plan", "Expected a reference to a CarePlan of this server")
    return _id(face, named, "CarePlan") or wrong


def _id(face: Face, named: Any, rtype: str) -> str | None:
    literal = (reference(named) or "").removeprefix(face.base + "/")
    kind, _, rid = literal.partition("/")
    return rid if kind == rtype and rid and "/" not in rid else None


def _identifier(name: str) -> Parameter:
    return Parameter(f"{name}-identifier", "Identifier", "Identifiers that one Patient has, in place of it", max="*")


OPERATION = Operation(
    id="patient-merge",
    name="merge",
    title="Make one of two records of a person",
    says="The source is replaced by the target, with everything that names it, in one transaction. Where both have an "
    "individual plan in force, result-plan names the one that goes on; the other one is revoked with the reason "
    "merged, and its team ends; that choice is the koordinerende enhet's. An administrator may join records where "
    "there is nothing to choose. Asked again, it changes nothing.",
    serve=serve,
    levels=at(Level.TYPE),
    types=("Patient",),
    affects_state=True,
    inputs=(
        Parameter("source-patient", "Reference", "The Patient that is replaced"),
        _identifier("source-patient"),
        Parameter("target-patient", "Reference", "The Patient that stays"),
        _identifier("target-patient"),
        Parameter("result-patient", "Patient", "The Patient that stays, as it is to be"),
        Parameter("result-plan", "Reference", "The CarePlan that goes on, where both have one in force"),
    ),
    outputs=(
        Parameter("outcome", "OperationOutcome", "What was done", min=1),
        Parameter("result", "Patient", "The Patient that stays", min=1),
    ),
)
