"""One feedback as it leaves the house: to whom, about whom, from whom (workflow.md 4.8, 11)."""

from dataclasses import dataclass

from fhir_service.rules._elements import codings, part, reference, several
from fhir_service.rules._model import Standing
from fhir_service.rules._people import display_of, patient_of
from mappings.feedback import (
    CoordinatorValue,
    FeedbackPayload,
    FeedbackStatus,
    IdentifierValue,
    PatientValue,
    UnitValue,
)
from profiles import names
from profiles.resource import Resource

TRAINING = "HTEST"
"""Tag of what a message for training or debugging wrote (MSH-11 T, D)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one feedback says. `category`: of 5; `status`: table 0283; `outcome`: a code; `text`: for people, nb."""

    category: str
    status: FeedbackStatus
    text: str
    outcome: str | None = None
    coordinator: CoordinatorValue | None = None


def payload_of(standing: Standing, case: Resource, request: Resource, told: Told) -> FeedbackPayload:
    payload = FeedbackPayload(
        referral=_referral(request),
        status=told.status,
        case_number=case_number(case),
        patient=_patient(patient_of(standing, reference(case.get("for")))),
        ke=unit_of(standing, case),
        text=told.text,
    )
    if told.outcome:
        payload["outcome"] = told.outcome
    if told.coordinator:
        payload["coordinator"] = told.coordinator
    if any(tag.get("code") == TRAINING for tag in several(part(request, "meta", "tag"))):
        payload["training"] = True
    return payload


def case_number(case: Resource) -> str:
    """The number that people call a case by."""
    return str(part(case, "groupIdentifier", "value") or case["id"])


def _referral(request: Resource) -> IdentifierValue:
    """The referrer's own id (type PLAC), else the first, else ours."""
    identifiers = several(request.get("identifier"))
    placed = (i for i in identifiers if any(c.get("code") == "PLAC" for c in codings(i.get("type"))))
    found = next(placed, identifiers[0] if identifiers else {"value": request["id"]})
    return _identifier(found, request["id"])


def _identifier(found: Resource, otherwise: str) -> IdentifierValue:
    value = IdentifierValue(value=str(found.get("value", otherwise)))
    if isinstance(found.get("system"), str):
        value["system"] = found["system"]
    return value


def _patient(patient: Resource | None) -> PatientValue:
    identifiers = several((patient or {}).get("identifier"))
    national = [i for i in identifiers if i.get("system") in names.PERSON_SYSTEMS]
    found: Resource = next(iter([*national, *identifiers]), {})
    value = PatientValue(identifier=str(found.get("value", (patient or {}).get("id", ""))))
    if isinstance(found.get("system"), str):
        value["system"] = found["system"]
    name: Resource = next(iter(several((patient or {}).get("name"))), {})
    if isinstance(name.get("family"), str):
        value["family"] = name["family"]
    if several(name.get("given")):
        value["given"] = str(several(name.get("given"))[0])
    return value


def unit_of(standing: Standing, case: Resource) -> UnitValue:
    owner = case.get("owner")
    organization = standing.get(reference(owner)) or {}
    unit = UnitValue(name=display_of(standing, owner) or "Koordinerende enhet")
    number = next((i for i in several(organization.get("identifier")) if i.get("system") == names.ENH), None)
    if number and number.get("value"):
        unit["identifier"] = _identifier(number, "")
    phone = _phone(organization)
    if phone:
        unit["phone"] = phone
    return unit


def _phone(*holders: Resource | None) -> str | None:
    """The first phone number that one of them has."""
    telecoms = (t for holder in holders for t in several((holder or {}).get("telecom")))
    return next((str(t["value"]) for t in telecoms if t.get("system") == "phone" and t.get("value")), None)


def told_coordinator(standing: Standing, participant: Resource, role: str) -> CoordinatorValue:
    """Name, role, phone and unit of the participant who coordinates, as far as they are at hand."""
    member = participant.get("member") or {}
    holder = standing.get(reference(member)) or {}
    person = holder.get("practitioner") or member
    value = CoordinatorValue(name=display_of(standing, person) or display_of(standing, member) or role, role=role)
    phone = _phone(holder, standing.get(reference(person)))
    if phone:
        value["phone"] = phone
    unit = display_of(standing, holder.get("organization") or participant.get("onBehalfOf"))
    if unit:
        value["unit"] = unit
    return value
