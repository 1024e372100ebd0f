"""Invariants of clinical and request resources.  https://hl7.org/fhir/R4/resourcelist.html"""

from collections.abc import Mapping

from profiles.checking.rules.looking import (
    Json,
    Rule,
    child,
    children,
    coded,
    either,
    has,
    has_choice,
    needs,
    not_both,
    text,
    tokens,
)
from profiles.checking.times import certainly_after
from profiles.names import TERMINOLOGY

CLINICAL_STATUS = TERMINOLOGY + "/condition-clinical"
VERIFICATION = TERMINOLOGY + "/condition-ver-status"
CATEGORY = TERMINOLOGY + "/condition-category"
ALLERGY_VERIFICATION = TERMINOLOGY + "/allergyintolerance-verification"


def _mistaken(value: Json, system: str) -> bool:
    return coded(child(value, "verificationStatus"), system, "entered-in-error")


def _problem_has_status(value: Json) -> bool:
    # the FHIRPath of 4.0.1 compares a CodeableConcept with a string; the sentence means the category's code
    on_list = any(coded(category, CATEGORY, "problem-list-item") for category in children(value, "category"))
    return has(value, "clinicalStatus") or _mistaken(value, VERIFICATION) or not on_list


def _abated(value: Json) -> bool:
    ended = coded(child(value, "clinicalStatus"), CLINICAL_STATUS, "resolved", "remission", "inactive")
    return not has_choice(value, "abatement") or ended


def _no_value_in_parts(value: Json) -> bool:
    if not has_choice(value, "value"):
        return True
    own = tokens(child(value, "code"))
    return all(own.isdisjoint(tokens(child(part, "code"))) for part in children(value, "component"))


def _handed_over_later(value: Json) -> bool:
    return not certainly_after(text(value, "whenPrepared"), text(value, "whenHandedOver"))


def _unique_links(value: Json) -> bool:
    seen: list[str] = []
    waiting = list(children(value, "item"))
    while waiting:
        item = waiting.pop()
        seen.append(text(item, "linkId"))
        waiting += children(item, "item")
    return len(seen) == len(set(seen))


def _nested(value: Json) -> bool:
    kind = text(value, "type")
    return has(value, "item") if kind == "group" else not (kind == "display" and has(value, "item"))


CLINICAL: Mapping[str, Mapping[str, Rule]] = {
    "AllergyIntolerance": {
        "ait-1": lambda value: has(value, "clinicalStatus") or _mistaken(value, ALLERGY_VERIFICATION),
        "ait-2": lambda value: not (has(value, "clinicalStatus") and _mistaken(value, ALLERGY_VERIFICATION)),
    },
    "CarePlan.activity": {"cpl-3": not_both("detail", "reference")},
    "Condition": {
        "con-3": _problem_has_status,
        "con-4": _abated,
        "con-5": lambda value: not (has(value, "clinicalStatus") and _mistaken(value, VERIFICATION)),
    },
    "Condition.evidence": {"con-2": either("code", "detail")},
    "Condition.stage": {"con-1": either("summary", "assessment")},
    "FamilyMemberHistory": {
        "fhs-1": lambda value: not (has_choice(value, "age") and has_choice(value, "born")),
        "fhs-2": lambda value: has_choice(value, "age") or not has(value, "estimatedAge"),
    },
    "Goal.target": {"gol-1": lambda value: has(value, "measure") or not has_choice(value, "detail")},
    "Immunization.education": {"imm-1": either("documentType", "reference")},
    "MedicationAdministration.dosage": {"mad-1": lambda value: has(value, "dose") or has_choice(value, "rate")},
    "MedicationDispense": {"mdd-1": _handed_over_later},
    "Observation": {
        "obs-6": lambda value: not (has(value, "dataAbsentReason") and has_choice(value, "value")),
        "obs-7": _no_value_in_parts,
    },
    "Observation.referenceRange": {"obs-3": either("low", "high", "text")},
    "Questionnaire": {"que-2": _unique_links},
    "Questionnaire.item": {
        "que-1": _nested,
        "que-3": lambda value: text(value, "type") != "display" or not has(value, "code"),
        "que-4": not_both("answerOption", "answerValueSet"),
    },
    "QuestionnaireResponse.item": {"qrs-1": not_both("answer", "item")},
    "RequestGroup.action": {"rqg-1": lambda value: has(value, "resource") != has(value, "action")},
    "ServiceRequest": {"prr-1": needs("orderDetail", "code")},
    "Task": {"inv-1": lambda value: not certainly_after(value.get("authoredOn"), value.get("lastModified"))},
}
