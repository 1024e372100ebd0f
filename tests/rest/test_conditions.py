"""Preconditions and who may be meant: ETag, If-Match, If-None-Match, If-None-Exist (SR-15)."""

import pytest

from profiles.names import IP_GOAL
from tests.rest.bundles import entry, send, statuses
from tests.rest.conftest import FHIR_JSON, Rest, code, issue

ORGANIZATION = {"resourceType": "Organization", "name": "Rehabilitering Vest"}
SYSTEM = "https://example.org/ids"


@pytest.mark.parametrize("tag", ['W/"1"', '"1"', ' W/"1" ', "*", " * "])
def test_update_with_the_current_tag_is_done(rest: Rest, tag: str) -> None:
    assert rest.put(rest.stored(ORGANIZATION), if_match=tag).status_code == 200


def test_update_delete_and_patch_with_a_stale_tag_are_412(rest: Rest) -> None:
    first = rest.stored(ORGANIZATION)
    rest.put(first)
    path = f"Organization/{first['id']}"
    operations = [{"op": "replace", "path": "/name", "value": "x"}]
    answers = (
        rest.put(first, if_match='W/"1"'),
        rest.patch(path, operations, if_match='W/"1"'),
        rest("DELETE", path, headers={"if-match": 'W/"1"'}),
    )
    assert [(a.status_code, code(a)) for a in answers] == [(412, "stale-version")] * 3
    assert rest.get(path).headers["etag"] == 'W/"2"'


def test_any_version_is_asked_for_and_there_is_one_or_none(rest: Rest) -> None:
    """RFC 9110 13.1.1"""
    for kind in ("batch", "transaction"):
        rid = rest.stored(ORGANIZATION)["id"]
        at, gone = f"Organization/{rid}", f"Organization/{rid}x"
        rename = [{"op": "replace", "path": "/name", "value": "x"}]
        assert rest.patch(at, rename, if_match="*").status_code == 200
        assert statuses(send(rest, kind, entry("PUT", at, ORGANIZATION | {"id": rid}, ifMatch="*"))) == [200]
        none = send(rest, kind, entry("PUT", gone, ORGANIZATION | {"id": f"{rid}x"}, ifMatch="*"))
        assert (none.status_code, statuses(none)) == (200, [412]) if kind == "batch" else none.status_code == 412
        assert rest("DELETE", at, headers={"if-match": "*"}).status_code == 204
        answers = (
            rest.put(ORGANIZATION | {"id": rid}, if_match="*"),
            rest.put(ORGANIZATION | {"id": f"{rid}x"}, if_match="*"),
            rest.patch(at, rename, if_match="*"),
            rest("DELETE", at, headers={"if-match": "*"}),
        )
        assert [(a.status_code, code(a)) for a in answers] == [(412, "stale-version")] * 4


@pytest.mark.parametrize(
    "tag", ["1", '*, W/"1"', 'W/"x"', 'W/"1", W/"2"', "", 'w/"1"', 'W/"-1"', 'W/"' + "9" * 40 + '"']
)
def test_a_malformed_tag_is_400_and_changes_nothing(rest: Rest, tag: str) -> None:
    first = rest.stored(ORGANIZATION)
    answers = (
        rest.put(first, if_match=tag),
        rest("DELETE", f"Organization/{first['id']}", headers={"if-match": tag}),
        rest.patch(f"Organization/{first['id']}", [{"op": "remove", "path": "/name"}], if_match=tag),
    )
    assert [(a.status_code, code(a)) for a in answers] == [(400, "bad-if-match")] * 3
    assert rest.get(f"Organization/{first['id']}").headers["etag"] == 'W/"1"'


def test_a_goal_of_a_plan_is_only_changed_with_if_match(rest: Rest) -> None:
    goal = rest.stored(
        {
            "resourceType": "Goal",
            "meta": {"profile": [IP_GOAL]},
            "lifecycleStatus": "active",
            "description": {"text": "Gå til butikken"},
            "subject": {"reference": f"Patient/{rest.stored({'resourceType': 'Patient'})['id']}"},
        }
    )
    for answer in (rest.put(goal), rest.put(goal, if_match="*")):
        assert (answer.status_code, code(answer)) == (428, "version-required")
    assert rest.put(goal, if_match='W/"1"').status_code == 200


def test_a_condition_that_is_not_served_is_refused_on_a_write(rest: Rest) -> None:
    first = rest.stored(ORGANIZATION)
    answer = rest.put(first, if_unmodified_since="Sun, 22 Nov 2026 10:00:00 GMT")
    assert (answer.status_code, code(answer)) == (400, "bad-request")


def test_twenty_writers_with_one_tag_give_one_success(rest: Rest) -> None:
    first = rest.stored(ORGANIZATION)
    more = {"json": first, "headers": FHIR_JSON | {"if-match": 'W/"1"'}}
    answers = rest.together([("PUT", f"Organization/{first['id']}", more)] * 20)
    assert sorted(a.status_code for a in answers) == [200] + [412] * 19


@pytest.mark.parametrize("tags", ['W/"1"', '"1"', '"7", W/"1"', "*"])
def test_read_of_what_the_client_has_is_304(rest: Rest, tags: str) -> None:
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    answer = rest.get(path, if_none_match=tags)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", 'W/"1"')
    whole = rest.get(path)
    assert all(answer.headers[name] == whole.headers[name] for name in ("cache-control", "vary", "last-modified"))


@pytest.mark.parametrize("tags", ['W/"2"', "nonsense", 'W/"11"'])
def test_read_of_another_version_than_the_client_has_is_200(rest: Rest, tags: str) -> None:
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    assert rest.get(path, if_none_match=tags).status_code == 200


def test_conditional_create_makes_one_of_many_and_returns_it_to_all(rest: Rest) -> None:
    body = {**ORGANIZATION, "identifier": [{"system": SYSTEM, "value": "once"}]}
    more = {"json": body, "headers": FHIR_JSON | {"if-none-exist": f"identifier={SYSTEM}|once"}}
    answers = rest.together([("POST", "Organization", more)] * 10)
    assert sorted(a.status_code for a in answers) == [200] * 9 + [201]
    assert len({a.headers["location"] for a in answers}) == 1


def test_conditional_create_with_several_matches_is_412(rest: Rest) -> None:
    body = {**ORGANIZATION, "identifier": [{"system": SYSTEM, "value": "twice"}]}
    rest.stored(body)
    rest.stored(body)
    answer = rest.post(body, if_none_exist=f"?identifier={SYSTEM}|twice")
    assert (answer.status_code, code(answer)) == (412, "multiple-matches")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", "bad-parameter-value"),
        ("_count=1", "bad-parameter-value"),
        ("identifier=x&_sort=name", "bad-parameter-value"),
        ("identifiers=x", "unknown-parameter"),
        ("identifier", "bad-parameter-value"),
        ("identifier=%ff", "bad-request"),
    ],
)
def test_conditional_create_without_an_effective_condition_is_400(rest: Rest, condition: str, expected: str) -> None:
    answer = rest.post(ORGANIZATION, if_none_exist=condition, prefer="handling=lenient")
    assert (answer.status_code, code(answer)) == (400, expected)


@pytest.mark.parametrize(
    "headers",
    [
        {"x_knutepunkt_role": "king"},
        {"x_knutepunkt_role": "service-itself"},
        {"x_knutepunkt_organization": "Bergen"},
        {"x_knutepunkt_organization": "Organization/a b"},
        {"x_knutepunkt_organization": "889640782"},
    ],
)
def test_a_caller_that_cannot_be_is_400(rest: Rest, headers: dict[str, str]) -> None:
    answer = rest.post(ORGANIZATION, **headers)
    assert (answer.status_code, code(answer)) == (400, "bad-request")
    assert issue(answer)["expression"][0].startswith("X-Knutepunkt-")


def test_a_caller_with_role_and_organisation_is_served(rest: Rest) -> None:
    named = {"x_knutepunkt_role": "ke", "x_knutepunkt_organization": "Organization/ke-5001"}
    assert rest.post(ORGANIZATION, **named).status_code == 201


def test_a_caller_may_name_its_organisation_by_number(rest: Rest) -> None:
    number = {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "310000019"}
    own = rest.stored({"resourceType": "Organization", "name": "Vår enhet", "identifier": [number]})
    patient = {"resourceType": "Patient", "name": [{"family": "Prøvesen"}]}
    by_number, by_id = (
        {"x_knutepunkt_organization": "310000019"},
        {"x_knutepunkt_organization": f"Organization/{own['id']}"},
    )
    made = rest.post(patient, **by_number).json()
    assert [rest.get(f"Patient/{made['id']}", **who).status_code for who in (by_number, by_id)] == [200, 200]
    assert rest.get(f"Patient/{made['id']}", x_knutepunkt_organization="Organization/ke-5001").status_code == 404
