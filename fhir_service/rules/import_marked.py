"""An import alone says that something was imported: the tag lets it pass K1, P1 and INV-03 (workflow.md 3)."""

from collections.abc import Iterable

from fhir_service.rules._kinds import is_imported, kind_of
from fhir_service.rules._model import Change, Rule
from profiles.issues import Issue, error

IMPORT = "import"
"""The purpose of a caller that is an import: in dev by a header, in production by its token (decision 32)."""


def check(change: Change) -> Iterable[Issue]:
    """Refuses the tag from a client, which would pass its guards with it; one that is there stays."""
    after, before = change.after, change.before
    if after is None or kind_of(after) is None or not is_imported(after):
        return
    if change.draft.cause != "rest" or change.by.purpose == IMPORT:
        return
    if before is None or not is_imported(before):
        text = "The tag imported is set by an import only: leave it out"
        yield error("rule", f"{after['resourceType']}.meta.tag", text)


RULE = Rule(
    id="import-marked",
    title="Only an import marks a plan as imported",
    basis="workflow.md 3 (imported plans)",
    says="Bare en import kan merke en plan eller et team som importert.",
    on=frozenset({"CareTeam", "CarePlan"}),
    check=check,
    order=30,
)
