"""What is told back to the notifier (workflow.md 4.8, 5 IpFeedback, 11): a Communication, and over HL7 v2 an RRI."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fhir_service.rules._case import outputs, requests_of
from fhir_service.rules._drafting import make
from fhir_service.rules._elements import code_in, codings, is_stated, part, reference, reference_to, references, several
from fhir_service.rules._ids import derived_id
from fhir_service.rules._model import Change, Dispatch, Draft, Effect, Standing
from fhir_service.rules._people import display_of, patient_of
from fhir_service.rules._tasks import child
from fhir_service.rules._times import end_of_day, instant
from mappings.feedback import (
    CoordinatorValue,
    FeedbackPayload,
    FeedbackStatus,
    IdentifierValue,
    PatientValue,
    UnitValue,
)
from mappings.sources import sender_of
from profiles import names
from profiles.code_systems import concept, display
from profiles.r4_types import Communication
from profiles.resource import Resource

CHANNEL = "hl7v2"
KIND = "RRI^I12"
STATUS_OF: Mapping[str, FeedbackStatus] = {"decision": "A", "coordinator": "A", "rejection": "R"}
"""Category of a feedback that KE sends by hand -> table 0283; anything else says that the case is pending."""
AWAITED = ("decision", "coordinator")
"""Categories of feedback that a case waits for; a receipt is none."""
NOT_DELIVERED = "not-delivered"
"""statusReason of a feedback that was sent and did not arrive."""
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


def feedback(
    change: Change, case: Resource, told: Told, *, followed_up: bool = False, offered: bool = False
) -> Iterator[Effect]:
    """Tell everybody who notified the need of this case; `followed_up`: with a child `send-feedback` (C5b).

    `offered`: only drafted; KE edits and sends it (`feedback_sent`).
    """
    for wanted in requests_of(case):
        request = change.standing.get(wanted)
        if request is None or not request.get("requester"):
            continue
        if offered:
            yield from make(change.standing, _communication(change, case, request, told))
        else:
            yield from feedback_to(change, case, request, told, followed_up=followed_up)


def put_on_channel(change: Change, told: Resource) -> Iterator[Dispatch]:
    """A Communication that KE sends, on the channel by which the need came; none where the notifier reads here."""
    cases = [c for r in references(told.get("about")) if (c := change.standing.get(r)) is not None]
    requests = [c for r in references(told.get("basedOn")) if (c := change.standing.get(r)) is not None]
    for case, request in zip(cases[:1], requests[:1], strict=False):
        category = code_in(told.get("category"), names.FEEDBACK_CATEGORY) or "receipt"
        sender = sender_of(part(request, "meta", "source"))
        if sender:
            said = Told(category, STATUS_OF.get(category, "P"), text_of(told))
            yield _dispatch(change.standing, (case, request), told["id"], said, sender)


def is_feedback(communication: Resource) -> bool:
    """Whether a Communication is one of 4.8: to a notifier or, as a reminder, from one; about a case."""
    category = code_in(communication.get("category"), names.FEEDBACK_CATEGORY)
    return category not in (None, "amendment") and bool(communication.get("basedOn"))


def is_answer(communication: Resource) -> bool:
    """Whether it is feedback that goes to the notifier; a reminder comes from them."""
    return is_feedback(communication) and code_in(communication["category"], names.FEEDBACK_CATEGORY) != "reminder"


def feedback_on(standing: Standing, case: Resource, *categories: str) -> list[Resource]:
    """What was told, or is to be told, about a case in these categories."""
    wanted = f"Task/{case['id']}"
    return [
        c
        for c in standing.of("Communication")
        if code_in(c.get("category"), names.FEEDBACK_CATEGORY) in categories
        and is_feedback(c)
        and wanted in references(c.get("about"))
    ]


def delivery_of(told: Resource | None) -> str | None:
    """How far a feedback has come, as businessStatus of its Task; None while it is prepared, and when it is not sent.

    One that was told by letter or phone says so in `statusReason`.
    """
    status = (told or {}).get("status")
    reason = (told or {}).get("statusReason")
    is_lost = code_in(reason, names.STATUS_REASON) == NOT_DELIVERED
    if status == "completed":
        return "manual" if is_stated(reason) and not is_lost else "acknowledged"
    return ("failed" if is_lost else "sent") if status == "in-progress" else None


def feedback_to(
    change: Change, case: Resource, request: Resource, told: Told, *, followed_up: bool = False
) -> Iterator[Effect]:
    """Tell the one who sent this request. It is prepared here; the channel of the request takes it from there."""
    communication = _communication(change, case, request, told)
    made = list(make(change.standing, communication))
    yield from made
    if not made:
        return
    if followed_up:
        yield from send_feedback(change, case, communication, "queued")
    sender = sender_of(part(request, "meta", "source"))
    if sender:
        said = replace(told, text=text_of(communication))
        yield _dispatch(change.standing, (case, request), communication["id"], said, sender)


def _dispatch(standing: Standing, about: tuple[Resource, Resource], rid: str, told: Told, sender: str) -> Dispatch:
    """`about`: the case and the need; `rid`: of the Communication that says it here."""
    case, request = about
    payload = _payload(standing, case, request, told)
    return Dispatch(
        channel=CHANNEL,
        kind=KIND,
        destination=sender,
        payload={**payload, "communication": f"Communication/{rid}"},
        order_key=f"{sender}|{case['id']}",
    )


def text_of(told: Mapping[str, Any]) -> str:
    """What a Communication says, line by line, as KE may have edited it."""
    return "\n".join(str(p["contentString"]) for p in several(told.get("payload")) if p.get("contentString"))


def _communication(change: Change, case: Resource, request: Resource, told: Told) -> Communication:
    now = instant(change.context.now)
    stands = () if case_number(case) in told.text else (_how_it_stands(case),)
    lines = (told.text, *stands, _whom_to_call(_unit(change.standing, case)))
    return {
        "resourceType": "Communication",
        "id": derived_id("feedback", case["id"], request["id"], told.category, now),
        "basedOn": [reference_to(request)],
        "status": "preparation",
        "category": [concept(names.FEEDBACK_CATEGORY, told.category)],
        "subject": case.get("for"),
        "about": [reference_to(case)],
        "recipient": [request["requester"]],
        "sender": case.get("owner"),
        "payload": [{"contentString": line} for line in lines],
    }


def _how_it_stands(case: Resource) -> str:
    status = code_in(case.get("businessStatus"), names.KE_BUSINESS_STATUS) or ""
    return f"Sak {case_number(case)}: {display(names.KE_BUSINESS_STATUS, status) or status}."


def _whom_to_call(unit: UnitValue) -> str:
    return f"Kontakt: {', '.join(said for said in (unit['name'], unit.get('phone')) if said)}."


def send_feedback(change: Change, case: Resource, communication: Mapping[str, Any], state: str) -> Iterator[Draft]:
    """The child that is closed when the feedback is acknowledged; due on the day of the decision."""
    task = child(
        change,
        case,
        "send-feedback",
        communication["id"],
        focus=reference_to(communication),
        businessStatus=concept(names.FEEDBACK_STATUS, state),
        restriction={"period": {"end": end_of_day(change.context.today)}},
    )
    yield from make(change.standing, task)


def _payload(standing: Standing, case: Resource, request: Resource, told: Told) -> FeedbackPayload:
    payload = FeedbackPayload(
        referral=_referral(request),
        status=told.status,
        case_number=case_number(case),
        patient=_patient(patient_of(standing, reference(case.get("for")))),
        ke=_unit(standing, case),
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


def _unit(standing: Standing, case: Resource) -> UnitValue:
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


def reason_text(case: Resource) -> str | None:
    """The reason that a decision states, as text."""
    for output in outputs(case, "decision-reason"):
        concept_of = output.get("valueCodeableConcept") or {}
        text = concept_of.get("text") or output.get("valueString")
        shown = next((c.get("display") for c in codings(concept_of) if c.get("display")), None)
        if text or shown:
            return str(text or shown)
    return None
