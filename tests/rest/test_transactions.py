"""Transactions: all or nothing.  https://hl7.org/fhir/R4/http.html#transaction (SR-13, SR-15)"""

import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.bundles import entry, expressions, known, observation, place, send, statuses
from tests.rest.conftest import BASE, FHIR_JSON, NATIONAL, Rest, code
from tests.unit.rules import world

PATIENT = {"resourceType": "Patient"}
URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
OID = "urn:oid:1.2.3.4"


def test_an_empty_transaction_is_done(rest: Rest) -> None:
    answer = send(rest, "transaction")
    assert answer.json() == {"resourceType": "Bundle", "type": "transaction-response"}


def test_entries_are_done_in_the_order_of_r4_and_answered_in_their_own(rest: Rest) -> None:
    value = str(uuid4())
    rest.put(known(value) | {"id": value})
    answer = send(
        rest,
        "transaction",
        entry("GET", f"Patient?identifier=urn:x|{value}"),
        entry(
            "PATCH",
            f"Patient/{value}p",
            {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": ""},
        ),
    )
    assert answer.status_code == 400
    rest.put(PATIENT | {"id": f"{value}p"})
    operations = base64.b64encode(json.dumps([{"op": "add", "path": "/active", "value": True}]).encode()).decode()
    answer = send(
        rest,
        "transaction",
        entry("GET", f"Patient?identifier=urn:x|{value}"),
        entry("HEAD", f"Patient/{value}p"),
        entry("GET", f"Patient/{value}p/_history"),
        entry("GET", f"Patient/{value}p/_history/2"),
        entry(
            "PATCH",
            f"Patient/{value}p",
            {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": operations},
        ),
        entry("POST", "Patient", known(value)),
        entry("DELETE", f"Patient/{value}"),
    )
    assert statuses(answer) == [200, 200, 200, 200, 200, 201, 204], answer.text
    told = answer.json()["entry"]
    assert [e["resource"]["id"] for e in told[0]["resource"]["entry"]] == [place(answer, 5).partition("/")[2]]
    assert told[1]["resource"]["active"] is True
    assert told[2]["resource"]["total"] == 2
    assert told[3]["resource"]["meta"]["versionId"] == "2"
    assert told[4]["response"]["etag"] == 'W/"2"'
    assert "lastModified" in told[6]["response"]


def test_a_fhirpath_patch_is_an_entry_too(rest: Rest) -> None:
    stored = rest.stored(PATIENT)
    part = [{"name": "type", "valueCode": "add"}, {"name": "path", "valueString": "Patient"}]
    part += [{"name": "name", "valueString": "active"}, {"name": "value", "valueBoolean": True}]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}
    answer = send(rest, "transaction", entry("PATCH", f"Patient/{stored['id']}", patch), prefer="return=representation")
    assert answer.json()["entry"][0]["resource"]["active"] is True


def test_a_failing_entry_undoes_everything_and_is_named(rest: Rest) -> None:
    rid = str(uuid4())
    good = entry("PUT", f"Patient/{rid}", PATIENT | {"id": rid})
    for bad, expected, at in (
        (entry("POST", "Patient", PATIENT | {"gender": "robot"}), 400, "Bundle.entry[1].resource.gender"),
        (entry("PUT", "Patient/x", PATIENT | {"id": "y"}), 400, "Bundle.entry[1].resource.id"),
        (entry("POST", "Observation", observation("Patient/none")), 422, "Bundle.entry[1].resource.subject"),
        (entry("PUT", "Patient/x", PATIENT | {"id": "x"}, ifMatch='W/"7"'), 412, "Bundle.entry[1]"),
        (entry("PUT", "Patient/x", PATIENT | {"id": "x"}, ifMatch="7"), 400, "Bundle.entry[1]"),
        (entry("GET", "Patient/none"), 404, "Bundle.entry[1]"),
        (entry("GET", "Patient?colour=red"), 400, "Bundle.entry[1]"),
        (
            entry("POST", "CarePlan", world.plan() | {"subject": {"reference": "Patient/none"}}),
            422,
            "Bundle.entry[1].resource",
        ),
        (entry("PATCH", "Patient/none", {"resourceType": "Parameters"}), 404, "Bundle.entry[1]"),
        (entry("DELETE", "Patient?name="), 400, "Bundle.entry[1]"),
    ):
        answer = send(rest, "transaction", good, bad)
        assert answer.status_code == expected, answer.text
        assert all(e.startswith(at) for e in expressions(answer)), answer.text
        assert rest.get(f"Patient/{rid}").status_code == 404


def test_everything_that_is_wrong_is_told(rest: Rest) -> None:
    stale = PATIENT | {"id": "none"}
    answer = send(
        rest,
        "transaction",
        entry("PUT", "Patient/none", stale, ifMatch='W/"7"'),
        entry("POST", "Patient", PATIENT),
        entry("PATCH", "Patient/nobody", {"resourceType": "Parameters"}),
    )
    assert sorted(expressions(answer)) == ["Bundle.entry[0]", "Bundle.entry[2]"]


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("POST", "Patient/1", "not-in-transaction"),
        ("PUT", "Patient/1/2", "not-in-transaction"),
        ("POST", "Patient/$validate", "not-in-transaction"),
        ("POST", "$validate", "not-in-transaction"),
        ("POST", "?x=1", "not-in-transaction"),
        ("GET", "Patient/1/$everything", "not-in-transaction"),
        ("POST", "Colour", "not-found"),
        ("PUT", "AuditEvent/1", "method-not-allowed"),
        ("POST", "http://elsewhere.test/fhir/Patient", "value"),
        ("POST", "http://[", "value"),
        ("POST", "Patient#x", "value"),
        ("PUT", "Patient?" + "a=1&" * 300, "bad-request"),
        ("POST", "Observation", "structure"),
        ("PATCH", "Patient/1", "structure"),
    ],
)
def test_what_is_no_entry_of_a_transaction_is_refused(rest: Rest, method: str, url: str, expected: str) -> None:
    answer = send(rest, "transaction", entry(method, url, PATIENT))
    assert 400 <= answer.status_code < 500
    assert code(answer) == expected


def test_an_entry_without_its_resource_is_refused(rest: Rest) -> None:
    for method, url in (("POST", "Patient"), ("PUT", "Patient/1"), ("PATCH", "Patient/1")):
        answer = send(rest, "transaction", entry(method, url))
        assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    "content", [{"contentType": "application/json-patch+json"}, {"contentType": "text/plain", "data": "eA=="}]
)
def test_a_patch_that_is_none_is_refused(rest: Rest, content: Resource) -> None:
    answer = send(rest, "transaction", entry("PATCH", "Patient/1", {"resourceType": "Binary", **content}))
    assert (answer.status_code, code(answer)) == (400, "structure")


def test_an_absolute_address_of_this_server_is_one_of_ours(rest: Rest) -> None:
    rid = str(uuid4())
    answer = send(
        rest, "transaction", entry("PUT", f"{BASE}/Patient/{rid}", PATIENT | {"id": rid}, f"{BASE}/Patient/{rid}")
    )
    assert statuses(answer) == [201]
    assert statuses(send(rest, "transaction", entry("DELETE", f"/Patient/{rid}"))) == [204]


def test_a_resource_is_there_once_only(rest: Rest) -> None:
    """What HAPI gets wrong: PUT and DELETE of one resource in a transaction."""
    value = str(uuid4())
    there = known(value) | {"id": value}
    rest.put(there)
    by_id, by_criteria = f"Patient/{value}", f"Patient?identifier=urn:x|{value}"
    nobody = "Patient?identifier=urn:x|nobody"
    for first, second in (
        (entry("PUT", by_id, there), entry("DELETE", by_id)),
        (entry("PUT", by_id, there), entry("PUT", by_id, there)),
        (entry("PUT", by_id, there), entry("PATCH", by_id, {"resourceType": "Parameters"})),
        (entry("PUT", by_id, there), entry("PUT", by_criteria, there)),
        (entry("DELETE", by_criteria), entry("PUT", by_id, there)),
        (entry("DELETE", "Patient/never"), entry("PUT", "Patient/never", PATIENT | {"id": "never"})),
        (entry("PUT", nobody, PATIENT), entry("PUT", nobody, PATIENT)),
        (entry("POST", "Patient", PATIENT, ifNoneExist=nobody), entry("POST", "Patient", PATIENT, ifNoneExist=nobody)),
    ):
        answer = send(rest, "transaction", first, second)
        assert (answer.status_code, code(answer)) == (400, "entry-twice"), answer.text
        assert expressions(answer) == ["Bundle.entry[1]"]
    assert rest.get(by_id).headers["etag"] == 'W/"1"'


def test_criteria_that_match_what_another_entry_makes_would_make_two_of_one(rest: Rest) -> None:
    value = str(uuid4())
    new = known(value) | {"active": True}
    by_value, by_both = f"identifier={value}", f"identifier=urn:x|{value}&active=true"
    other_way = f"active=true&identifier=urn:x|{value}"
    name = f"family={value}&active=true"
    for first, second in (
        (entry("POST", "Patient", new), entry("PUT", f"Patient?{by_value}", new)),
        (entry("POST", "Patient", new), entry("POST", "Patient", new, ifNoneExist=by_both)),
        (
            entry("PUT", "Patient/new-here", new | {"id": "new-here"}),
            entry("POST", "Patient", new, ifNoneExist=by_both),
        ),
        (entry("POST", "Patient", new, ifNoneExist=by_value), entry("POST", "Patient", new, ifNoneExist=by_both)),
        (entry("POST", "Patient", new, ifNoneExist=other_way), entry("POST", "Patient", new, ifNoneExist=by_both)),
        (
            entry("POST", "Patient", PATIENT, ifNoneExist=name),
            entry("POST", "Patient", PATIENT, ifNoneExist=f"active=true&family={value}"),
        ),
    ):
        answer = send(rest, "transaction", first, second)
        assert (answer.status_code, code(answer)) == (400, "entry-twice"), answer.text
        assert expressions(answer)[-1] == "Bundle.entry[1]"
    assert rest.get(f"Patient?{by_value}&_summary=count").json()["total"] == 0
    elsewhere = {"resourceType": "Patient", "identifier": [{"system": "urn:y", "value": value}]}
    inactive = known(value) | {"active": False}
    single = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "x"},
        "date": "2026",
        "author": [{"display": "x"}],
        "title": "x",
        "identifier": {"system": "urn:x", "value": value},
    }
    answer = send(
        rest,
        "transaction",
        entry("POST", "Patient", elsewhere),
        entry("POST", "Patient", inactive),
        entry("POST", "Composition", single),
        entry("POST", "Patient", new, ifNoneExist=by_both),
    )
    assert statuses(answer) == [201] * 4


def test_conditional_create_in_a_transaction(rest: Rest) -> None:
    value = str(uuid4())
    condition = f"identifier=urn:x|{value}"
    entries = (
        entry("POST", "Patient", known(value), URN, ifNoneExist=condition),
        entry("POST", "Observation", observation(URN)),
    )
    made, again = send(rest, "transaction", *entries), send(rest, "transaction", *entries)
    assert [statuses(a) for a in (made, again)] == [[201, 201], [200, 201]]
    assert place(made, 0) == place(again, 0) == rest.get(place(again, 1)).json()["subject"]["reference"]
    alone = send(rest, "transaction", entries[0])
    assert statuses(alone) == [200]


def test_if_none_match_and_if_modified_since_of_an_entry(rest: Rest) -> None:
    rid = rest.stored(PATIENT)["id"]
    same = send(rest, "transaction", entry("GET", f"Patient/{rid}", ifNoneMatch='W/"1"'))
    assert statuses(same) == [304]
    later = send(rest, "transaction", entry("GET", f"Patient/{rid}", ifModifiedSince="2999-01-01T00:00:00Z"))
    assert statuses(later) == [304]
    never = send(rest, "batch", entry("GET", f"Patient/{rid}", ifModifiedSince="soon"))
    assert statuses(never) == [400]
    taken = send(rest, "transaction", entry("PUT", f"Patient/{rid}", PATIENT | {"id": rid}, ifNoneMatch="*"))
    assert taken.status_code == 412


def test_what_is_preferred_holds_for_each_entry(rest: Rest) -> None:
    both = (entry("POST", "Patient", PATIENT), entry("DELETE", "Patient/never"))
    plain, whole, outcome = (
        send(rest, "transaction", *both),
        send(rest, "transaction", *both, prefer="return=representation"),
        send(rest, "transaction", *both, prefer="return=OperationOutcome"),
    )
    assert "resource" not in plain.json()["entry"][0]
    assert whole.json()["entry"][0]["resource"]["resourceType"] == "Patient"
    assert [e["response"]["outcome"]["resourceType"] for e in outcome.json()["entry"]] == ["OperationOutcome"] * 2


def test_referrers_may_be_deleted_together_with_what_they_refer_to(rest: Rest) -> None:
    target = f"Patient/{rest.stored(PATIENT)['id']}"
    first, second = (f"Observation/{rest.stored(observation(target))['id']}" for _ in range(2))
    left = send(rest, "transaction", entry("DELETE", target), entry("DELETE", first))
    assert (left.status_code, code(left)) == (409, "referred-to")
    kept = send(
        rest,
        "transaction",
        entry("DELETE", target),
        entry("DELETE", first),
        entry("PUT", second, observation(target) | {"id": second[12:]}),
    )
    assert code(kept) == "dangling-reference"
    both = send(rest, "transaction", entry("DELETE", target), entry("DELETE", first), entry("DELETE", second))
    assert statuses(both) == [204] * 3


def test_several_are_deleted_by_one_entry(rest: Rest) -> None:
    value = str(uuid4())
    made = [rest.stored(known(value))["id"] for _ in range(3)]
    assert statuses(send(rest, "transaction", entry("DELETE", f"Patient?identifier=urn:x|{value}"))) == [204]
    assert [rest.get(f"Patient/{rid}").status_code for rid in made] == [410] * 3


def plan_of(reference: str, status: str = "draft") -> Resource:
    """An individual plan as it begins."""
    category = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]
    plan = {"resourceType": "CarePlan", "status": status, "intent": "plan", "category": category}
    plan["meta"] = {"tag": [{"system": names.TAG, "code": "imported"}]}
    return plan | {"subject": {"reference": reference}}


IMPORT = {"x_knutepunkt_purpose": "import"}
"""An import may bring plans without a case, so that this is about the one rule only."""


def person(number: str) -> Resource:
    return PATIENT | {"identifier": [{"system": NATIONAL, "value": number}]}


def test_one_plan_per_person_holds_for_the_end_of_a_transaction(rest: Rest) -> None:
    """INV-01, SR-13: a person and a plan made together, one plan in the place of another, never two."""
    made = send(
        rest,
        "transaction",
        entry("POST", "CarePlan", plan_of(URN)),
        entry("POST", "Patient", person("15918512397"), URN),
        **IMPORT,
    )
    assert statuses(made) == [201, 201], made.text
    patient, first = place(made, 1), rest.get(place(made, 0)).json()
    second = send(
        rest, "transaction", entry("POST", "Patient", PATIENT), entry("POST", "CarePlan", plan_of(patient)), **IMPORT
    )
    assert (second.status_code, code(second)) == (409, "duplicate-plan")
    assert expressions(second) == ["Bundle.entry[1]"]
    two = send(
        rest, "transaction", entry("POST", "CarePlan", plan_of(patient)), entry("POST", "CarePlan", plan_of(patient))
    )
    assert two.status_code == 409
    ended = first | {"status": "entered-in-error"}
    swapped = send(
        rest,
        "transaction",
        entry("POST", "CarePlan", plan_of(patient)),
        entry("PUT", f"CarePlan/{first['id']}", ended, ifMatch='W/"1"'),
        **IMPORT,
    )
    assert statuses(swapped) == [201, 200], swapped.text


def test_transactions_that_race_for_one_plan_have_one_winner(rest: Rest) -> None:
    patient = f"Patient/{rest.stored(person('15821470134'))['id']}"
    marks = [str(uuid4()) for _ in range(10)]
    bodies = [
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [entry("PUT", f"Patient/{m}", PATIENT | {"id": m}), entry("POST", "CarePlan", plan_of(patient))],
        }
        for m in marks
    ]
    answers = rest.together(
        [("POST", "", {"json": body, "headers": FHIR_JSON | {"x-knutepunkt-purpose": "import"}}) for body in bodies]
    )
    assert sorted(a.status_code for a in answers) == [200] + [409] * 9
    there = [rest.get(f"Patient/{m}").status_code for m in marks]
    assert sorted(there) == [200] + [404] * 9


def test_two_numbers_of_two_persons_on_one_patient_name_the_entry(rest: Rest) -> None:
    one, two = ({"system": NATIONAL, "value": n} for n in ("01911560042", "15918512397"))
    rest.stored(PATIENT | {"identifier": [one]})
    rest.stored(PATIENT | {"identifier": [two]})
    both = PATIENT | {"identifier": [one, two]}
    answer = send(rest, "transaction", entry("POST", "Patient", PATIENT), entry("POST", "Patient", both))
    assert (answer.status_code, expressions(answer)) == (409, ["Bundle.entry[1].resource.identifier"])


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle", "type": "transaction-response"},
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "type": ["batch"]},
        {"resourceType": "Bundle", "type": "batch", "entry": {}},
        {"resourceType": "Bundle", "type": "transaction", "entry": [{}] * 1001},
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": PATIENT}]},
        PATIENT,
        [],
    ],
)
def test_what_is_neither_batch_nor_transaction_is_refused(rest: Rest, body: Any) -> None:
    answer = rest("POST", "", json=body, headers=FHIR_JSON)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


def test_bytes_that_are_no_bundle_are_refused(rest: Rest) -> None:
    assert rest("POST", "", content=b"{", headers=FHIR_JSON).status_code == 400
    assert rest("POST", "", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    large = {"resourceType": "Bundle", "type": "batch", "entry": ["x" * 70_000]}
    assert statuses(rest("POST", "", json=large, headers=FHIR_JSON)) == [400]


def test_a_bundle_of_any_type_is_kept_as_a_resource(rest: Rest) -> None:
    kept = rest.stored({"resourceType": "Bundle", "type": "transaction", "entry": [entry("POST", "Patient", PATIENT)]})
    assert rest.get(f"Bundle/{kept['id']}").json() == kept
