"""The labels that what is written carries: the row's, and those of its parts (workflow.md 4.7, ADR 0022)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_service.access.forms import forms_of
from fhir_service.access.labels import column, labels_in, party_of
from fhir_service.access.members import organizations
from fhir_service.access.rows import labels_of
from fhir_service.rules import Draft, Kind, Standing, kind_of, reference
from fhir_service.storage.port import Stored
from fhir_service.workflow.versions import UNLABELLED, Labelled

CLIENTS = frozenset({"rest", "import"})
"""Causes of drafts that the caller has written: what follows from them is the service's."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """What is known about a person when what is theirs is labelled.

    `stands_for`: the party behind a PractitionerRole or a notification; `goals`: the labels of the person's goals.
    """

    stands_for: Mapping[str, str] = field(default_factory=dict)
    goals: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, draft: Draft, person: str | None, stored: Stored | None) -> Labelled:
        """The labels of the version that the draft becomes. Those of what is deleted stay as they were."""
        before = stored.sector if stored else ""
        if draft.after is None:
            return Labelled(before)
        labels = labels_of(
            draft.after,
            about_person=person is not None,
            writer=(draft.by.person or draft.by.organization) if draft.cause in CLIENTS else None,
            before=before,
            stands_for=self.stands_for,
        )
        return Labelled(column(labels), forms_of(draft.after, labels, self.goals)) if labels else UNLABELLED


PLAIN = Labelling()


def labelling(standing: Standing, stored: Mapping[str, Stored]) -> Labelling:
    """How what is the person's is labelled. `stored`: the current versions by `Type/id`."""
    roles = organizations(standing)
    requests = {
        f"ServiceRequest/{need.get('id')}": party_of(reference(need.get("requester")), roles)
        for need in standing.of("ServiceRequest")
        if kind_of(need) is Kind.NEED
    }
    goals = {
        literal: labels_of(goal, about_person=True, stands_for={}) | _kept(stored.get(literal))
        for goal in standing.of("Goal")
        if (literal := f"Goal/{goal.get('id')}")
    }
    return Labelling({**roles, **{literal: who for literal, who in requests.items() if who}}, goals)


def _kept(stored: Stored | None) -> frozenset[str]:
    return frozenset(label for label in labels_in(stored.sector) if label.startswith("+")) if stored else frozenset()
