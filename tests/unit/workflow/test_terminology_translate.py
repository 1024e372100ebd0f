"""What a code becomes by a ConceptMap, and whether one is valid."""

from fhir_service.workflow.terminology_expand import Member
from fhir_service.workflow.terminology_systems import system_of
from fhir_service.workflow.terminology_translate import Match, Wanted, other_maps, translated
from fhir_service.workflow.terminology_validate import Asked, in_code_system, in_value_set
from profiles.resource import Resource

FROM, TO = "http://example.org/from", "http://example.org/to"


def concept_map(**group: object) -> Resource:
    elements = [
        {"code": "a", "display": "A", "target": [{"code": "1", "display": "One", "equivalence": "wider"}]},
        {"code": "b", "target": [{"equivalence": "unmatched"}]},
        {"code": "c", "target": [{"code": "1", "equivalence": "equal"}, {"code": "3", "equivalence": "relatedto"}]},
    ]
    return {
        "resourceType": "ConceptMap",
        "url": "http://example.org/map",
        "group": [{"source": FROM, "target": TO, "element": elements, **group}],
    }


def found(wanted: Wanted, **group: object) -> list[tuple[str, str, str]]:
    return [(m.equivalence, m.system, m.code) for m in translated(concept_map(**group), wanted)]


def test_code_is_translated_to_every_target() -> None:
    assert found(Wanted("c", FROM)) == [("equal", TO, "1"), ("relatedto", TO, "3")]


def test_code_of_another_system_or_into_another_one_is_not_translated() -> None:
    assert found(Wanted("a", "http://example.org/other")) == []
    assert found(Wanted("a", FROM, target="http://example.org/other")) == []
    assert found(Wanted("a", None, target=TO)) == [("wider", TO, "1")]


def test_code_without_a_counterpart_is_told_and_counts_for_nothing() -> None:
    (match,) = translated(concept_map(), Wanted("b", FROM))
    assert (match.equivalence, match.code, match.counts) == ("unmatched", "", False)


def test_backwards_an_equivalence_is_seen_from_the_other_side() -> None:
    assert found(Wanted("1", TO, reverse=True)) == [("narrower", FROM, "a"), ("equal", FROM, "c")]


def test_codes_that_are_not_listed_become_what_the_group_says() -> None:
    assert found(Wanted("z", FROM)) == []
    assert found(Wanted("z", FROM), unmapped={"mode": "provided"}) == [("equal", TO, "z")]
    assert found(Wanted("z", FROM), unmapped={"mode": "fixed", "code": "0"}) == [("inexact", TO, "0")]
    assert found(Wanted("z", FROM), unmapped={"mode": "other-map", "url": "http://example.org/next"}) == []


def test_maps_to_ask_are_those_the_groups_name() -> None:
    assert other_maps(concept_map(unmapped={"mode": "other-map", "url": "http://example.org/next"})) == (
        "http://example.org/next",
    )
    assert other_maps(concept_map()) == ()


def test_map_without_address_is_named_by_its_id() -> None:
    resource = {**concept_map(), "id": "7"}
    del resource["url"]
    assert {m.source for m in translated(resource, Wanted("a", FROM))} == {"ConceptMap/7"}
    assert Match("equal", TO, "", "", "").counts is False


MEMBERS = {
    ("s", "a"): Member("s", "a", "Alpha", ({"language": "nb", "value": "Alfa"},)),
    ("t", "b"): Member("t", "b"),
    ("s", "b"): Member("s", "b"),
}
SYSTEM = system_of({"resourceType": "CodeSystem", "url": "s", "content": "fragment", "concept": [{"code": "a"}]})


def test_member_is_found_by_system_and_code_or_by_a_code_that_only_one_system_has() -> None:
    assert in_value_set(MEMBERS, [Asked("a", "s")]).result
    assert in_value_set(MEMBERS, [Asked("a")]).display == "Alpha"
    assert "name the system" in in_value_set(MEMBERS, [Asked("b")]).message
    assert not in_value_set(MEMBERS, [Asked("a", "t")]).result
    assert not in_value_set(MEMBERS, [Asked("z")]).result


def test_one_coding_that_is_a_member_is_enough_and_none_is_too_few() -> None:
    assert in_value_set(MEMBERS, [Asked("z", "s"), Asked("a", "s")]).result
    assert not in_value_set(MEMBERS, []).result
    assert not in_code_system(SYSTEM, []).result


def test_display_has_to_be_one_of_the_code() -> None:
    assert in_value_set(MEMBERS, [Asked("a", "s", "ALFA")]).result
    wrong = in_value_set(MEMBERS, [Asked("a", "s", "Beta")])
    assert (wrong.result, wrong.display) == (False, "Alpha")
    assert in_value_set(MEMBERS, [Asked("b", "s", "anything: nothing is known")]).result


def test_code_of_a_system_is_found_and_others_are_told_apart() -> None:
    assert in_code_system(SYSTEM, [Asked("a")]).result
    assert "another code system" in in_code_system(SYSTEM, [Asked("a", "t")]).message
    assert "only a part" in in_code_system(SYSTEM, [Asked("z", "s")]).message
