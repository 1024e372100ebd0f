"""Consent: those of the individual plan are guarded; a category of our consent kinds tells them (workflow.md 5)."""

from fhir_service.resources._codings import has_system
from fhir_service.resources._model import OwnParameter, ResourceType
from profiles.names import CONSENT_KIND
from profiles.resource import Resource


def is_plan_consent(consent: Resource) -> bool:
    """Whether it is a consent to making, sharing or handing over a plan."""
    return has_system(consent.get("category"), CONSENT_KIND)


_PROVISION = "Consent.provision"
_ACTORS = (
    "CareTeam",
    "Device",
    "Group",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
)

RESOURCE = ResourceType(
    name="Consent",
    typed=("patient", "status", "date"),
    parameters=(
        OwnParameter(
            "actor",
            "reference",
            f"{_PROVISION}.actor.reference | {_PROVISION}.provision.actor.reference",
            "Who a provision is about, at any depth that an IpConsent has; R4's own stops at the outermost one",
            _ACTORS,
        ),
    ),
    guarded=is_plan_consent,
)
