"""4.7: the person has answered about consent, or withdraws it."""

from collections.abc import Iterable

from fhir_service.rules._case import children
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import code_in
from fhir_service.rules._kinds import Kind, enters, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._people import plan_consent
from fhir_service.rules._plan import with_reason
from fhir_service.rules._tasks import completed_with
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource


def check(change: Change) -> Iterable[Issue]:
    """Where the municipality wants consent in writing, an active one names its source (decision 6)."""
    consent = change.after
    if consent is None or change.context.settings.oral_consent or not enters(change, Kind.CONSENT, "active"):
        return
    if not (consent.get("sourceAttachment") or consent.get("sourceReference")):
        text = "This municipality asks for consent in writing: sourceReference or sourceAttachment is missing"
        yield error("rule", "Consent.source[x]", text)


def effects(change: Change) -> Iterable[Effect]:
    """`obtain-consent` is done; a withdrawn consent puts the plan on hold (P4)."""
    consent = change.after
    if consent is None or not _is_about_plan(consent):
        return
    if enters(change, Kind.CONSENT, "active", "rejected"):
        for task in children(change.standing, "obtain-consent"):
            yield completed_with(change.standing, task, "consent", consent)
    withdrawn = enters(change, Kind.CONSENT, "inactive", "entered-in-error")
    if withdrawn and change.before is not None and plan_consent(change.standing) is None:
        for plan in change.standing.of("CarePlan"):
            if kind_of(plan) is Kind.PLAN and plan.get("status") == "active":
                extensions = with_reason(plan, "consent-withdrawn")
                yield revise(change.standing, plan, status="on-hold", extension=extensions)


def _is_about_plan(consent: Resource) -> bool:
    return code_in(consent.get("category"), names.CONSENT_KIND) == "plan-creation"


RULE = Rule(
    id="consent-settled",
    title="Consent ends the wait, its withdrawal pauses the plan",
    basis="pasient- og brukerrettighetsloven §§ 4-1, 2-5; workflow.md 4.3, 4.7",
    says="Uten samtykke ingen plan: trekkes samtykket, settes planen på vent til det er snakket med personen.",
    on=frozenset({"Consent"}),
    check=check,
    effects=effects,
)
