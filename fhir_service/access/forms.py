"""The forms in which a resource shows to some in part, by the label that opens each (SR-28).

What is found by one of them is found by whoever has its label; by all else only those find it who see the whole.
"""

from collections.abc import Iterator, Mapping

from fhir_service.access.view import NOBODY, ActingFor, Parted, labels_of_activity, looked_up
from fhir_service.rules import several
from fhir_service.sight import ALL_BUT_HIDDEN, CASE_OF, FRAME, HIDDEN, IN_PARTS, OWN, PARTY, Sight
from profiles.resource import Resource

Labels = frozenset[str]


def forms_of(
    resource: Resource, row: Labels, goals: Mapping[str, Labels], acting_for: ActingFor = NOBODY
) -> tuple[tuple[str, Resource], ...]:
    """(label, form); forms that are equal are one. `row`: the labels of its row; `goals`: literal reference -> the
    labels of that goal; `acting_for`: as of `view.reduced`.

    What members see of the plan they see while its frame is open to them: nothing is found by more than its row.
    """
    if IN_PARTS not in row:
        return ()
    named = {literal: goals.get(literal, frozenset()) for literal in looked_up(resource)}
    listed = (labels_of_activity(one, acting_for) for one in several(resource.get("activity")))
    parts = frozenset().union(*named.values(), *listed)
    carried = row | (parts if FRAME in row else parts & {HIDDEN})
    return tuple(_forms(Parted(resource, acting_for), carried, named))


def _forms(parted: Parted, carried: Labels, named: Mapping[str, Labels]) -> Iterator[tuple[str, Resource]]:
    forms = list[Resource]()
    labels = {label for label in carried if label != IN_PARTS and not label.startswith("-")}
    for label in sorted(labels | ({ALL_BUT_HIDDEN} if HIDDEN in carried else set())):
        sight = _sight(label)
        seen = frozenset(literal for literal, carried in named.items() if sight.shows(carried))
        form = parted.to(sight, seen)
        same = next((one for one in forms if one == form), None)
        if same is None:
            forms.append(form)
        yield label, form if same is None else same


def _sight(label: str) -> Sight:
    """Of who has this label and, where it is one of a member's, the frame."""
    kind, who = label[:1], label[1:]
    person = who if kind == PARTY and not who.startswith("Organization/") else None
    organization = who if kind in (OWN, PARTY) and person is None else None
    members = frozenset({label}) if kind in _APART or label in _BY_THEMSELVES else frozenset({label, FRAME})
    return Sight(labels=members, organization=organization, person=person)


_APART = frozenset({PARTY, CASE_OF, "~"})
_BY_THEMSELVES = frozenset({"existence", "coordinators", "case"})
