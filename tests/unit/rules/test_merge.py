"""Decision 37 and hl7v2-mapping.md 3.5, 6.2, 13: what is stated, what is old, what was cancelled."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_service.rules import Merged, merge
from mappings.message import Key, Mode, Proposal
from profiles.resource import Resource


def at(hour: int) -> datetime:
    return datetime(2026, 11, 22, hour, tzinfo=UTC)


def proposal(values: Resource, hour: int | None = 12, **more: Any) -> Proposal:
    when = at(hour) if hour is not None else None
    return Proposal("p", Key(), {"resourceType": "Encounter", **values}, at=when, **more)


def then(first: Merged, second: Proposal) -> Merged:
    assert first.resource is not None
    return merge({"id": "1", **first.resource}, second, first.clock)


ADMIT = proposal({"status": "in-progress", "period": {"start": "2026-11-22T10:00:00Z"}}, 10, states=True)
DISCHARGE = proposal(
    {
        "status": "finished",
        "period": {"start": "2026-11-22T10:00:00Z", "end": "2026-11-22T14:00:00Z"},
        "hospitalization": {"dischargeDisposition": {"text": "rehab"}},
    },
    14,
    states=True,
)
UNDISCHARGE = proposal(
    {"status": "in-progress"}, 15, states=True, cleared=("period.end", "hospitalization.dischargeDisposition")
)
UNADMIT = proposal({"status": "cancelled"}, 11, states=True)


def test_new_resource_is_what_the_message_states_without_what_it_clears() -> None:
    merged = merge(None, proposal({"status": "planned", "period": {"end": "x"}}, cleared=("period.end",)), None)
    assert merged.resource == {"resourceType": "Encounter", "status": "planned"}
    assert merged.clock["content"] == at(12).isoformat()


def test_status_event_makes_nothing_when_nothing_is_known() -> None:
    merged = merge(None, proposal({"status": "in-progress"}, mode=Mode.STATUS), None)
    assert merged.resource is None
    assert [i.code for i in merged.issues] == ["nothing-to-cancel"]
    assert not any(i.refuses for i in merged.issues)


def test_snapshot_replaces_what_it_states_and_keeps_what_it_does_not() -> None:
    existing = {"resourceType": "Encounter", "period": {"start": "a", "end": "b"}, "priority": {"text": "old"}}
    merged = merge(existing, proposal({"period": {"start": "c"}, "priority": {"coding": [{"code": "R"}]}}), {})
    assert merged.resource == {
        "resourceType": "Encounter",
        "period": {"start": "c", "end": "b"},
        "priority": {"coding": [{"code": "R"}]},
    }


def test_fill_sets_only_what_is_absent() -> None:
    existing = {"resourceType": "Patient", "gender": "male", "address": [{"city": "Oslo"}]}
    values = {"resourceType": "Patient", "gender": "other", "birthDate": "1985-11-15", "address": [{"city": "Bergen"}]}
    merged = merge(existing, Proposal("p", Key(), values, Mode.FILL), None)
    assert merged.resource == existing | {"birthDate": "1985-11-15"}


def test_status_is_kept_by_an_event_that_does_not_set_it() -> None:
    existing = {"resourceType": "Encounter", "status": "finished"}
    merged = merge(existing, proposal({"status": "in-progress", "priority": {"text": "R"}}), {})
    assert merged.resource is not None
    assert merged.resource["status"] == "finished"


def test_identifiers_are_joined_and_none_is_lost() -> None:
    existing = {"resourceType": "Patient", "identifier": [{"system": "a", "value": "1"}, {"system": "b", "value": "2"}]}
    values = {
        "resourceType": "Patient",
        "identifier": [{"system": "c", "value": "3"}, {"system": "a", "value": "1", "use": "official"}],
    }
    merged = merge(existing, Proposal("p", Key(), values), None)
    assert merged.resource is not None
    assert merged.resource["identifier"] == [
        {"system": "a", "value": "1", "use": "official"},
        {"system": "b", "value": "2"},
        {"system": "c", "value": "3"},
    ]


def test_choice_of_another_type_takes_the_place_of_the_first() -> None:
    existing = {"resourceType": "Patient", "deceasedBoolean": True}
    stated = {"resourceType": "Patient", "deceasedDateTime": "2026-11-20"}
    assert merge(existing, Proposal("p", Key(), stated), None).resource == stated
    assert merge(existing, Proposal("p", Key(), stated, Mode.FILL), None).resource is existing


def test_cleared_path_goes_and_an_object_left_empty_with_it() -> None:
    existing = {"resourceType": "Encounter", "period": {"end": "x"}, "length": {"value": 1}, "_language": {"id": "a"}}
    cleared = ("period.end", "language", "length.unit", "location.status", "hospitalization.origin")
    merged = merge(existing, proposal({}, cleared=cleared), {})
    assert merged.resource == {"resourceType": "Encounter", "length": {"value": 1}}


def test_same_content_again_changes_nothing() -> None:
    """SR-3: the caller writes no new version."""
    first = merge(None, DISCHARGE, None)
    assert first.resource is not None
    stored = {"id": "1", "meta": {"versionId": "3", "source": "urn:a"}, **first.resource}
    later = Proposal("p", Key(), {**DISCHARGE.values, "meta": {"source": "urn:b"}}, at=at(16), states=True)
    again = merge(stored, later, first.clock)
    assert again.resource is stored
    assert again.clock == first.clock
    assert again.issues == ()


def test_older_event_only_fills_gaps_and_says_so() -> None:
    known = merge(None, proposal({"priority": {"text": "new"}}, 12), None)
    merged = then(known, proposal({"priority": {"text": "old"}, "length": {"value": 1}}, 11))
    assert merged.resource is not None
    assert merged.resource["priority"] == {"text": "new"}
    assert merged.resource["length"] == {"value": 1}
    assert [i.code for i in merged.issues] == ["late-event"]
    assert merged.clock["content"] == at(12).isoformat()


def test_late_discharge_closes_a_stay_that_was_only_updated_since() -> None:
    update = proposal({"status": "unknown", "priority": {"text": "U"}}, 16)
    merged = then(then(merge(None, ADMIT, None), update), DISCHARGE)
    assert merged.resource is not None
    assert (merged.resource["status"], merged.resource["period"]["end"]) == ("finished", "2026-11-22T14:00:00Z")


def test_late_admission_fills_the_start_and_does_not_reopen() -> None:
    only_end = proposal({"status": "finished", "period": {"end": "2026-11-22T14:00:00Z"}}, 14, states=True)
    merged = then(merge(None, only_end, None), ADMIT)
    assert merged.resource is not None
    assert merged.resource["status"] == "finished"
    assert merged.resource["period"] == {"start": "2026-11-22T10:00:00Z", "end": "2026-11-22T14:00:00Z"}


def test_cancelled_discharge_reopens() -> None:
    merged = then(then(merge(None, ADMIT, None), DISCHARGE), UNDISCHARGE)
    assert merged.resource == {"id": "1", **ADMIT.values}
    assert merged.issues == ()


def test_cancelled_discharge_before_its_discharge_leaves_the_stay_open() -> None:
    """Scenario 13 of workflow.md 12: one late event is logged, and nothing is filled that was taken away."""
    merged = then(then(merge(None, ADMIT, None), UNDISCHARGE), DISCHARGE)
    assert merged.resource == {"id": "1", **ADMIT.values}
    assert [i.code for i in merged.issues] == ["late-event"]


def test_new_discharge_after_a_cancelled_one_counts() -> None:
    again = Proposal("p", Key(), DISCHARGE.values, at=at(17), states=True)
    merged = then(then(then(merge(None, ADMIT, None), DISCHARGE), UNDISCHARGE), again)
    assert merged.resource == {"id": "1", **DISCHARGE.values}
    assert merged.clock["removed"] == {}


def test_late_admission_does_not_undo_its_own_cancellation() -> None:
    merged = then(merge(None, UNADMIT, None), ADMIT)
    assert merged.resource is not None
    assert merged.resource["status"] == "cancelled"


def test_events_of_a_stay_come_to_the_same_end_in_any_order() -> None:
    ends = set()
    for order in permutations((ADMIT, DISCHARGE, UNDISCHARGE)):
        merged = merge(None, order[0], None)
        for event in order[1:]:
            merged = then(merged, event)
        assert merged.resource is not None
        ends.add((merged.resource["status"], str(merged.resource.get("period")), "hospitalization" in merged.resource))
    assert ends == {("in-progress", "{'start': '2026-11-22T10:00:00Z'}", False)}


def place(reference: str, status: str) -> Resource:
    return {"location": {"reference": reference}, "status": status}


def test_transfer_keeps_the_places_before_and_leaves_one_active() -> None:
    first = merge(None, proposal({"location": [place("Location/a", "active")]}, 10), None)
    second = then(first, proposal({"location": [place("Location/b", "active")]}, 12))
    assert second.resource is not None
    assert second.resource["location"] == [place("Location/a", "completed"), place("Location/b", "active")]
    late = then(second, proposal({"location": [place("Location/c", "active")]}, 11))
    assert late.resource is not None
    assert late.resource["location"][2:] == [place("Location/c", "completed")]


def test_participants_are_replaced_within_their_type() -> None:
    def who(kind: str, name: str) -> Resource:
        return {"type": [{"coding": [{"code": kind}]}], "individual": {"display": name}}

    existing = {"resourceType": "Encounter", "participant": [who("ATND", "a"), who("REF", "b")]}
    merged = merge(existing, proposal({"participant": [who("ATND", "c"), who("ATND", "d")]}), {})
    assert merged.resource is not None
    assert merged.resource["participant"] == [who("ATND", "c"), who("REF", "b"), who("ATND", "d")]


def test_nothing_given_is_changed_by_a_merge() -> None:
    existing = {"resourceType": "Encounter", "location": [place("Location/a", "active")], "period": {"end": "x"}}
    values = {"location": [place("Location/b", "active")]}
    copy = {"resourceType": "Encounter", "location": [place("Location/a", "active")], "period": {"end": "x"}}
    merge(existing, proposal(values, cleared=("period.end",)), {"content": at(9).isoformat()})
    assert existing == copy


short = st.text(min_size=1, max_size=2)


def entries(*keys: str) -> st.SearchStrategy[list[Resource]]:
    return st.lists(
        st.fixed_dictionaries({keys[0]: short}, optional=dict.fromkeys(keys[1:], short)), min_size=1, max_size=3
    )


elements = st.fixed_dictionaries(
    {},
    optional={
        "status": short,
        "identifier": entries("system", "value"),
        "extension": entries("url", "valueString"),
        "location": entries("status", "period"),
        "participant": entries("type"),
        "period": st.fixed_dictionaries({"start": short}, optional={"end": short}),
        "priority": st.fixed_dictionaries({"text": short}),
        "deceasedBoolean": st.booleans(),
        "deceasedDateTime": short,
    },
)


@given(elements, elements, st.sampled_from(list(Mode)), st.integers(0, 23), st.booleans())
def test_merging_the_same_proposal_twice_is_merging_it_once(
    old: Resource, new: Resource, mode: Mode, hour: int, states: bool
) -> None:
    existing = {"resourceType": "Encounter", **old}
    one = proposal(new, hour, mode=mode, states=states, cleared=("period.end",))
    once = merge(existing, one, {"content": at(12).isoformat(), "status": at(6).isoformat()})
    assert once.resource is not None
    twice = merge(once.resource, one, once.clock)
    assert twice.resource == once.resource


def test_joined_entries_keep_their_order_when_a_message_comes_again() -> None:
    """A stay with two attending doctors around a referring one: no new version for a resend (SR-3)."""
    people = [{"type": [{"text": kind}], "individual": {"display": name}} for kind, name in ("Aa", "Rb", "Ac")]
    first = merge(None, proposal({"participant": people}), None)
    assert first.resource is not None
    assert merge(first.resource, proposal({"participant": people}, 13), first.clock).resource is first.resource


def test_time_of_the_first_word_is_not_that_of_a_later_one() -> None:
    existing = {
        "resourceType": "ServiceRequest",
        "authoredOn": "2026-11-20",
        "subject": {"reference": "P/1", "display": "A"},
    }
    restated = {"resourceType": "ServiceRequest", "authoredOn": "2026-11-22", "subject": {"reference": "P/1"}}
    assert merge(existing, Proposal("p", Key(), restated, at=at(12)), {}).resource is existing


def test_one_extension_is_cleared_and_the_others_stay() -> None:
    plan = proposal(
        {"extension": [{"url": "urn:end", "valueDate": "2026-11-25"}, {"url": "urn:x", "valueCode": "y"}]}, 9
    )
    taken_back = proposal({}, 11, cleared=("extension[urn:end]",))
    after = then(merge(None, plan, None), taken_back)
    assert after.resource is not None
    assert after.resource["extension"] == [{"url": "urn:x", "valueCode": "y"}]
    late = then(after, proposal({"extension": [{"url": "urn:end", "valueDate": "2026-11-25"}]}, 10))
    assert late.resource is not None
    assert late.resource["extension"] == [{"url": "urn:x", "valueCode": "y"}]
    anew = then(late, proposal({"extension": [{"url": "urn:end", "valueDate": "2026-11-30"}]}, 12))
    assert anew.resource is not None
    assert anew.resource["extension"][-1]["valueDate"] == "2026-11-30"
    assert anew.clock["removed"] == {}
