"""Who is to take a need, where it is named by its organisation number and is not in the routes (domain.md 7)."""

from collections.abc import Iterable

from fhir_service.rules import Draft, is_municipal, organization_number, receivers_named, reference, registered_inbox
from fhir_service.storage.port import Reads
from fhir_service.workflow.references import local
from fhir_service.workflow.versions import parse_body
from profiles import names
from profiles.resource import Resource
from profiles.routing import Inbox, Routes


async def receivers(tx: Reads, drafts: Iterable[Draft], base_url: str) -> dict[str, Resource]:
    """`Type/id` -> Organization that a need or a case among the drafts names by its number only."""
    named = [target for d in drafts if d.after is not None for target in receivers_named(d.after)]
    numbers = {n for target in named if reference(target) is None and (n := organization_number(target))}
    return {f"Organization/{o['id']}": local(o, base_url) for o in await _of_numbers(tx, numbers)}


async def receiver(tx: Reads, number: str | None, routes: Routes) -> Inbox | None:
    """The koordinerende enhet that a message names by its organisation number.

    A message leaves a record of every organisation that it names; so one that is in no route counts only where its
    record says of which municipality it is.
    """
    known = routes.of_organization(number) or routes.of_municipality(number)
    if known or not number:
        return known
    municipal = (o for o in await _of_numbers(tx, {number}) if is_municipal(o) and o.get("active", True))
    return next((registered_inbox(o) for o in municipal), None)


async def _of_numbers(tx: Reads, numbers: Iterable[str]) -> list[Resource]:
    wanted = [("Organization", (names.ENH, number)) for number in sorted(numbers)]
    found = await tx.by_identifiers(wanted) if wanted else {}
    rows = {row.rid: row for rows in found.values() for row in rows if not row.deleted}
    return [parse_body(row.body) for _, row in sorted(rows.items())]
