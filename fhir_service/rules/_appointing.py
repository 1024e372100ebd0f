"""Whether a coordinator is being looked for, and for which case (K1, K2)."""

from fhir_service.rules._case import case_behind, children, decided
from fhir_service.rules._model import Standing
from profiles.resource import Resource

SEARCHES = ("appoint-coordinator", "change-coordinator")


def searches(standing: Standing) -> list[Resource]:
    """The open Tasks for which a coordinator is looked for, where the person has not declined."""
    tasks = (t for code in SEARCHES for t in children(standing, code))
    return [t for t in tasks if not _is_declined(case_behind(standing, t))]


def is_wanted(standing: Standing) -> bool:
    """Whether anybody looks for a coordinator."""
    return bool(searches(standing))


def _is_declined(case: Resource | None) -> bool:
    return case is not None and decided(case, "decision-coordinator") == "declined-by-person"
