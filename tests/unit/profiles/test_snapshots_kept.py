"""What a resource has in common with the version before it is judged once (ADR 0023)."""

from typing import Any

import pytest

from profiles.conformance import definitions
from profiles.resource import Resource
from profiles.snapshots.kept import kept
from profiles.validate import conforms
from tests.unit.profiles.test_snapshots import patient, profile, row

MADE = profile(
    "Patient",
    row("Patient.name", max="2"),
    row("Patient.name.family", min=1),
    row("Patient.maritalStatus"),
    row("Patient.maritalStatus.text", min=1),
)


def told(before: Resource, after: Resource) -> list[tuple[str, str]]:
    return sorted((issue.code, issue.at) for issue in conforms(after, (MADE,), kept(before, after)))


def test_entries_that_stay_are_judged_no_more() -> None:
    before = patient(name=[{"use": "usual"}], maritalStatus={"id": "m"})
    assert told({}, before) == [("required", "Patient.maritalStatus.text"), ("required", "Patient.name[0].family")]
    assert told(before, patient(name=[{"use": "usual"}], maritalStatus={"id": "m"}, active=True)) == []


def test_what_changes_and_what_is_added_is_judged() -> None:
    before = patient(name=[{"use": "usual"}], maritalStatus={"id": "m"})
    after = patient(name=[{"use": "old"}, {"use": "usual"}], maritalStatus={"id": "n"})
    assert told(before, after) == [
        ("required", "Patient.maritalStatus.text"),
        ("required", "Patient.name[0].family"),
        ("required", "Patient.name[1].family"),
    ]
    assert told(before, patient(name=[{"use": "usual"} for _ in range(3)])) == [
        ("required", "Patient.name[1].family"),
        ("required", "Patient.name[2].family"),
        ("structure", "Patient.name[2]"),
    ]


def test_entry_is_known_by_its_id_wherever_it_stands() -> None:
    before = patient(name=[{"id": "a", "use": "usual"}])
    assert told(before, patient(name=[{"family": "x"}, {"id": "a", "use": "usual"}])) == []
    assert told(before, patient(name=[{"id": "a", "use": "old"}])) == [("required", "Patient.name[0].family")]


@pytest.mark.parametrize("name", [None, "x", {"use": "usual"}, ["x", None, [1]]])
def test_what_is_of_another_shape_is_not_kept(name: Any) -> None:
    assert kept(patient(name=[{"use": "usual"}]), patient(name=name)) == {"resourceType"}
    assert kept(patient(name=name), patient(name=[{"use": "usual"}])) == {"resourceType"}


def test_element_that_stays_is_judged_no_more_but_for_what_stands_beside_it() -> None:
    made = profile("Patient", row("Patient.name", max="1"), row("Patient.gender", min=1, patternCode="male"))
    before = patient(name=[{"text": "x"}, {"text": "y"}], gender="female")
    assert len(conforms(before, (made,))) == 2
    assert conforms({**before, "active": True}, (made,), kept(before, {**before, "active": True})) == ()
    after = {**before, "_gender": {"id": "g"}}
    assert [issue.at for issue in conforms(after, (made,), kept(before, after))] == ["Patient.gender"]


def test_nothing_is_kept_beside_other_contained_resources() -> None:
    after = patient(name=[{"use": "usual"}], contained=[{"resourceType": "Organization", "id": "o"}])
    assert kept(patient(name=[{"use": "usual"}]), after) == frozenset()
    assert kept(after, after) != frozenset()


def test_members_of_slices_count_though_they_stay() -> None:
    by_use = {"discriminator": [{"type": "value", "path": "use"}], "rules": "open"}
    made = profile(
        "Patient",
        row("Patient.name", slicing=by_use),
        row("Patient.name:usual", sliceName="usual", min=1, max="1"),
        row("Patient.name:usual.use", min=1, patternCode="usual"),
        row("Patient.name:usual.family", min=1),
    )
    before = patient(name=[{"use": "usual"}])
    after = patient(name=[{"use": "usual"}, {"use": "usual", "family": "x"}])
    found = conforms(after, (made,), kept(before, after))
    assert [(issue.code, issue.at) for issue in found] == [("structure", "Patient.name[1]")]


def test_extensions_in_what_stays_are_judged_no_more() -> None:
    made = profile("Extension", row("Extension.value[x]", min=1))
    one: Resource = {"url": made.url, "id": "e"}
    before = patient(name=[{"family": "x", "extension": [one]}])
    after = patient(name=[{"family": "x", "extension": [dict(one)]}], extension=[{"url": made.url}])
    found = conforms(after, (made,), kept(before, after))
    assert [issue.at for issue in found] == ["Patient.extension[0].value"]


def test_our_own_rules_below_a_resource_ask_for_nothing_beside() -> None:
    """Else what stays could be broken by what changes elsewhere."""
    for found in definitions().values():
        for element in found.get("snapshot", {}).get("element", ()):
            own = [c for c in element.get("constraint", ()) if str(c.get("key")).startswith("ip-")]
            if "." in element["id"]:
                assert not [c for c in own if "%" in c["expression"] or "resolve()" in c["expression"]]
