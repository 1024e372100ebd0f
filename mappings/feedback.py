"""What is told back to the one who referred (workflow.md 11), as plain values: the payload of an outgoing feedback.

Rules put it on the outbox in the transaction that decided; a format writes it as its own message when it is sent
(`mappings.hl7v2.outgoing` as RRI^I12). It is JSON, so that it can wait in the database.
"""

from typing import Literal, NotRequired, TypedDict

__all__ = ["CoordinatorValue", "FeedbackPayload", "FeedbackStatus", "IdentifierValue", "PatientValue", "UnitValue"]

FeedbackStatus = Literal["P", "A", "R", "E"]
"""HL7 table 0283: pending (registered), accepted, rejected, expired or failed."""


class IdentifierValue(TypedDict):
    """An identifier as in FHIR: `system` a URI."""

    value: str
    system: NotRequired[str]


class CoordinatorValue(TypedDict):
    """Who coordinates: what the hospital needs to make a call."""

    name: str
    role: NotRequired[str]
    """For people: `Koordinator`."""
    phone: NotRequired[str]
    unit: NotRequired[str]


class UnitValue(TypedDict):
    """The koordinerende enhet that answers."""

    name: str
    identifier: NotRequired[IdentifierValue]
    """Organisation number."""
    phone: NotRequired[str]


class PatientValue(TypedDict):
    """The person, by the identifier that the referral used."""

    identifier: str
    system: NotRequired[str]
    family: NotRequired[str]
    given: NotRequired[str]


class FeedbackPayload(TypedDict):
    """One step of a case, told to the referrer."""

    referral: IdentifierValue
    """The referrer's own id of the referral (RF1-6), as it came."""
    status: FeedbackStatus
    case_number: str
    patient: PatientValue
    ke: UnitValue
    outcome: NotRequired[str]
    """Code of the outcome (`granted`, `refused`, `wrong-municipality` ..)."""
    text: NotRequired[str]
    """One or more lines for people; the reason of a refusal."""
    coordinator: NotRequired[CoordinatorValue]
    training: NotRequired[bool]
    """The referral was for training or debugging (tag HTEST): so is what is told about it."""
