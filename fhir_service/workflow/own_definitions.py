"""What the service defines and serves, and nobody else changes: our profiles, code systems, value sets, parameters ...

They are written at start (`seed.kept_current`), each with its name as its id; their addresses are ours alone.
"""

from collections.abc import Sequence

from fhir_service.rules import Draft
from fhir_service.workflow.settle import Wanted
from profiles import names
from profiles.conformance import definitions
from profiles.issues import Issue, error
from profiles.resource import Resource

DEFINING = frozenset(
    {"CodeSystem", "NamingSystem", "OperationDefinition", "SearchParameter", "StructureDefinition", "ValueSet"}
)
"""The types of what we define."""


def is_ours(resource: Resource) -> bool:
    """Whether it is one of our definitions, or says that it is: by its address, a NamingSystem by its id."""
    rtype = resource.get("resourceType")
    if rtype == "NamingSystem":
        return f"{names.BASE}/NamingSystem/{resource.get('id')}" in definitions()
    return rtype in DEFINING and str(resource.get("url")).startswith(f"{names.BASE}/{rtype}/")


def unchangeable(wanted: Sequence[Wanted]) -> tuple[tuple[Draft, Issue], ...]:
    """Drafts that would make, change or delete a definition of ours, and why that is refused."""
    drafts = (w.draft for w in wanted if w.draft.rtype in DEFINING)
    return tuple((draft, _refused(draft)) for draft in drafts if any(map(is_ours, _states(draft))))


def _states(draft: Draft) -> tuple[Resource, ...]:
    return tuple(resource for resource in (draft.before, draft.after) if resource is not None)


def _refused(draft: Draft) -> Issue:
    text = (
        f"{draft.reference} is defined by this service, which alone changes it; define your own under an address of "
        f"yours, not under {names.BASE}/{draft.rtype}/"
    )
    return error("defined-here", draft.rtype, text)
