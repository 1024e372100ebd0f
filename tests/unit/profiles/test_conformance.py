"""What we define in FHIR: valid, usable without reservation, with examples and counter-examples (workflow.md 5, 13)."""

from collections import Counter

import pytest

from fhir_service.resources import declared_types, resource_type
from fhir_service.rest.describing import describing
from fhir_service.search.definition import own_parameters
from profiles import names
from profiles.conformance import VERSION, definition, definitions, profile, profiles_of
from profiles.definitions import resource_types
from profiles.snapshots import Profile
from profiles.snapshots.known import base_type
from profiles.validate import check
from tests.conformance import Case, counter_examples, examples

PROFILES = sorted(u for u, r in definitions().items() if r.get("type") in resource_types())
EXTENSIONS = sorted(u for u, r in definitions().items() if r.get("type") == "Extension")
VALUE_TYPES = {
    "ip-changed-path": "string",
    "ip-managing-municipality": "Reference",
    "ip-next-review": "date",
    "ip-status-reason": "CodeableConcept",
    "ip-sector": "Coding",
    "ip-consent-statement": "code",
    "ip-involved-sector": "Coding",
    "ip-plan-exists": "code",
    "ip-coordinator-appointed": "code",
    "ip-callback": "ContactPoint",
    "ip-part-of": "Reference",
    "ip-discharge-ready": "dateTime",
    "ip-plan": "Reference",
}
"""workflow.md 13"""


def judges(url: str) -> list[Profile]:
    found = [profile(one) for one in (url, *EXTENSIONS)]
    assert None not in found
    return [one for one in found if one is not None]


def test_there_are_the_profiles_and_extensions_of_the_workflow() -> None:
    slugs = {url.rpartition("/")[2] for url in PROFILES}
    assert slugs == {
        *("ip-careplan", "ip-careplan-active", "coordination-careteam", "need-notification", "ke-case-task"),
        *("ke-child-task", "ip-consent", "ip-goal", "ip-feedback", "ip-meeting"),
    }
    assert {url.rpartition("/")[2] for url in EXTENSIONS} == {*VALUE_TYPES, "ip-contribution"}


@pytest.mark.parametrize(("slug", "kind"), VALUE_TYPES.items())
def test_extension_has_the_value_type_that_clients_write(slug: str, kind: str) -> None:
    found = definitions()[f"{names.EXTENSION}/{slug}"]["snapshot"]["element"]
    value = next(row for row in found if row["id"] == "Extension.value[x]")
    assert ([t["code"] for t in value["type"]], value["min"]) == ([kind], 1)


@pytest.mark.parametrize("resource", describing(resource_types(), "1"), ids=lambda r: f"{r['resourceType']}-{r['id']}")
def test_definition_is_valid_and_has_its_name_as_id(resource: dict[str, str]) -> None:
    assert [i for i in check(resource) if i.refuses] == []
    if resource["resourceType"] != "NamingSystem":
        assert resource["url"] == f"{names.BASE}/{resource['resourceType']}/{resource['id']}"


def test_definitions_are_each_there_once() -> None:
    told = Counter((r["resourceType"], r["id"]) for r in describing(resource_types(), "1"))
    assert set(told.values()) == {1}
    assert describing({"Patient"}, "1") == []


@pytest.mark.parametrize("url", [*PROFILES, *EXTENSIONS])
def test_profile_is_judged_without_reservation(url: str) -> None:
    made = profile(url)
    assert made is not None
    assert (made.url, made.version, made.notes) == (url, VERSION, ())


@pytest.mark.parametrize("case", list(examples()), ids=lambda c: c.name)
def test_example_keeps_to_its_profile(case: Case) -> None:
    assert check(case.resource, None, judges(case.profile)) == ()
    assert case.profile in case.resource["meta"]["profile"]


@pytest.mark.parametrize("case", list(counter_examples()), ids=lambda c: c.name)
def test_counter_example_is_refused_at_its_place(case: Case) -> None:
    assert [[i.code, i.at] for i in check(case.resource, None, judges(case.profile)) if i.refuses] == case.issues
    assert case.issues


@pytest.mark.parametrize("url", PROFILES)
def test_profile_has_examples_and_counter_examples(url: str) -> None:
    assert sum(case.profile == url for case in examples()) >= 2
    assert sum(case.profile == url for case in counter_examples()) >= 5


def test_definition_is_found_by_address_and_version() -> None:
    url = names.IP_CARE_PLAN
    assert definition(url) is definition(f"{url}|{VERSION}") is definitions()[url]
    assert definition(f"{url}|9") is None
    assert definition(names.SECTOR) is not None
    assert definition(f"{names.BASE}/ValueSet/sector") is not None
    assert definition("http://example.org/StructureDefinition/x") is None
    assert profile(f"{names.BASE}/ValueSet/need-intent") is None
    assert profiles_of("Task") == (names.KE_CASE_TASK, names.KE_CHILD_TASK)


def test_search_parameters_are_those_that_are_declared() -> None:
    declared = {(rtype, own.code) for rtype in declared_types() for own in resource_type(rtype).parameters}
    assert {(p["base"][0], p["code"]) for p in own_parameters()} == declared


def test_norwegian_base_profile_names_its_type() -> None:
    assert base_type(f"{names.NO_BASIS}/no-basis-PractitionerRole|2.0") == "PractitionerRole"
    assert base_type(f"{names.NO_BASIS}/no-basis-middlename") is None
