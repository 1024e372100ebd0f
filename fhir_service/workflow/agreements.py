"""The agreements of private providers, which decide whether their people may coordinate (decision 42)."""

from collections.abc import Iterable, Mapping

from fhir_service.rules import Draft, Standing, private_providers
from fhir_service.search import parse
from fhir_service.storage.access import EVERYTHING
from fhir_service.storage.port import Reads
from fhir_service.workflow.references import parse_local
from profiles.resource import Resource


async def agreements(
    tx: Reads, drafts: Iterable[Draft], known: Iterable[Mapping[str, Resource]], base_url: str
) -> dict[str, Resource]:
    """`Type/id` -> OrganizationAffiliation of every private provider who takes part in a team among the drafts.

    `known`: resources by `Type/id`, among them the organizations of those who take part.
    """
    teams = {d.reference: d.after for d in drafts if d.rtype == "CareTeam" and d.after is not None}
    if not teams:
        return {}
    whole = {reference: one for resources in known for reference, one in resources.items()} | teams
    found: dict[str, Resource] = {}
    for provider in sorted(private_providers(Standing(None, whole))):
        query = parse("OrganizationAffiliation", [("participating-organization", provider)], base_url=base_url).query
        rows = await tx.matches(query, EVERYTHING) if query is not None else ()
        found |= {f"{row.rtype}/{row.rid}": parse_local(row.body, base_url) for row in rows}
    return found
