"""What is told back to the notifier (workflow.md 4.8, 5 IpFeedback, 11): a Communication, and over HL7 v2 an RRI."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_service.rules._addressed import Told, case_number, payload_of, unit_of
from fhir_service.rules._case import (
    DECISIONS,
    business_status,
    decided,
    grants_coordinator,
    outputs,
    requests_of,
)
from fhir_service.rules._drafting import make
from fhir_service.rules._elements import code_in, codings, is_stated, part, reference_to, references, several
from fhir_service.rules._ids import derived_id
from fhir_service.rules._model import Change, Dispatch, Draft, Effect, Standing
from fhir_service.rules._tasks import child
from fhir_service.rules._times import end_of_day, instant
from mappings.feedback import FeedbackStatus, UnitValue
from mappings.sources import sender_of
from profiles import names
from profiles.code_systems import concept, display
from profiles.r4_types import Communication
from profiles.resource import Resource

CHANNEL = "hl7v2"
KIND = "RRI^I12"
ENDED_WITHOUT = ("rejected", "cancelled", "failed")
"""Statuses of a case that comes to nothing."""
AWAITED = ("decision", "coordinator")
"""Categories of feedback that a case waits for; a receipt is none."""
NOT_DELIVERED = "not-delivered"
"""statusReason of a feedback that was sent and did not arrive."""


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
            said = Told(category, status_of(case), text_of(told))
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


def status_of(case: Resource) -> FeedbackStatus:
    """Of table 0283: what the notifier may count on."""
    if case.get("status") in ENDED_WITHOUT or business_status(case) == "withdrawn":
        return "R"
    if decided(case, DECISIONS[0]) is None:
        return "P"
    return "R" if decided(case, DECISIONS[0]) == "refused" and not grants_coordinator(case) else "A"


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
    payload = payload_of(standing, case, request, told)
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
    lines = (told.text, *stands, _whom_to_call(unit_of(change.standing, case)))
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


def reason_text(case: Resource) -> str | None:
    """The reason that a decision states, as text."""
    for output in outputs(case, "decision-reason"):
        concept_of = output.get("valueCodeableConcept") or {}
        text = concept_of.get("text") or output.get("valueString")
        shown = next((c.get("display") for c in codings(concept_of) if c.get("display")), None)
        if text or shown:
            return str(text or shown)
    return None
