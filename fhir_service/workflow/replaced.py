"""Patients that say of another one that it is the same person (workflow.md 4.10).

https://hl7.org/fhir/R4/valueset-link-type.html  `replaced-by` and, from the other end, `replaces` join two records;
`refer` and `seealso` say nothing about who counts, and are kept as they are.
"""

from collections.abc import Iterable, Iterator

from fhir_service.rules import Draft, several
from fhir_service.workflow.national import patient_target
from profiles.resource import Resource

REPLACED_BY, REPLACES = "replaced-by", "replaces"


def linked_patients(patient: Resource | None, kind: str, base_url: str) -> tuple[str, ...]:
    """Ids of the Patients of this server that a Patient has links of this type to."""
    links = (link for link in several((patient or {}).get("link")) if link.get("type") == kind)
    targets = (patient_target(link.get("other", {}), base_url) for link in links)
    return tuple(dict.fromkeys(target for target in targets if isinstance(target, str)))


def newly_replaced(drafts: Iterable[Draft], base_url: str) -> dict[str, str]:
    """Id of a Patient that is replaced from now on -> id of the one it is replaced by, as the drafts say."""
    found: dict[str, str] = {}
    for draft in drafts:
        if draft.rtype == "Patient" and draft.after is not None and "link" in draft.after:
            found.update(_said_by(draft, base_url))
    return found


def _said_by(draft: Draft, base_url: str) -> Iterator[tuple[str, str]]:
    for kind in (REPLACED_BY, REPLACES):
        known = linked_patients(draft.before, kind, base_url)
        for other in linked_patients(draft.after, kind, base_url):
            if other not in known and other != draft.rid:
                yield (draft.rid, other) if kind == REPLACED_BY else (other, draft.rid)
