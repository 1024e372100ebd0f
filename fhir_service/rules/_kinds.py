"""Which resources the invariants are about (decision 10): told by category and code, never by profile."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from fhir_service.rules._elements import code_in, has_code, reference, several
from fhir_service.rules._model import Change
from profiles import names
from profiles.resource import Resource


class Kind(StrEnum):
    """The value is how messages to people name it."""

    NEED = "need notification"
    CASE = "case Task"
    CHILD = "child Task"
    TEAM = "coordination CareTeam"
    PLAN = "individual plan"
    CONSENT = "IP Consent"

    @property
    def one(self) -> str:
        """`a case Task`, `an individual plan`."""
        return f"{'an' if self[0] in 'iI' else 'a'} {self}"

    @property
    def sentence(self) -> str:
        """`one` at the beginning of a sentence."""
        return self.one[0].upper() + self.one[1:]


CONSENT_KINDS = ("plan-creation", "plan-sharing", "transfer")
IMPORTED = "imported"


def _need(resource: Resource) -> Kind | None:
    return Kind.NEED if has_code(resource.get("category"), names.REQUEST_CATEGORY, "need-notification") else None


def _task(resource: Resource) -> Kind | None:
    code = code_in(resource.get("code"), names.KE_TASK_CODE)
    if code == "assess-need":
        return Kind.CASE
    if code or is_abort(resource):
        return Kind.CHILD
    return None


def _team(resource: Resource) -> Kind | None:
    return Kind.TEAM if has_code(resource.get("category"), names.TEAM_CATEGORY, "coordination") else None


def _plan(resource: Resource) -> Kind | None:
    return Kind.PLAN if has_code(resource.get("category"), names.PLAN_CATEGORY, "individuell-plan") else None


def _consent(resource: Resource) -> Kind | None:
    return Kind.CONSENT if code_in(resource.get("category"), names.CONSENT_KIND) in CONSENT_KINDS else None


_KINDS: Mapping[str, Callable[[Resource], Kind | None]] = {
    "ServiceRequest": _need,
    "Task": _task,
    "CareTeam": _team,
    "CarePlan": _plan,
    "Consent": _consent,
}


def kind_of(resource: Resource | None) -> Kind | None:
    """What a resource is to the workflow; None: nothing of ours."""
    if resource is None:
        return None
    told = _KINDS.get(str(resource.get("resourceType")))
    return told(resource) if told else None


def is_abort(task: Resource) -> bool:
    """Whether it is HL7's `abort` of another Task (C8)."""
    return has_code(task.get("code"), names.TASK_CODE, "abort") and (reference(task.get("focus")) or "").startswith(
        "Task/"
    )


def is_imported(resource: Resource) -> bool:
    """Whether an import made it: exempt from K1, P1 and INV-03 (workflow.md 3)."""
    tags = several(resource.get("meta", {}).get("tag"))
    return any(t.get("system") == names.TAG and t.get("code") == IMPORTED for t in tags)


def is_inpatient(encounter: Resource) -> bool:
    """Whether an Encounter is a hospital stay (workflow.md 2)."""
    cls = encounter.get("class")
    return isinstance(cls, dict) and cls.get("system") == names.V3_ACT_CODE and cls.get("code") in INPATIENT


INPATIENT = frozenset({"IMP", "ACUTE", "NONAC"})


def enters(change: Change, kind: Kind, *statuses: str) -> bool:
    """Whether the draft brings a resource of this kind into one of the statuses, where it was not before."""
    before, after = change.before, change.after
    if after is None or after.get("status") not in statuses or kind_of(after) is not kind:
        return False
    was_there = before is not None and before.get("status") in statuses and kind_of(before) is kind
    return not was_there
