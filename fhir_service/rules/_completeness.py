"""What the law wants in a plan: one function a slot, one table of all (workflow.md 6.2, domain.md 2.2)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from fhir_service.rules._elements import extension, part, reference, references, several
from fhir_service.rules._model import Context, Standing
from fhir_service.rules._people import age_of, patient_of, plan_consent
from fhir_service.rules._plan import goals_of, next_review
from fhir_service.rules._team import led_team
from fhir_service.rules._times import months_after, parse_date
from profiles import names
from profiles.code_systems import display
from profiles.resource import Resource

ADULT = 18


@dataclass(frozen=True, slots=True)
class Looked:
    """A plan with what it is measured against."""

    plan: Resource
    standing: Standing
    context: Context


@dataclass(frozen=True, slots=True)
class Gap:
    """An empty slot: where, and what fills it."""

    slot: str
    path: str
    text: str


Slot = Callable[[Looked], Gap | None]


def _goals(looked: Looked) -> Gap | None:
    if any(part(g, "description", "text") for g in goals_of(looked.standing, looked.plan)):
        return None
    return Gap("goals", "CarePlan.goal", "at least one Goal with a description")


def _measures(looked: Looked) -> Gap | None:
    if several(looked.plan.get("activity")):
        return None
    return Gap("measures", "CarePlan.activity", "at least one activity")


def _responsible(looked: Looked) -> Gap | None:
    for place, activity in enumerate(several(looked.plan.get("activity"))):
        if not _is_somebodys(looked.standing, activity):
            path = f"CarePlan.activity[{place}]"
            if activity.get("reference"):
                text = "a performer (of a Task: an owner) on what every activity refers to"
                return Gap("measure-responsible", f"{path}.reference", text)
            return Gap("measure-responsible", f"{path}.detail.performer", "a performer on every activity")
    return None


def _is_somebodys(standing: Standing, activity: Resource) -> bool:
    if several(part(activity, "detail", "performer")):
        return True
    wanted = reference(activity.get("reference"))
    if wanted is None:
        return False
    if wanted.startswith("Appointment/"):
        return True
    target = standing.get(wanted) or {}
    return bool(target.get("owner") or target.get("performer"))


def _coordinator(looked: Looked) -> Gap | None:
    if led_team(looked.standing, looked.plan):
        return None
    return Gap("coordinator", "CarePlan.careTeam", "an active coordination CareTeam with a coordinator")


def _review(looked: Looked) -> Gap | None:
    review, last = parse_date(next_review(looked.plan)), _last_review(looked)
    if review is not None and looked.context.today < review <= last:
        return None
    text = f"extension {names.IP_NEXT_REVIEW}, a valueDate after today and at the latest {last.isoformat()}"
    return Gap("review", "CarePlan.extension", text)


def _last_review(looked: Looked) -> date:
    """The longest interval that the municipality allows (decision 6)."""
    patient = patient_of(looked.standing, reference(looked.plan.get("subject")))
    age = age_of(patient, looked.context.today)
    settings = looked.context.settings
    is_child = age is not None and age < ADULT
    return months_after(
        looked.context.today, settings.review_months_child if is_child else settings.review_months_adult
    )


def _consent(looked: Looked) -> Gap | None:
    if plan_consent(looked.standing):
        return None
    return Gap("consent", "CarePlan.supportingInfo", "an active Consent of category plan-creation")


def _needs(looked: Looked) -> Gap | None:
    if looked.plan.get("description"):
        return None
    return Gap("needs-resources", "CarePlan.description", "resources and needs in the person's words")


def _participants(looked: Looked) -> Gap | None:
    for wanted in references(looked.plan.get("careTeam")):
        people = several((looked.standing.get(wanted) or {}).get("participant"))
        if len([p for p in people if p.get("role") and p.get("member")]) > 1:
            return None
    return Gap("participants", "CarePlan.careTeam", "team members with role and member")


def _contributions(looked: Looked) -> Gap | None:
    if extension(looked.plan, names.IP_CONTRIBUTION):
        return None
    return Gap("contributions", "CarePlan.extension", "extension ip-contribution: what each one gives")


def _each_detail(looked: Looked, slot: str, element: str, said: Callable[[Resource], bool]) -> Gap | None:
    for place, activity in enumerate(several(looked.plan.get("activity"))):
        if isinstance(activity.get("detail"), dict) and not said(activity["detail"]):
            return Gap(slot, f"CarePlan.activity[{place}].detail.{element}", f"{element} on every activity")
    return None


def _extent(looked: Looked) -> Gap | None:
    return _each_detail(looked, "measure-extent", "scheduled[x]", lambda d: any(k.startswith("scheduled") for k in d))


def _how(looked: Looked) -> Gap | None:
    return _each_detail(looked, "measure-how", "description", lambda d: bool(d.get("description")))


def _period(looked: Looked) -> Gap | None:
    if all(part(looked.plan, "period", end) for end in ("start", "end")):
        return None
    return Gap("plan-period", "CarePlan.period", "start and end")


def _cooperation(looked: Looked) -> Gap | None:
    if extension(looked.plan, names.IP_CONTRIBUTION):
        return None
    return Gap("cooperation", "CarePlan.extension", "needed cooperation with others, or that none is needed")


MANDATORY: tuple[Slot, ...] = (_goals, _measures, _responsible, _coordinator, _review, _consent)
ADVISED: tuple[Slot, ...] = (_needs, _participants, _contributions, _extent, _how, _period, _cooperation)


def gaps(looked: Looked, slots: tuple[Slot, ...]) -> Iterator[Gap]:
    """The empty ones among these slots, in order."""
    return (gap for slot in slots if (gap := slot(looked)) is not None)


@dataclass(frozen=True, slots=True)
class Filled:
    """A slot, and whether it is filled. `text`: what fills it, where it is not."""

    slot: str
    fulfilled: bool
    mandatory: bool
    path: str
    text: str


SLOTS: Mapping[str, tuple[Slot, str]] = {
    "goals": (_goals, "CarePlan.goal"),
    "needs-resources": (_needs, "CarePlan.description"),
    "participants": (_participants, "CarePlan.careTeam"),
    "coordinator": (_coordinator, "CarePlan.careTeam"),
    "contributions": (_contributions, "CarePlan.extension"),
    "measures": (_measures, "CarePlan.activity"),
    "measure-extent": (_extent, "CarePlan.activity.detail.scheduled[x]"),
    "measure-responsible": (_responsible, "CarePlan.activity.detail.performer"),
    "measure-how": (_how, "CarePlan.activity.detail.description"),
    "plan-period": (_period, "CarePlan.period"),
    "review": (_review, "CarePlan.extension"),
    "consent": (_consent, "CarePlan.supportingInfo"),
    "cooperation": (_cooperation, "CarePlan.extension"),
}
"""Slot -> what looks at it, and where it is; in the order of workflow.md 6.2."""


def report(looked: Looked) -> tuple[Filled, ...]:
    """Every slot, filled or not."""
    return tuple(_filled(looked, slot, *row) for slot, row in SLOTS.items())


def _filled(looked: Looked, slot: str, look: Slot, path: str) -> Filled:
    gap = look(looked)
    text = gap.text if gap else display(names.COMPLETENESS_SLOT, slot) or slot
    return Filled(slot, gap is None, look in MANDATORY, gap.path if gap else path, text)
