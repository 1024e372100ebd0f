"""What is there from the first start on: the koordinerende enheter of the routes as Organization and HealthcareService
inbox (domain.md 7), and resources that describe the service itself."""

from collections.abc import Iterable

from fhir_service.principal import SERVICE
from fhir_service.rules import Draft
from fhir_service.storage.port import Changes, Reads, Stored, Work
from fhir_service.workflow.trace import new_write
from fhir_service.workflow.versions import next_version, parse_body
from profiles import names
from profiles.r4_types import HealthcareService, Identifier, Organization, Reference
from profiles.resource import Resource, stated
from profiles.routing import Inbox, Routes


def seed(routes: Routes) -> Work[int]:
    """The unit of work that makes what is missing and leaves what is there; its answer is how many it made."""

    async def work(tx: Reads) -> tuple[int, Changes]:
        wanted = {(r["resourceType"], r["id"]): r for inbox in all_inboxes(routes) for r in resources_of(inbox)}
        there = await tx.get_many(wanted)
        missing = [resource for key, resource in wanted.items() if key not in there]
        return len(missing), Changes(writes=tuple(new_write(r, tx.now, None, r["id"]) for r in missing))

    return work


def kept_current(resources: Iterable[Resource]) -> Work[int]:
    """The unit of work that makes each of these what it is to be; its answer is how many it wrote."""
    wanted = {(r["resourceType"], r["id"]): r for r in resources}

    async def work(tx: Reads) -> tuple[int, Changes]:
        there = await tx.get_many(wanted)
        changed = [(r, there.get(key)) for key, r in wanted.items() if not _is(there.get(key), r)]
        writes = [next_version(_draft(r), 1 + (b.version if b else 0), tx.now, None) for r, b in changed]
        return len(writes), Changes(writes=tuple(writes))

    return work


def _is(stored: Stored | None, resource: Resource) -> bool:
    """Whether what is stored says just this."""
    if stored is None or stored.deleted:
        return False
    return {name: value for name, value in parse_body(stored.body).items() if name != "meta"} == resource


def _draft(resource: Resource) -> Draft:
    return Draft(resource["resourceType"], resource["id"], resource, None, SERVICE)


def all_inboxes(routes: Routes) -> tuple[Inbox, ...]:
    """Every inbox, the default one included."""
    return (*routes.inboxes, routes.default)


def resources_of(inbox: Inbox) -> tuple[Organization, HealthcareService]:
    """The Organization of the KE and the HealthcareService that is its inbox."""
    identifiers: list[Identifier] = [
        {"system": system, "value": value}
        for system, value in ((names.ENH, inbox.organization_number), (names.MUNICIPALITY, inbox.municipality))
        if value and not (inbox.part_of and system == names.MUNICIPALITY)
    ]
    organization: Organization = {
        "resourceType": "Organization",
        "id": inbox.organization_id,
        "identifier": identifiers,
        "active": True,
        "name": inbox.name,
        "partOf": {"reference": f"Organization/{inbox.part_of}"} if inbox.part_of else None,
    }
    provider: Reference = {"reference": f"Organization/{inbox.organization_id}", "display": inbox.name}
    if inbox.organization_number:  # no-basis-HealthcareService: providedBy.identifier is an organisation number
        provider["identifier"] = {"system": names.ENH, "value": inbox.organization_number}
    service: HealthcareService = {
        "resourceType": "HealthcareService",
        "id": inbox.service_id,
        "active": True,
        "providedBy": provider,
        "name": f"Innboks: {inbox.name}",
        "comment": "Meldinger om behov for koordinerte tjenester",
    }
    return stated(organization), service
