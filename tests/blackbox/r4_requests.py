"""Requests and the status that R4's http.html gives them: (name, method, path, headers, body, status or several).

https://hl7.org/fhir/R4/http.html
"""

from typing import Any

JSON = {"content-type": "application/fhir+json"}
PATCH = {"content-type": "application/json-patch+json"}
XML_OR_JSON = "application/fhir+xml, application/fhir+json;q=0.5"
HAPI = "application/fhir+json;q=1.0, application/json+fhir;q=0.9"
MEDPLUM = "application/fhir+json, */*; q=0.1"
FIRELY = 'application/fhir+json; fhirVersion="4.0"; charset=UTF-8'
BROWSER = "text/html,application/xml;q=0.9,*/*;q=0.8"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "http",
    "active": True,
    "name": [{"family": "Prøve", "given": ["Ære"]}],
    "gender": "female",
    "birthDate": "1980-05-05",
    "contact": [{"name": {"text": "Ida"}}],
}
NEW = {k: v for k, v in PATIENT.items() if k != "id"}
NO_ONE = PATIENT | {"id": "no"}
ACTIVATE = [{"op": "add", "path": "/active", "value": True}]
FAILING = [{"op": "test", "path": "/gender", "value": "x"}]
BAD_CODE = [{"op": "add", "path": "/gender", "value": "x"}]
REFUSED, GONE = (400, 422), (404, 410)

REQUESTS = [
    # read, vread: 3.1.0.1-2
    ("read", "GET", "Patient/http", {}, None, 200),
    ("read of nothing", "GET", "Patient/never", {}, None, 404),
    ("read of what was deleted", "GET", "Patient/gone", {}, None, 410),
    ("read of a type that is none", "GET", "Patients/http", {}, None, 404),
    ("read of a type of another version", "GET", "NutritionProduct/x", {}, None, 404),
    ("type in another case", "GET", "patient/http", {}, None, 404),
    ("id with a bad character", "GET", "Patient/a_b", {}, None, 404),
    ("id that is too long", "GET", f"Patient/{'a' * 65}", {}, None, 404),
    ("vread of the first", "GET", "Patient/still/_history/1", {}, None, 200),
    ("vread of a version that is none", "GET", "Patient/still/_history/99", {}, None, 404),
    ("vread of a word", "GET", "Patient/still/_history/x", {}, None, 404),
    ("vread of the deletion", "GET", "Patient/gone/_history/2", {}, None, 410),
    ("vread before the deletion", "GET", "Patient/gone/_history/1", {}, None, 200),
    ("vread of nothing", "GET", "Patient/never/_history/1", {}, None, 404),
    ("head", "HEAD", "Patient/http", {}, None, 200),
    ("head of nothing", "HEAD", "Patient/never", {}, None, 404),
    ("head of a search", "HEAD", "Patient?_id=http", {}, None, 200),
    ("head of a version", "HEAD", "Patient/still/_history/2", {}, None, 200),
    ("head of metadata", "HEAD", "metadata", {}, None, 200),
    # conditional read: 3.1.0.1.4
    ("unchanged", "GET", "Patient/still", {"if-none-match": 'W/"3"'}, None, 304),
    ("unchanged among others", "GET", "Patient/still", {"if-none-match": 'W/"1", W/"3"'}, None, 304),
    ("changed", "GET", "Patient/still", {"if-none-match": 'W/"2"'}, None, 200),
    ("unchanged, strong", "GET", "Patient/still", {"if-none-match": '"3"'}, None, 304),
    ("version unchanged", "GET", "Patient/still/_history/1", {"if-none-match": 'W/"1"'}, None, 304),
    ("deleted, unchanged", "GET", "Patient/gone", {"if-none-match": 'W/"2"'}, None, 410),
    ("head of what was deleted", "HEAD", "Patient/gone", {}, None, 410),
    ("not since", "GET", "Patient/still", {"if-modified-since": "Mon, 01 Jan 2035 00:00:00 GMT"}, None, 304),
    ("since", "GET", "Patient/still", {"if-modified-since": "Tue, 01 Jan 2019 00:00:00 GMT"}, None, 200),
    ("since no date", "GET", "Patient/still", {"if-modified-since": "yesterday"}, None, 200),
    # _format, Accept, Content-Type: 3.1.0.1.11
    ("accept fhir+json", "GET", "Patient/http", {"accept": "application/fhir+json"}, None, 200),
    ("accept json", "GET", "Patient/http", {"accept": "application/json"}, None, 200),
    ("accept anything", "GET", "Patient/http", {"accept": "*/*"}, None, 200),
    ("accept as HAPI asks", "GET", "Patient/http", {"accept": HAPI}, None, 200),
    ("accept as Medplum asks", "GET", "Patient/http", {"accept": MEDPLUM}, None, 200),
    ("accept as Firely asks", "GET", "Patient/http", {"accept": FIRELY}, None, 200),
    ("post as Firely does", "POST", "Patient", {"content-type": FIRELY}, PATIENT, 201),
    ("type of a body in capitals", "POST", "Patient", {"content-type": "Application/FHIR+JSON"}, PATIENT, 201),
    ("accept with version", "GET", "Patient/http", {"accept": "application/fhir+json; fhirVersion=4.0"}, None, 200),
    ("accept another version", "GET", "Patient/http", {"accept": "application/fhir+json; fhirVersion=3.0"}, None, 406),
    ("accept xml", "GET", "Patient/http", {"accept": "application/fhir+xml"}, None, 406),
    ("accept turtle", "GET", "Patient/http", {"accept": "application/fhir+turtle"}, None, 406),
    ("accept xml or json", "GET", "Patient/http", {"accept": XML_OR_JSON}, None, 200),
    ("accept a browser's list", "GET", "Patient/http", {"accept": BROWSER}, None, 200),
    ("_format json", "GET", "Patient/http?_format=json", {}, None, 200),
    ("_format mime", "GET", "Patient/http?_format=application/fhir%2Bjson", {}, None, 200),
    ("_format application/json", "GET", "Patient/http?_format=application/json", {}, None, 200),
    ("_format text/json", "GET", "Patient/http?_format=text/json", {}, None, 200),
    ("_format over accept", "GET", "Patient/http?_format=json", {"accept": "application/fhir+xml"}, None, 200),
    ("_format xml", "GET", "Patient/http?_format=xml", {}, None, 406),
    ("_pretty", "GET", "Patient/http?_pretty=true", {}, None, 200),
    ("_pretty false", "GET", "Patient/http?_pretty=false", {}, None, 200),
    ("_summary true", "GET", "Patient/http?_summary=true", {}, None, 200),
    ("_summary text", "GET", "Patient/http?_summary=text", {}, None, 200),
    ("_summary data", "GET", "Patient/http?_summary=data", {}, None, 200),
    ("_summary of a bad word", "GET", "Patient/http?_summary=little", {}, None, 400),
    ("_elements", "GET", "Patient/http?_elements=gender", {}, None, 200),
    ("post as json", "POST", "Patient", {"content-type": "application/json"}, PATIENT, 201),
    ("post with charset", "POST", "Patient", {"content-type": "application/fhir+json; charset=UTF-8"}, PATIENT, 201),
    ("post with version", "POST", "Patient", {"content-type": "application/fhir+json; fhirVersion=4.0"}, PATIENT, 201),
    ("post as text/json", "POST", "Patient", {"content-type": "text/json"}, PATIENT, 201),
    ("post as xml", "POST", "Patient", {"content-type": "application/fhir+xml"}, PATIENT, 415),
    ("post as text", "POST", "Patient", {"content-type": "text/plain"}, PATIENT, 415),
    ("post without a type", "POST", "Patient", {}, PATIENT, (201, 415)),
    # create: 3.1.0.8
    ("create", "POST", "Patient", JSON, PATIENT, 201),
    ("create of another type", "POST", "Patient", JSON, {"resourceType": "Group"}, 400),
    ("create of nothing", "POST", "Patient", JSON, None, 400),
    ("create of a list", "POST", "Patient", JSON, [PATIENT], 400),
    ("create without resourceType", "POST", "Patient", JSON, {"active": True}, 400),
    ("create of an unknown element", "POST", "Patient", JSON, {"resourceType": "Patient", "x": 1}, 400),
    ("create with a bad code", "POST", "Patient", JSON, PATIENT | {"gender": "robot"}, REFUSED),
    ("create at an id", "POST", "Patient/http", JSON, PATIENT, 405),
    ("create if none: there is one", "POST", "Patient", {**JSON, "if-none-exist": "_id=http"}, PATIENT, 200),
    ("create if none: none", "POST", "Patient", {**JSON, "if-none-exist": "_id=other-one"}, PATIENT, 201),
    ("create if none: several", "POST", "Patient", {**JSON, "if-none-exist": "birthdate=1980-05-05"}, PATIENT, 412),
    ("create if none: with ?", "POST", "Patient", {**JSON, "if-none-exist": "?_id=http"}, PATIENT, 200),
    ("create if none: with its type", "POST", "Patient", {**JSON, "if-none-exist": "Patient?_id=http"}, PATIENT, 200),
    ("create if none: bad criterion", "POST", "Patient", {**JSON, "if-none-exist": "colour=red"}, PATIENT, 400),
    ("create if none: empty", "POST", "Patient", {**JSON, "if-none-exist": ""}, PATIENT, (201, 400)),
    # update: 3.1.0.4
    ("update", "PUT", "Patient/put", JSON, PATIENT | {"id": "put"}, (200, 201)),
    ("update without an id in it", "PUT", "Patient/put", JSON, {"resourceType": "Patient"}, 400),
    ("update with another id", "PUT", "Patient/put", JSON, PATIENT | {"id": "other"}, 400),
    ("update of another type", "PUT", "Patient/put", JSON, {"resourceType": "Group", "id": "put"}, 400),
    ("update with a bad id", "PUT", "Patient/a_b", JSON, PATIENT | {"id": "a_b"}, (400, 404)),
    ("update under a stale version", "PUT", "Patient/http", {**JSON, "if-match": 'W/"1"'}, PATIENT, 412),
    ("update of nothing under a version", "PUT", "Patient/no", {**JSON, "if-match": 'W/"1"'}, NO_ONE, 412),
    ("update under a bad tag", "PUT", "Patient/http", {**JSON, "if-match": "rubbish"}, PATIENT, 400),
    ("update only if there is none", "PUT", "Patient/http", {**JSON, "if-none-match": "*"}, PATIENT, 412),
    ("conditional update under a stale version", "PUT", "Patient?_id=http", {**JSON, "if-match": 'W/"1"'}, NEW, 412),
    ("update of a version", "PUT", "Patient/still/_history/1", JSON, PATIENT, 405),
    # conditional update: 3.1.0.4.3
    ("conditional update of one", "PUT", "Patient?_id=http", JSON, NEW, 200),
    ("conditional update, its id", "PUT", "Patient?_id=http", JSON, PATIENT, 200),
    ("conditional update, wrong id", "PUT", "Patient?_id=http", JSON, PATIENT | {"id": "wrong"}, 400),
    ("conditional update of several", "PUT", "Patient?birthdate=1980-05-05", JSON, PATIENT, 412),
    ("conditional update by nothing", "PUT", "Patient", JSON, PATIENT, (400, 405, 412)),
    ("conditional update, bad criterion", "PUT", "Patient?colour=red", JSON, PATIENT, 400),
    # patch: 3.1.0.6
    ("patch", "PATCH", "Patient/http", PATCH, [{"op": "replace", "path": "/gender", "value": "female"}], 200),
    ("patch of nothing", "PATCH", "Patient/never", PATCH, ACTIVATE, 404),
    ("patch of the deleted", "PATCH", "Patient/gone", PATCH, ACTIVATE, GONE),
    ("patch that does not apply", "PATCH", "Patient/http", PATCH, [{"op": "remove", "path": "/photo"}], REFUSED),
    ("patch whose test fails", "PATCH", "Patient/http", PATCH, FAILING, REFUSED),
    ("patch to something bad", "PATCH", "Patient/http", PATCH, BAD_CODE, REFUSED),
    ("patch of the id", "PATCH", "Patient/http", PATCH, [{"op": "replace", "path": "/id", "value": "x"}], REFUSED),
    ("patch with a bad op", "PATCH", "Patient/http", PATCH, [{"op": "paint", "path": "/gender"}], REFUSED),
    ("patch that is no list", "PATCH", "Patient/http", PATCH, {"op": "add"}, REFUSED),
    ("patch in xml", "PATCH", "Patient/http", {"content-type": "application/xml-patch+xml"}, [], 415),
    ("patch under a stale version", "PATCH", "Patient/http", {**PATCH, "if-match": 'W/"1"'}, ACTIVATE, 412),
    ("conditional patch of several", "PATCH", "Patient?birthdate=1980-05-05", PATCH, ACTIVATE, 412),
    ("conditional patch of none", "PATCH", "Patient?_id=never", PATCH, ACTIVATE, 404),
    # delete: 3.1.0.7
    ("delete of nothing", "DELETE", "Patient/never", {}, None, (200, 204, 404)),
    ("delete twice", "DELETE", "Patient/gone", {}, None, (200, 204)),
    ("delete under a stale version", "DELETE", "Patient/still", {"if-match": 'W/"1"'}, None, 412),
    ("delete of what is referred to", "DELETE", "Patient/http", {}, None, 409),
    ("delete of a version", "DELETE", "Patient/still/_history/1", {}, None, 405),
    ("conditional delete of none", "DELETE", "Patient?_id=never", {}, None, (200, 204, 404)),
    ("conditional delete by nothing", "DELETE", "Patient", {}, None, (400, 405, 412)),
    ("conditional delete, bad criterion", "DELETE", "Patient?colour=red", {}, None, 400),
    # search: 3.1.0.9.4
    ("search by an address that is posted", "POST", "Patient/_search?_id=http", {}, None, 200),
    ("search by nothing that is posted", "POST", "Patient/_search", JSON, None, 200),
    ("search by what is no form", "POST", "Patient/_search", JSON, PATIENT, 415),
    # history: 3.1.0.10
    ("history", "GET", "Patient/still/_history", {}, None, 200),
    ("history of the deleted", "GET", "Patient/gone/_history", {}, None, 200),
    ("history of nothing", "GET", "Patient/never/_history", {}, None, 404),
    ("history of a type", "GET", "Patient/_history", {}, None, 200),
    ("history of all", "GET", "_history", {}, None, 200),
    ("history since", "GET", "Patient/still/_history?_since=2020-01-01T00:00:00Z", {}, None, 200),
    ("history since, + not escaped", "GET", "Patient/still/_history?_since=2020-01-01T00:00:00+01:00", {}, None, 200),
    ("history at", "GET", "Patient/still/_history?_at=2026", {}, None, 200),
    ("history, counted", "GET", "Patient/still/_history?_count=1", {}, None, 200),
    ("history since no time", "GET", "Patient/still/_history?_since=now", {}, None, 400),
    ("history with a bad count", "GET", "Patient/still/_history?_count=-1", {}, None, 400),
    ("history by an unknown parameter", "GET", "Patient/still/_history?colour=red", {}, None, 400),
    ("history changed", "PUT", "Patient/still/_history", JSON, PATIENT, 405),
    # transaction, batch: 3.1.0.11
    ("bundle of another type", "POST", "", JSON, {"resourceType": "Bundle", "type": "collection"}, 400),
    ("no bundle", "POST", "", JSON, PATIENT, 400),
    ("empty transaction", "POST", "", JSON, {"resourceType": "Bundle", "type": "transaction"}, 200),
    ("empty batch", "POST", "", JSON, {"resourceType": "Bundle", "type": "batch"}, 200),
    # capabilities, options: 3.1.0.9
    ("capabilities", "GET", "metadata", {}, None, 200),
    ("capabilities, full", "GET", "metadata?mode=full", {}, None, 200),
    ("options", "OPTIONS", "Patient", {}, None, (200, 204)),
    # the rest
    ("method that is none", "TRACE", "Patient", {}, None, (405, 501)),
    ("put to a type without criterion", "PUT", "Patient", JSON, PATIENT, (400, 405, 412)),
    ("nothing there", "GET", "Patient/http/name", {}, None, 404),
    ("operation that is none", "POST", "Patient/$paint", JSON, {"resourceType": "Parameters"}, 404),
    ("operation on nothing", "GET", "Patient/never/$everything", {}, None, 404),
    ("parameter on a read", "GET", "Patient/http?colour=red", {}, None, (200, 400)),
]  # fmt: skip
