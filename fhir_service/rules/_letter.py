"""The letter with the decision, drafted from the outputs when KE attaches none (workflow.md 4.2 C5b)."""

from base64 import b64encode

from fhir_service.rules._addressed import case_number
from fhir_service.rules._case import CHILD_DECISION, DECISIONS, decided, outputs
from fhir_service.rules._elements import as_reference, reference, reference_to
from fhir_service.rules._feedback import reason_text
from fhir_service.rules._ids import derived_id
from fhir_service.rules._model import Change, Settings
from fhir_service.rules._times import instant
from profiles import names
from profiles.code_systems import display
from profiles.r4_types import DocumentReference
from profiles.resource import Resource

AUTHORS = ("PractitionerRole", "Practitioner", "Organization")
CLOSING = "Du kan kontakte koordinerende enhet om du har spørsmål."
FORMAL = "Beslutningen er et enkeltvedtak (forvaltningsloven § 2) etter {}."
COMPLAINT = (
    "Du kan klage på beslutningen (pasient- og brukerrettighetsloven § 7-2). Send klagen til koordinerende enhet, "
    "som vurderer saken på nytt og sender den videre til Statsforvalteren om du ikke får medhold. "
    "Du kan få hjelp til å klage hos Pasient- og brukerombudet."
)


def letter(change: Change, case: Resource) -> DocumentReference:
    """A DocumentReference with the text of the letter; docStatus preliminary: KE may edit it."""
    now = change.context.now
    maker = next((o.get("valueReference") for o in outputs(case, "decision-maker")), None)
    author = as_reference(maker if (reference(maker) or "").partition("/")[0] in AUTHORS else case.get("owner"))
    text = letter_text(case, change.context.settings)
    return {
        "resourceType": "DocumentReference",
        "id": derived_id("letter", case["id"], instant(now)),
        "status": "current",
        "docStatus": "preliminary",
        "type": {"text": "Brev om beslutning"},
        "subject": case.get("for"),
        "date": instant(now),
        "author": [author] if author else None,
        "custodian": case.get("owner"),
        "description": f"Brev om beslutning i sak {case_number(case)}",
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain;charset=utf-8",
                    "language": "nb",
                    "title": "Brev om beslutning",
                    "data": b64encode(text.encode()).decode("ascii"),
                }
            }
        ],
        "context": {"related": [reference_to(case)]},
    }


def letter_text(case: Resource, settings: Settings) -> str:
    """What was decided, by which law where it is a formal decision, why, and how to complain about a refusal."""
    lines = [f"Saksnummer: {case_number(case)}", "", "Koordinerende enhet har besluttet:"]
    lines += [f"- {told}" for kind in (*DECISIONS, CHILD_DECISION) if (told := outcome_text(case, kind))]
    reason = reason_text(case)
    if reason:
        lines += ["", f"Begrunnelse: {reason}"]
    if settings.formal_decision:
        basis = display(names.LEGAL_BASIS, settings.formal_decision) or settings.formal_decision
        lines += ["", FORMAL.format(basis)]
    if any(decided(case, kind) == "refused" for kind in (*DECISIONS, CHILD_DECISION)):
        lines += ["", COMPLAINT]
    return "\n".join([*lines, "", CLOSING])


def outcome_text(case: Resource, kind: str) -> str | None:
    """One line: `Beslutning om koordinator: Innvilget`."""
    value = decided(case, kind)
    return f"{display(names.DECISION_OUTPUT, kind)}: {display(names.DECISION, value)}" if value else None
