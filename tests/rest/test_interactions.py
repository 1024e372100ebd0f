"""Every interaction as a client sees it.  https://hl7.org/fhir/R4/http.html"""

from decimal import Decimal
from email.utils import parsedate_to_datetime

import msgspec
import pytest

from profiles.validate import check
from tests.rest.conftest import BASE, Rest, code, issue

ORGANIZATION = {"resourceType": "Organization", "name": "Rehabilitering Vest"}


def test_create_answers_201_with_location_tag_and_what_was_stored(rest: Rest) -> None:
    answer = rest.post({**ORGANIZATION, "id": "chosen-by-client"})
    stored = answer.json()
    assert answer.status_code == 201
    assert stored["id"] != "chosen-by-client"
    assert stored["meta"]["versionId"] == "1"
    assert answer.headers["location"] == f"{BASE}/Organization/{stored['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_read_answers_the_stored_bytes_with_tag_and_date(rest: Rest) -> None:
    created = rest.post(ORGANIZATION)
    answer = rest.get(f"Organization/{created.json()['id']}")
    assert (answer.status_code, answer.content) == (200, created.content)
    assert answer.headers["etag"] == 'W/"1"'
    updated = created.json()["meta"]["lastUpdated"][:19]
    assert parsedate_to_datetime(answer.headers["last-modified"]).strftime("%Y-%m-%dT%H:%M:%S") == updated


def test_decimals_keep_their_digits_from_create_to_read(rest: Rest) -> None:
    body = b'{"resourceType":"Location","status":"active","position":{"longitude":10.3950,"latitude":63.430}}'
    created = rest("POST", "Location", content=body, headers={"content-type": "application/json"})
    assert created.status_code == 201, created.text
    position = msgspec.json.Decoder(float_hook=Decimal).decode(created.content)["position"]
    assert [str(position[k]) for k in ("longitude", "latitude")] == ["10.3950", "63.430"]


def test_head_answers_as_get_without_the_body(rest: Rest) -> None:
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    got, head = rest.get(path), rest("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(got.content)
    assert head.headers["etag"] == got.headers["etag"]


def test_read_of_an_unknown_id_is_404(rest: Rest) -> None:
    answer = rest.get("Organization/never-there")
    assert (answer.status_code, code(answer)) == (404, "not-found")


def test_update_makes_the_next_version_and_keeps_the_earlier_one(rest: Rest) -> None:
    first = rest.stored(ORGANIZATION)
    answer = rest.put({**first, "name": "Nytt navn"})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    path = f"Organization/{first['id']}"
    assert rest.get(path).json()["name"] == "Nytt navn"
    assert rest.get(f"{path}/_history/1").json() == first
    assert rest.get(f"{path}/_history/2").json()["name"] == "Nytt navn"


@pytest.mark.parametrize("version", ["3", "0", "x", "1.0", "01", "99999999999999999999", "-1", "%00"])
def test_vread_of_what_is_no_version_is_404(rest: Rest, version: str) -> None:
    first = rest.stored(ORGANIZATION)
    answer = rest.get(f"Organization/{first['id']}/_history/{version}")
    assert (answer.status_code, code(answer)) == (404, "not-found")


def test_update_under_a_new_id_creates(rest: Rest) -> None:
    answer = rest.put({**ORGANIZATION, "id": "helse-vest"})
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"1"')
    assert rest.get("Organization/helse-vest").status_code == 200


@pytest.mark.parametrize("body_id", ["another", None])
def test_update_whose_body_has_another_id_is_400(rest: Rest, body_id: str | None) -> None:
    body = {**ORGANIZATION, **({"id": body_id} if body_id else {})}
    answer = rest("PUT", "Organization/one", json=body, headers={"content-type": "application/fhir+json"})
    assert (answer.status_code, code(answer)) == (400, "id-mismatch")
    assert issue(answer)["expression"] == ["Organization.id"]


def test_patch_applies_its_operations(rest: Rest) -> None:
    first = rest.stored(ORGANIZATION)
    answer = rest.patch(f"Organization/{first['id']}", [{"op": "replace", "path": "/name", "value": "Endret"}])
    assert (answer.status_code, answer.json()["name"]) == (200, "Endret")
    assert answer.headers["etag"] == 'W/"2"'


def test_patch_that_does_not_apply_is_422_and_changes_nothing(rest: Rest) -> None:
    first = rest.stored(ORGANIZATION)
    answer = rest.patch(f"Organization/{first['id']}", [{"op": "remove", "path": "/telecom/0"}])
    assert (answer.status_code, code(answer)) == (422, "bad-patch")
    assert rest.get(f"Organization/{first['id']}").headers["etag"] == 'W/"1"'


def test_patch_to_an_invalid_resource_is_refused(rest: Rest) -> None:
    first = rest.stored(ORGANIZATION)
    answer = rest.patch(f"Organization/{first['id']}", [{"op": "add", "path": "/colour", "value": "red"}])
    assert (answer.status_code, code(answer)) == (400, "structure")


def test_patch_of_what_is_not_there_is_404(rest: Rest) -> None:
    answer = rest.patch("Organization/never-there", [{"op": "remove", "path": "/name"}])
    assert (answer.status_code, code(answer)) == (404, "not-found")


def test_patch_of_what_is_deleted_is_410(rest: Rest) -> None:
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    rest("DELETE", path)
    answer = rest.patch(path, [{"op": "remove", "path": "/name"}])
    assert (answer.status_code, code(answer)) == (410, "deleted")


def test_patch_in_another_form_is_told_which_one_is_read(rest: Rest) -> None:
    """RFC 5789 2.2"""
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    answer = rest("PATCH", path, content=b"{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert {"application/json-patch+json", "application/merge-patch+json"} <= set(
        answer.headers["accept-patch"].split(", ")
    )


@pytest.mark.parametrize(
    "body",
    [
        b'[{"op": "replace", "path": "/name", "value": "Ny"}]',
        b'{"name": "Ny"}',
        b'{"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [{"name": "type", "valueCode": '
        b'"replace"}, {"name": "path", "valueString": "Organization.name"}, {"name": "value", "valueString": "Ny"}]}]}',
    ],
    ids=["list", "part of a resource", "Parameters"],
)
def test_patch_in_plain_json_is_told_by_its_shape(rest: Rest, body: bytes) -> None:
    """What fhirpy sends (docs/guides/use-it-with-your-client.md)."""
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    answer = rest("PATCH", path, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json().get("name")) == (200, "Ny")


@pytest.mark.parametrize("query", ["mode=full", "mode=normative", "_summary=false"])
def test_the_capability_statement_is_given_whole(rest: Rest, query: str) -> None:
    assert rest.get(f"metadata?{query}").json() == rest.get("metadata").json()


def test_a_part_of_the_capability_statement_is_given_as_of_any_resource(rest: Rest) -> None:
    assert "rest" not in rest.get("metadata?_elements=url&_format=json").json()
    assert set(rest.get("metadata?_summary=true").json()) >= {"url", "fhirVersion", "rest"}


def test_the_terminology_that_is_known_is_told(rest: Rest) -> None:
    """https://hl7.org/fhir/R4/terminologycapabilities.html"""
    told = rest.get("metadata?mode=terminology").json()
    assert check(told, "TerminologyCapabilities") == ()
    assert {"uri": "http://hl7.org/fhir/administrative-gender"} in told["codeSystem"]


@pytest.mark.parametrize("query", ["mode=", "mode=half", "mode=full&mode=normative"])
def test_another_mode_of_the_statement_is_400(rest: Rest, query: str) -> None:
    answer = rest.get(f"metadata?{query}")
    assert (answer.status_code, code(answer)) == (400, "bad-parameter-value")


def test_delete_is_logical_and_may_be_repeated(rest: Rest) -> None:
    first = rest.stored(ORGANIZATION)
    path = f"Organization/{first['id']}"
    assert [rest("DELETE", path).status_code for _ in range(2)] == [204, 204]
    gone = rest.get(path)
    assert (gone.status_code, code(gone)) == (410, "deleted")
    assert rest.get(f"{path}/_history/1").json() == first
    assert rest.get(f"{path}/_history/2").status_code == 410
    assert rest.put(first).headers["etag"] == 'W/"3"'


def test_delete_of_what_was_never_there_is_204(rest: Rest) -> None:
    answer = rest("DELETE", "Organization/never-there")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("preference", "kind"),
    [
        ("return=minimal", None),
        ("return=representation", "Organization"),
        ("return=OperationOutcome", "OperationOutcome"),
    ],
)
def test_prefer_return_chooses_the_body_of_a_write(rest: Rest, preference: str, kind: str | None) -> None:
    answer = rest.post(ORGANIZATION, prefer=f"handling=strict; {preference}")
    assert answer.status_code == 201
    assert answer.headers["location"]
    assert (answer.json()["resourceType"] if answer.content else None) == kind


def test_pretty_is_the_same_json_for_people(rest: Rest) -> None:
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    plain, pretty = rest.get(path), rest.get(f"{path}?_pretty=true&_format=json")
    assert b'\n  "name"' in pretty.content
    assert pretty.json() == plain.json()
    assert int(pretty.headers["content-length"]) == len(pretty.content)


def test_binary_comes_in_its_own_form_unless_json_is_asked_for(rest: Rest) -> None:
    body = {"resourceType": "Binary", "contentType": "x-application/hl7-v2+er7", "data": "TVNIfF5+XCY="}
    path = f"Binary/{rest.stored(body)['id']}"
    assert rest.get(path, accept="application/json").json()["data"] == body["data"]
    assert rest.get(path, accept="application/fhir+json, */*").json()["data"] == body["data"]
    assert rest.get(f"{path}?_format=json", accept="*/*").json()["data"] == body["data"]
    for accept in ("x-application/hl7-v2+er7", "*/*", ""):
        raw = rest.get(path, accept=accept)
        assert (raw.content, raw.headers["content-type"]) == (b"MSH|^~\\&", "x-application/hl7-v2+er7")
        assert raw.headers["content-disposition"] == "attachment"
        assert raw.headers["etag"] == 'W/"1"'


@pytest.mark.parametrize("content", [b"%PDF-1.7 \x00\xff\r\n", b"", b"{"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_binary_is_taken_as_it_is_and_given_back_so(rest: Rest, method: str, content: bytes) -> None:
    """https://hl7.org/fhir/R4/binary.html#rest"""
    path = "Binary" if method == "POST" else "Binary/own-form"
    answer = rest(method, path, content=content, headers={"content-type": "text/plain; charset=iso-8859-1"})
    assert answer.status_code in (200, 201), answer.text
    back = rest.get(f"Binary/{answer.json()['id']}")
    assert (back.content, back.headers["content-type"]) == (content, "text/plain; charset=iso-8859-1")


@pytest.mark.parametrize("kind", ["application/fhir+xml", "nonsense", "text/plain\xc3; x", "text/html\tx"])
def test_binary_of_no_media_type_or_as_xml_resource_is_415(rest: Rest, kind: str) -> None:
    answer = rest("POST", "Binary", content=b"x", headers={"content-type": kind.encode("latin-1")})
    assert (answer.status_code, code(answer)) == (415, "unsupported-media-type")


def test_binary_larger_than_a_body_may_be_is_413(rest: Rest) -> None:
    answer = rest("POST", "Binary", content=b"x" * 300_000, headers={"content-type": "text/plain"})
    assert (answer.status_code, code(answer)) == (413, "too-large")


def test_another_type_has_no_form_but_json(rest: Rest) -> None:
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    answer = rest.get(path, accept="text/html")
    assert (answer.status_code, code(answer)) == (406, "not-acceptable")


def test_audit_events_are_made_and_read_but_not_changed(rest: Rest) -> None:
    event = {
        "resourceType": "AuditEvent",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "recorded": "2026-11-22T10:00:00Z",
        "agent": [{"requestor": True}],
        "source": {"observer": {"display": "A tool"}},
    }
    stored = rest.stored(event)
    for answer in (rest.put(stored), rest("DELETE", f"AuditEvent/{stored['id']}")):
        assert (answer.status_code, code(answer)) == (405, "method-not-allowed")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_the_request_id_of_the_client_comes_back_and_others_get_one(rest: Rest) -> None:
    assert rest.get("metadata", x_request_id="abc-1").headers["x-request-id"] == "abc-1"
    assert "15918512397" not in rest.get("metadata", x_request_id="r-15918512397").headers["x-request-id"]  # SR-35
    made = {rest.get("metadata", **more).headers["x-request-id"] for more in ({}, {"x_request_id": "a b"})}
    assert len(made) == 2
    assert "a b" not in made


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Sat, 01 Jan 2000 00:00:00 GMT", 200),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 304),
        ("Friday, 01-Jan-00 00:00:00 GMT", 200),
        ("never", 200),
        ("", 200),
        ("Fri, 99 Jan 2100 00:00:00 GMT", 200),
        ("Fri, 01 Jan 0001 00:00:00 +2359", 200),
    ],
)
def test_what_has_not_changed_since_is_304(rest: Rest, since: str, status: int) -> None:
    """RFC 9110 13.1.3: a time that is none says nothing."""
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    answer = rest.get(path, if_modified_since=since)
    assert (answer.status_code, answer.headers["etag"]) == (status, 'W/"1"')


def test_the_time_of_the_last_change_is_one_that_has_not_changed_since(rest: Rest) -> None:
    path = f"Organization/{rest.stored(ORGANIZATION)['id']}"
    at = rest.get(path).headers["last-modified"]
    assert rest.get(path, if_modified_since=at).status_code == 304
    assert rest.get(f"{path}/_history/1", if_modified_since=at).status_code == 304
    assert rest.get(path, if_modified_since=at, if_none_match='W/"7"').status_code == 200


def test_head_answers_as_get_does_without_the_body(rest: Rest) -> None:
    stored = rest.stored(ORGANIZATION)
    path = f"Organization/{stored['id']}"
    for address in (
        path,
        f"{path}/_history/1",
        f"{path}/_history",
        "Organization",
        "Organization/_history",
        "metadata",
    ):
        got, told = rest.get(address), rest("HEAD", address)
        assert (told.status_code, told.content) == (200, b""), address
        assert told.headers["content-length"] == str(len(got.content)), address
    assert rest("HEAD", "Organization/never").status_code == 404


@pytest.mark.parametrize("address", ["Organization/{id}/", "Organization/{id}/_history/1/", "Organization/?_id={id}"])
def test_a_slash_at_the_end_changes_nothing(rest: Rest, address: str) -> None:
    answer = rest.get(address.format(id=rest.stored(ORGANIZATION)["id"]))
    assert answer.status_code == 200


def test_a_name_may_be_escaped(rest: Rest) -> None:
    rid = rest.stored(ORGANIZATION)["id"]
    assert rest.get(f"Organi%7Aation/{rid.replace('-', '%2D')}").status_code == 200
    assert rest.get(f"Organization%2F{rid}").status_code == 404
