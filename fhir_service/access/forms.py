"""What of a resource shows to some in part, by the labels that open it (SR-28).

What is found by a part is found by whoever has one of its labels; by all else only those find it who see the whole.
"""

from collections.abc import Callable, Mapping

from fhir_service.access.cuts import NONE, Eyes
from fhir_service.access.view import NOBODY, ActingFor, labels_of_activity, looked_up, parts
from fhir_service.rules import several
from fhir_service.sight import ALL_BUT_HIDDEN, BUT, CASE_OF, FRAME, HIDDEN, IN_PARTS, OWN, PARTY
from profiles.resource import Resource

Labels = frozenset[str]


def parts_of(
    resource: Resource, row: Labels, goals: Mapping[str, Labels], acting_for: ActingFor = NOBODY
) -> tuple[tuple[Labels, Resource], ...]:
    """(labels, the elements that each of them opens). `row`: the labels of its row; `goals`: literal reference -> the
    labels of that goal; `acting_for`: as of `view.reduced`.

    What members see of the plan they see while its frame is open to them: nothing is found by more than its row.
    """
    if IN_PARTS not in row:
        return ()
    activities = {id(one): labels_of_activity(one, acting_for) for one in several(resource.get("activity"))}
    named = {literal: goals.get(literal, NONE) for literal in looked_up(resource)}
    carried = frozenset().union(*named.values(), *activities.values())
    carried = row | (carried if FRAME in row else carried & {HIDDEN})
    labels = frozenset([label for label in carried if label != IN_PARTS and not label.startswith("-")])
    if HIDDEN in carried:
        labels |= {ALL_BUT_HIDDEN}
    opened = _opening(labels)
    eyes = Eyes(
        everybody=labels,
        opened=opened,
        reading={literal: opened(of_goal) for literal, of_goal in named.items()}.__getitem__,
        being=lambda literal: labels & {OWN + literal, PARTY + literal},
        labels=lambda one: activities[id(one)],
    )
    return parts(resource, eyes)


def _opening(labels: Labels) -> Callable[[Labels], Labels]:
    """Which of the labels show what carries others: as `Sight.shows` for whoever has this label and, where it is one of
    a member's, the frame."""
    framed = frozenset([one for one in labels if one[0] not in _APART and one not in _BY_THEMSELVES])
    but = labels & {ALL_BUT_HIDDEN}

    def opened(carried: Labels) -> Labels:
        found = labels & carried
        if FRAME in carried:
            found |= framed
        return found if HIDDEN in carried else found | but

    return opened


_APART = frozenset({PARTY, CASE_OF, BUT})
_BY_THEMSELVES = frozenset({"existence", "coordinators", "case"})
