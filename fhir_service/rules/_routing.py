"""Which koordinerende enhet a need notification belongs to (domain.md 7, workflow.md 4.1 S1)."""

from fhir_service.rules._elements import reference, several
from fhir_service.rules._model import Context, Standing
from fhir_service.rules._people import age_of, districts_of, municipality_of, patient_of
from profiles import names
from profiles.resource import Resource
from profiles.routing import Inbox

MUNICIPALITIES = frozenset(
    {names.MUNICIPALITY, names.MUNICIPALITY.removeprefix(names.OID), names.MUNICIPALITY_GEONORGE}
)


def inbox_of(need: Resource, standing: Standing, context: Context) -> Inbox | None:
    """The inbox that the performer names, else that of the municipality where the person stays; None: no route."""
    patient = patient_of(standing, reference(need.get("subject")))
    for performer in several(need.get("performer")):
        found = _named(performer, standing, context) or _by_number(_municipality(performer), patient, context)
        if found:
            return found
    return None if names_unknown_municipality(need, context) else home_inbox(patient, context)


def named_inbox(target: Resource, standing: Standing, context: Context) -> Inbox | None:
    """The inbox that one Reference(Organization) names: by id, organisation number or municipality number."""
    return _named(target, standing, context) or context.routes.of_municipality(_municipality(target))


def home_inbox(patient: Resource | None, context: Context) -> Inbox | None:
    """The inbox of the municipality in the person's address."""
    return _by_number(municipality_of(patient) if patient else None, patient, context)


def names_unknown_municipality(need: Resource, context: Context) -> bool:
    """Whether the performer is a municipality number that nobody here serves: not to be sent elsewhere in silence."""
    numbers = [_municipality(p) for p in several(need.get("performer"))]
    return any(n is not None and context.routes.of_municipality(n) is None for n in numbers)


def _named(target: Resource, standing: Standing, context: Context) -> Inbox | None:
    wanted = reference(target) or ""
    routes = context.routes
    organization = standing.get(wanted) or {}
    identifiers = [target.get("identifier"), *several(organization.get("identifier"))]
    numbers = [i.get("value") for i in identifiers if isinstance(i, dict) and i.get("system") == names.ENH]
    for inbox in (*routes.inboxes, routes.default):
        if wanted in (f"Organization/{inbox.organization_id}", f"HealthcareService/{inbox.service_id}"):
            return inbox
        if inbox.organization_number and inbox.organization_number in numbers:
            return inbox
    return None


def _municipality(target: Resource) -> str | None:
    identifier = target.get("identifier")
    if isinstance(identifier, dict) and identifier.get("system") in MUNICIPALITIES and identifier.get("value"):
        return str(identifier["value"])
    return None


def _by_number(number: str | None, patient: Resource | None, context: Context) -> Inbox | None:
    if not number:
        return None
    age = age_of(patient, context.today)
    districts = [*districts_of(patient or {}), None]
    found = [context.routes.of_municipality(number, district, age) for district in districts]
    return next((i for i in found if i and i.districts), found[-1])
