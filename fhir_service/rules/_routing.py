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
ORGANIZATION_NUMBERS = frozenset({names.ENH, names.ENH.removeprefix(names.OID)})


def inbox_of(need: Resource, standing: Standing, context: Context) -> Inbox | None:
    """The inbox that the performer names, else that of the municipality where the person stays; None: no route."""
    patient = patient_of(standing, reference(need.get("subject")))
    for performer in several(need.get("performer")):
        number = _municipality(performer, standing)
        found = _named(performer, standing, context) or _by_number(number, patient, context)
        if found:
            return found
    return None if _names_unknown_municipality(need, standing, context) else home_inbox(patient, context)


def named_inbox(target: Resource, standing: Standing, context: Context) -> Inbox | None:
    """The inbox that one Reference(Organization) names: by id, organisation number or municipality number."""
    return _named(target, standing, context) or context.routes.of_municipality(_municipality(target, standing))


def home_inbox(patient: Resource | None, context: Context) -> Inbox | None:
    """The inbox of the municipality in the person's address."""
    return _by_number(municipality_of(patient) if patient else None, patient, context)


def _names_unknown_municipality(need: Resource, standing: Standing, context: Context) -> bool:
    """Whether the performer is a municipality number that nobody here serves: not to be sent elsewhere in silence."""
    numbers = [_municipality(p, standing) for p in several(need.get("performer"))]
    return any(n is not None and context.routes.of_municipality(n) is None for n in numbers)


def _named(target: Resource, standing: Standing, context: Context) -> Inbox | None:
    wanted = reference(target) or ""
    routes = context.routes
    numbers = _numbers(target, standing, ORGANIZATION_NUMBERS)
    for inbox in (*routes.inboxes, routes.default):
        if wanted in (f"Organization/{inbox.organization_id}", f"HealthcareService/{inbox.service_id}"):
            return inbox
        if inbox.organization_number and inbox.organization_number in numbers:
            return inbox
    return None


def _municipality(target: Resource, standing: Standing) -> str | None:
    return next(iter(_numbers(target, standing, MUNICIPALITIES)), None)


def _numbers(target: Resource, standing: Standing, systems: frozenset[str]) -> list[str]:
    """The identifiers in these systems of a Reference and of the Organization behind it, without blanks."""
    organization = standing.get(reference(target)) or {}
    identifiers = [target.get("identifier"), *several(organization.get("identifier"))]
    found = (i.get("value") for i in identifiers if isinstance(i, dict) and i.get("system") in systems)
    return ["".join(str(value).split()) for value in found if value]


def _by_number(number: str | None, patient: Resource | None, context: Context) -> Inbox | None:
    if not number:
        return None
    age = age_of(patient, context.today)
    districts = [*districts_of(patient or {}), None]
    found = [context.routes.of_municipality(number, district, age) for district in districts]
    return next((i for i in found if i and i.districts), found[-1])
