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


CLINICAL: Mapping[str, Mapping[str, Rule]] = {
    "AllergyIntolerance": {
        # ait-1: verificationStatus.coding.where(system =
        #   'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code =
        #   'entered-in-error').exists() or clinicalStatus.exists()
        "ait-1": lambda value: has(value, "clinicalStatus") or _mistaken(value, ALLERGY_VERIFICATION),
        # ait-2: verificationStatus.coding.where(system =
        #   'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code =
        #   'entered-in-error').empty() or clinicalStatus.empty()
        "ait-2": lambda value: not (has(value, "clinicalStatus") and _mistaken(value, ALLERGY_VERIFICATION)),
    },
    # cpl-3: detail.empty() or reference.empty()
    "CarePlan.activity": {"cpl-3": not_both("detail", "reference")},
    "Condition": {
        # con-3: clinicalStatus.exists() or
        #   verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code
        #   = 'entered-in-error').exists() or category.select($this='problem-list-item').empty()
        "con-3": _problem_has_status,
        # con-4: abatement.empty() or
        #   clinicalStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-clinical' and
        #   (code='resolved' or code='remission' or code='inactive')).exists()
        "con-4": _abated,
        # con-5: verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and
        #   code='entered-in-error').empty() or clinicalStatus.empty()
        "con-5": lambda value: not (has(value, "clinicalStatus") and _mistaken(value, VERIFICATION)),
    },
    # con-2: code.exists() or detail.exists()
    "Condition.evidence": {"con-2": either("code", "detail")},
    # con-1: summary.exists() or assessment.exists()
    "Condition.stage": {"con-1": either("summary", "assessment")},
    "FamilyMemberHistory": {
        # fhs-1: age.empty() or born.empty()
        "fhs-1": lambda value: not (has_choice(value, "age") and has_choice(value, "born")),
        # fhs-2: age.exists() or estimatedAge.empty()
        "fhs-2": lambda value: has_choice(value, "age") or not has(value, "estimatedAge"),
    },
    # gol-1: (detail.exists() and measure.exists()) or detail.exists().not()
    "Goal.target": {"gol-1": lambda value: has(value, "measure") or not has_choice(value, "detail")},
    # imm-1: documentType.exists() or reference.exists()
    "Immunization.education": {"imm-1": either("documentType", "reference")},
    # mad-1: dose.exists() or rate.exists()
    "MedicationAdministration.dosage": {"mad-1": lambda value: has(value, "dose") or has_choice(value, "rate")},
    # mdd-1: whenHandedOver.empty() or whenPrepared.empty() or whenHandedOver >= whenPrepared
    "MedicationDispense": {"mdd-1": _handed_over_later},
    "Observation": {
        # obs-6: dataAbsentReason.empty() or value.empty()
        "obs-6": lambda value: not (has(value, "dataAbsentReason") and has_choice(value, "value")),
        # obs-7: value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()
        "obs-7": _no_value_in_parts,
    },
    # obs-3: low.exists() or high.exists() or text.exists()
    "Observation.referenceRange": {"obs-3": either("low", "high", "text")},
    # rqg-1: resource.exists() != action.exists()
    "RequestGroup.action": {"rqg-1": lambda value: has(value, "resource") != has(value, "action")},
    # prr-1: orderDetail.empty() or code.exists()
    "ServiceRequest": {"prr-1": needs("orderDetail", "code")},
    # inv-1: lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn
    "Task": {"inv-1": lambda value: not certainly_after(value.get("authoredOn"), value.get("lastModified"))},
}
