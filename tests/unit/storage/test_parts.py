"""Each row of a resource that shows in part has the labels by which it shows (SR-28)."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.access.forms import parts_of
from fhir_service.access.marks import unmarked
from fhir_service.access.rows import labels_of
from fhir_service.access.view import reduced, seen_in_part
from fhir_service.search import parameters
from fhir_service.search.extract import extract
from fhir_service.search.query import ParameterType
from fhir_service.sight import ALL_BUT_HIDDEN, BUT, FRAME, HIDDEN, OWN, PARTY, Sight
from fhir_service.storage.indexing import index_rows
from fhir_service.storage.instants import moment
from fhir_service.storage.parts import labelled
from fhir_service.storage.port import Write
from profiles.resource import Resource
from tests.unit.access.plans import plans

NOBODYS = (0, None, "", "")
GOALS = {"Goal/g": frozenset({"school"}), "Goal/h": frozenset({HIDDEN})}


def rows_of(resource: Resource) -> set[tuple[object, ...]]:
    """What it is found by: table and values, apart from what belongs to the whole resource."""
    found = index_rows("CarePlan", 0, NOBODYS, extract(resource))[1]
    return {(table.name, *row[:-5]) for table, rows in found for row in rows}


def sight_of(label: str) -> Sight:
    """Of who has this label and, where it is one of a member's, the frame."""
    who = label[1:] if label[0] in (OWN, PARTY) else None
    by_itself = label[0] in (PARTY, BUT) or label in ("existence", "coordinators", "case")
    return Sight(labels=frozenset({label} if by_itself else {label, FRAME}), organization=who)


@given(plans(), st.sampled_from(["active", "completed"]))
def test_row_is_labelled_by_each_view_that_is_found_by_it(plan: Resource, status: str) -> None:
    whole = {**plan, "status": status}
    parts = parts_of(whole, labels_of(whole, about_person=True, writer="Organization/w", stands_for={}), GOALS)
    expected: defaultdict[tuple[object, ...], set[str]] = defaultdict(set)
    for label in frozenset().union(*(labels for labels, _ in parts)):
        sight = sight_of(label)
        seen = frozenset(goal for goal, labels in GOALS.items() if sight.shows(labels))
        for row in rows_of(unmarked(reduced(whole, sight, seen))):
            expected[row].add(label)
    write = Write("CarePlan", "p", 1, moment(0), whole, b"", shown=parts)
    found = labelled(write, index_rows("CarePlan", 0, NOBODYS, extract(whole))[1], extract)
    for table, rows in found:
        for row in rows:
            told = set(str(row[-1]).split("|")) - {"", HIDDEN}
            assert told == expected[table.name, *row[:-5]] - {ALL_BUT_HIDDEN, HIDDEN}, (table.name, row)


@pytest.mark.parametrize("rtype", ["CarePlan", "CareTeam", "Task"])
def test_no_parameter_of_what_shows_in_part_combines_elements(rtype: str) -> None:
    """Else its rows could not be found element by element."""
    assert seen_in_part(rtype)
    assert not [p.code for p in parameters(rtype).values() if p.type is ParameterType.COMPOSITE]
