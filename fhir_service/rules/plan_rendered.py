"""P2: a plan that comes into use is kept as a page that its person can read, in nb, nn and en."""

from base64 import b64encode
from collections.abc import Iterable

from fhir_service.rules._drafting import make
from fhir_service.rules._elements import as_reference, extension, part, reference, reference_to, several, status
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._plan import goals_of
from fhir_service.rules._rendition import Told, page
from fhir_service.rules._times import instant
from fhir_service.rules._words import LANGUAGES, word
from profiles import names
from profiles.code_systems import coding
from profiles.r4_types import DocumentReference, DocumentReferenceContent
from profiles.resource import Resource, stated

HIDDEN = "hidden-from-representative"


def effects(change: Change) -> Iterable[Effect]:
    """One DocumentReference with a page for each language. Without a sector's label: it tells of all sectors."""
    plan = change.after
    if plan is None or not enters(change, Kind.PLAN, "active") or status(change.before) != "draft":
        return
    municipality = part(extension(plan, names.IP_MANAGING_MUNICIPALITY), "valueReference")
    made: DocumentReference = {
        "resourceType": "DocumentReference",
        "id": derived_id("rendition", plan["id"]),
        "meta": {"security": [coding(names.LABEL, HIDDEN)]} if _hides(change, plan) else None,
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [{"system": names.DOCUMENT_TYPE, "code": "A02-2", "display": "Individuell plan"}]},
        "subject": plan.get("subject"),
        "date": instant(change.context.now),
        "author": [plan["author"]] if plan.get("author") else None,
        "custodian": as_reference(municipality),
        "description": word("plan", LANGUAGES[0]),
        "content": [_content(change, plan, language) for language in LANGUAGES],
        "context": {"related": [reference_to(plan)]},
    }
    yield from make(change.standing, stated(made))


def _content(change: Change, plan: Resource, language: str) -> DocumentReferenceContent:
    text = page(Told(plan, change.standing, language, change.context.today))
    return {
        "attachment": {
            "contentType": "text/html;charset=utf-8",
            "language": language,
            "title": word("plan", language),
            "creation": instant(change.context.now),
            "data": b64encode(text.encode()).decode("ascii"),
        }
    }


def _hides(change: Change, plan: Resource) -> bool:
    """Whether anything that the page tells is not for who represents the person (workflow.md 4.7 rule 2)."""
    done = (change.standing.get(reference(a.get("reference"))) or {} for a in several(plan.get("activity")))
    labelled = (plan, *goals_of(change.standing, plan), *done)
    told = [c for one in labelled for c in several(part(one, "meta", "security"))]
    told += [part(e, "valueCoding") or {} for a in several(plan.get("activity")) for e in several(a.get("extension"))]
    return any((c.get("system"), c.get("code")) == (names.LABEL, HIDDEN) for c in told)


RULE = Rule(
    id="plan-rendered",
    title="A plan in use can be read and printed",
    basis="forskrift om individuell plan ved ytelse av velferdstjenester; workflow.md 4.6 P2",
    says="Når planen tas i bruk, lagres den som en side som kan leses og skrives ut, på bokmål, nynorsk og engelsk.",
    on=frozenset({"CarePlan"}),
    effects=effects,
)
