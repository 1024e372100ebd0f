"""Which koordinerende enhet a need notification belongs to (domain.md 7, workflow.md 4.1 S1)."""

from fhir_service.rules._elements import code_in, reference, several
from fhir_service.rules._kinds import Kind, kind_of
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
        number = _municipality(performer)
        found = _named(performer, standing, context) or _by_number(number, patient, context)
        if found:
            return found
    return None if _names_unknown_municipality(need, context) else home_inbox(patient, context)


def named_inbox(target: Resource, standing: Standing, context: Context) -> Inbox | None:
    """The inbox that one Reference(Organization) names: by id, organisation number or municipality number."""
    return _named(target, standing, context) or context.routes.of_municipality(_municipality(target))


def home_inbox(patient: Resource | None, context: Context) -> Inbox | None:
    """The inbox of the municipality in the person's address."""
    return _by_number(municipality_of(patient) if patient else None, patient, context)


def registered_inbox(organization: Resource) -> Inbox:
    """An Organization that somebody has registered here and that is named as koordinerende enhet."""
    return Inbox(organization["id"], "", str(organization.get("name") or "Koordinerende enhet"))


def is_listed(inbox: Inbox, context: Context) -> bool:
    """Whether the routes know it; else it is an Organization that was registered by a client."""
    return inbox in (*context.routes.inboxes, context.routes.default)


def is_municipal(organization: Resource) -> bool:
    """Whether an Organization says of which municipality it is."""
    return any(_in(identifier, MUNICIPALITIES) for identifier in several(organization.get("identifier")))


def receivers_named(resource: Resource) -> list[Resource]:
    """The References by which a need or a case says who is to take it."""
    kind = kind_of(resource)
    if kind is Kind.NEED:
        return several(resource.get("performer"))
    outputs = several(resource.get("output")) if kind is Kind.CASE else []
    return [target for output in outputs if (target := forward_to(output)) is not None]


def forward_to(output: Resource) -> Resource | None:
    """The Reference that an output `forward-to` of a case is, also where it is an Identifier; None: another output."""
    if code_in(output.get("type"), names.TASK_OUTPUT, names.DECISION_OUTPUT) != "forward-to":
        return None
    identifier = output.get("valueIdentifier")
    value = output.get("valueReference") or ({"identifier": identifier} if identifier else {})
    return value if isinstance(value, dict) else {}


def organization_number(target: Resource) -> str | None:
    """The organisation number of a logical reference, without blanks."""
    return _number(target.get("identifier"), ORGANIZATION_NUMBERS)


def _names_unknown_municipality(need: Resource, context: Context) -> bool:
    """Whether the performer is a municipality number that nobody here serves: not to be sent elsewhere in silence."""
    numbers = [_municipality(p) for p in several(need.get("performer"))]
    return any(n is not None and context.routes.of_municipality(n) is None for n in numbers)


def _named(target: Resource, standing: Standing, context: Context) -> Inbox | None:
    """By the routes, else whoever is registered here under that id or number: it is for its author to say who."""
    organization = _organization(target, standing) or {}
    wanted, routes = reference(target) or "", context.routes
    stated = (_number(i, ORGANIZATION_NUMBERS) for i in several(organization.get("identifier")))
    numbers = {n for n in (organization_number(target), *stated) if n}
    for inbox in (*routes.inboxes, routes.default):
        if wanted in (f"Organization/{inbox.organization_id}", f"HealthcareService/{inbox.service_id}"):
            return inbox
        if inbox.organization_number and inbox.organization_number in numbers:
            return inbox
    return registered_inbox(organization) if organization and organization.get("active", True) else None


def _organization(target: Resource, standing: Standing) -> Resource | None:
    """The Organization that is here behind a reference, or under an organisation number."""
    literal, number = reference(target), organization_number(target)
    if literal is not None:
        return standing.get(literal) if literal.startswith("Organization/") else None
    carries = (o for o in standing.of("Organization") if number is not None and _has(o, number))
    return min(carries, key=lambda o: str(o["id"]), default=None)


def _has(organization: Resource, number: str) -> bool:
    return any(_number(i, ORGANIZATION_NUMBERS) == number for i in several(organization.get("identifier")))


def _municipality(target: Resource) -> str | None:
    return _number(target.get("identifier"), MUNICIPALITIES)


def _number(identifier: object, systems: frozenset[str]) -> str | None:
    """The value of an Identifier in one of these systems, without blanks."""
    if not _in(identifier, systems) or not isinstance(identifier, dict):
        return None
    return "".join(str(identifier.get("value") or "").split()) or None


def _in(identifier: object, systems: frozenset[str]) -> bool:
    return isinstance(identifier, dict) and identifier.get("system") in systems


def _by_number(number: str | None, patient: Resource | None, context: Context) -> Inbox | None:
    if not number:
        return None
    age = age_of(patient, context.today)
    districts = [*districts_of(patient or {}), None]
    found = [context.routes.of_municipality(number, district, age) for district in districts]
    return next((i for i in found if i and i.districts), found[-1])
