"""Invariants of persons, organisations, records and messages.  https://hl7.org/fhir/R4/resourcelist.html"""

from collections.abc import Mapping

from profiles.checking.references import literal_type
from profiles.checking.rules.looking import (
    Json,
    Rule,
    child,
    children,
    coded,
    either,
    has,
    has_choice,
    not_both,
    text,
)
from profiles.names import CONSENT_SCOPE


def _not_home(value: Json) -> bool:
    return text(value, "use") != "home"


def _patient_in(scope: str) -> Rule:
    # the FHIRPath of 4.0.1 says system='something'; the sentence names the scope, whose code system is this
    return lambda value: has(value, "patient") or not coded(child(value, "scope"), CONSENT_SCOPE, scope)


def _on_behalf_of(value: Json) -> bool:
    member = literal_type(text(child(value, "member"), "reference"))
    return not has(value, "onBehalfOf") or member in (None, "Practitioner")


def _parameter(value: Json) -> bool:
    parts, told = has(value, "part"), (has_choice(value, "value"), has(value, "resource"))
    return not any(told) if parts else told[0] != told[1]


def _list_in(mode: str, name: str) -> Rule:
    return lambda value: text(value, "mode") == mode or not any(has(entry, name) for entry in children(value, "entry"))


ADMINISTRATIVE: Mapping[str, Mapping[str, Rule]] = {
    # sev-1: name.empty() or query.empty()
    "AuditEvent.entity": {"sev-1": not_both("name", "query")},
    # ctm-1: onBehalfOf.exists() implies (member.resolve().iif(empty(), true, ofType(Practitioner).exists()))
    "CareTeam.participant": {"ctm-1": _on_behalf_of},
    # cmp-1: text.exists() or entry.exists() or section.exists()
    # cmp-2: emptyReason.empty() or entry.empty()
    "Composition.section": {"cmp-1": either("text", "entry", "section"), "cmp-2": not_both("emptyReason", "entry")},
    "Consent": {
        # ppc-1: policy.exists() or policyRule.exists()
        "ppc-1": either("policy", "policyRule"),
        # ppc-2: patient.exists() or scope.coding.where(system='something' and code='patient-privacy').exists().not()
        "ppc-2": _patient_in("patient-privacy"),
        # ppc-3: patient.exists() or scope.coding.where(system='something' and code='research').exists().not()
        "ppc-3": _patient_in("research"),
        # ppc-4: patient.exists() or scope.coding.where(system='something' and code='adr').exists().not()
        "ppc-4": _patient_in("adr"),
        # ppc-5: patient.exists() or scope.coding.where(system='something' and code='treatment').exists().not()
        "ppc-5": _patient_in("treatment"),
    },
    # grp-1: member.empty() or (actual = true)
    "Group": {"grp-1": lambda value: not has(value, "member") or value.get("actual") is True},
    # ipn-1: (identifier.count() + name.count()) > 0
    "InsurancePlan": {"ipn-1": either("identifier", "name")},
    # lnk-1: item.count()>1
    "Linkage": {"lnk-1": lambda value: len(list(children(value, "item"))) > 1},
    "List": {
        # lst-1: emptyReason.empty() or entry.empty()
        "lst-1": not_both("emptyReason", "entry"),
        # lst-2: mode = 'changes' or entry.deleted.empty()
        "lst-2": _list_in("changes", "deleted"),
        # lst-3: mode = 'working' or entry.date.empty()
        "lst-3": _list_in("working", "date"),
    },
    # org-1: (identifier.count() + name.count()) > 0
    "Organization": {"org-1": either("identifier", "name")},
    # org-2: where(use = 'home').empty()
    "Organization.address": {"org-2": _not_home},
    # org-3: where(use = 'home').empty()
    "Organization.telecom": {"org-3": _not_home},
    # inv-1: (part.exists() and value.empty() and resource.empty()) or (part.empty() and (value.exists() xor
    #   resource.exists()))
    "Parameters.parameter": {"inv-1": _parameter},
    # pat-1: name.exists() or telecom.exists() or address.exists() or organization.exists()
    "Patient.contact": {"pat-1": either("name", "telecom", "address", "organization")},
}
