"""What a caller may not see is in no answer over REST, whatever is asked: SR-28, SR-29, decision 34.

The predicate is an artificial one: an organization that is called curious sees nothing of one person.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import ColumnElement, FromClause, bindparam, or_, select

from fhir_service.principal import Principal
from fhir_service.storage import access
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.tables import PERSON_IDENTIFIER
from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, NATIONAL, Rest, code, unless_under_way
from tests.waiting import until

NUMBER = "15918512397"
CURIOUS = {"x-knutepunkt-organization": "Organization/curious"}


def _not_theirs(table: FromClause) -> ColumnElement[Any]:
    hidden = select(PERSON_IDENTIFIER.c.person_id).where(PERSON_IDENTIFIER.c.value == bindparam("access_hidden"))
    return or_(table.c.person_id.is_(None), table.c.person_id.not_in(hidden))


WITHOUT_ONE = Access("without-one-number", _not_theirs, {"access_hidden": NUMBER})


def _access_of(by: Principal, _: datetime) -> Access:
    return WITHOUT_ONE if by.organization == CURIOUS["x-knutepunkt-organization"] else EVERYTHING


@pytest.fixture(autouse=True)
def injected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks what a caller may see gets the artificial answer."""
    asked = access.access_of
    for name, module in list(sys.modules.items()):
        if name.startswith("fhir_service.") and getattr(module, "access_of", None) is asked:
            monkeypatch.setattr(module, "access_of", _access_of)


def to(resource: Resource) -> dict[str, str]:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def _of(patient: Resource, doctor: Resource, kept: Any) -> dict[str, Resource]:
    """What there is of a patient; everybody's have the same words and codes."""
    about, text = {"subject": to(patient)}, {"coding": [{"system": "urn:s", "code": "veiled"}]}
    condition = kept("Condition", **about, code=text)
    return {
        "condition": condition,
        "observation": kept("Observation", **about, status="final", code=text, focus=[to(condition)],
                            performer=[to(doctor)], valueQuantity={"value": 5, "unit": "mg"}),
        "encounter": kept("Encounter", **about, status="planned", **{"class": {"code": "AMB"}},
                          reasonReference=[to(condition)]),
        "document": kept("DocumentReference", **about, status="current", description="veiled words",
                         content=[{"attachment": {"title": "x"}}]),
    }  # fmt: skip


@pytest.fixture(scope="module")
def world(rest: Rest) -> dict[str, Resource]:
    """`hidden-...` is about the one person, the others about another one."""

    def kept(rtype: str, **values: Any) -> Resource:
        return rest.stored({"resourceType": rtype, **values})

    made: dict[str, Resource] = {"doctor": kept("Practitioner", active=True)}
    for name, number in (("hidden", NUMBER), ("other", "15821470134")):
        patient = kept(
            "Patient", identifier=[{"system": NATIONAL, "value": number}], name=[{"family": "Veiled"}],
            generalPractitioner=[to(made["doctor"])], gender="female",
        )  # fmt: skip
        made[f"{name}-patient"] = patient
        made |= {f"{name}-{key}": one for key, one in _of(patient, made["doctor"], kept).items()}
    patients = [made["hidden-patient"], made["other-patient"]]
    made["group"] = kept(
        "Group", type="person", actual=True, code={"text": "x"}, member=[{"entity": to(one)} for one in patients]
    )
    made["list"] = kept("List", status="current", mode="working", entry=[{"item": to(one)} for one in patients])
    changed = {**made["hidden-condition"], "note": [{"text": "changed"}]}
    rest.put(changed)
    gone = kept("Condition", subject=to(patients[0]), code={"text": "gone"})
    rest("DELETE", to(gone)["reference"])
    made["hidden-gone"] = gone
    return made


def asked(rest: Rest, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    """As the curious one."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = None if body is None else json.dumps(body)
    return rest(method, path, content=content, headers=FHIR_JSON | CURIOUS | named)


def tells_nothing(answer: httpx.Response, world: dict[str, Resource], path: str = "") -> None:
    """No id of anything hidden, beside what was asked with."""
    told = answer.text + str(answer.headers)
    for name, one in world.items():
        if name.startswith("hidden") and one["id"] not in path:
            assert one["id"] not in told, (name, answer.text)


SEARCHES = [
    ("Patient?identifier={number}", 0), ("Patient?name=veiled", 1), ("Patient?_id={patient}", 0),
    ("Patient?_has:Condition:patient:code=veiled", 1), ("Patient?_has:Observation:patient:_id={observation}", 0),
    ("Patient?_has:Observation:patient:focus:Condition.code=veiled", 1),
    ("Patient?general-practitioner={doctor}&_sort=-_id", 1), ("Patient?_list={list}", 1),
    ("Condition?code=veiled", 1), ("Condition?code:not=other", 1), ("Condition?encounter:missing=true", 1),
    ("Condition?patient={patient}", 0), ("Condition?subject.identifier={number}", 0),
    ("Condition?patient.gender=female&_sort=code,-_lastUpdated", 1), ("Observation?focus=Condition/{condition}", 0),
    ("Observation?code-value-quantity=veiled$5", 1), ("Observation?value-quantity=5", 1),
    ("Observation?subject:Patient.general-practitioner.active=true", 1),
    ("Practitioner?_has:Patient:general-practitioner:identifier={number}", 0),
    ("Practitioner?_has:Patient:general-practitioner:_id={patient}", 0),
    ("DocumentReference?_content=veiled", 1), ("Encounter?reason-reference.code=veiled", 1),
    ("?_type=Patient,Condition,Observation,DocumentReference", 4), ("Patient/{patient}/Condition", 0),
    ("Patient/{patient}/*?_type=Condition,Observation", 0), ("Group?member={patient}", 1),
    ("Group?member.identifier={number}", 0), ("List?item:Patient.identifier={number}", 0),
    ("List?_has:List:item:_id={list}", 0),
]  # fmt: skip


def _filled(path: str, world: dict[str, Resource]) -> str:
    ids = {name: world[f"hidden-{name}"]["id"] for name in ("patient", "condition", "observation")}
    return path.format(number=NUMBER, doctor=world["doctor"]["id"], list=world["list"]["id"], **ids)


@pytest.mark.parametrize(("path", "total"), SEARCHES)
def test_searches_find_and_count_nothing_hidden(rest: Rest, world: dict[str, Resource], path: str, total: int) -> None:
    filled = _filled(path, world)
    join = "&" if "?" in filled else "?"
    for more in ("_total=accurate", "_summary=count", "_total=accurate&_count=1"):
        answer = asked(rest, "GET", f"{filled}{join}{more}")
        assert answer.json()["total"] == total, answer.text
        if "Group" not in path:  # a group names its members itself
            tells_nothing(answer, world, filled)


INCLUDES = [
    "Practitioner?_revinclude=Patient:general-practitioner", "Practitioner?_revinclude=Observation:performer",
    "Practitioner?_revinclude=*&_revinclude:iterate=Observation:focus", "Encounter?_include=*&_revinclude=*",
    "Practitioner?_revinclude=*&_include:iterate=Encounter:patient", "Observation?_include=*&_revinclude=*",
]  # fmt: skip


@pytest.mark.parametrize("path", INCLUDES)
def test_includes_bring_nothing_hidden(rest: Rest, world: dict[str, Resource], path: str) -> None:
    answer = asked(rest, "GET", path)
    assert answer.status_code == 200, answer.text
    found = {entry["resource"]["id"] for entry in answer.json()["entry"]}
    assert not found & {one["id"] for name, one in world.items() if name.startswith("hidden")}
    everything = {entry["resource"]["id"] for entry in rest.get(path).json()["entry"]}
    assert everything & {one["id"] for name, one in world.items() if name.startswith("hidden")}


READS = [
    "Condition/{id}", "Condition/{id}/_history", "Condition/{id}/_history/1", "Condition/{id}/$meta",
    "Condition/{id}?_summary=true",
]  # fmt: skip


@pytest.mark.parametrize("name", ["hidden-condition", "hidden-gone"])
@pytest.mark.parametrize("path", READS)
def test_reading_what_is_hidden_is_as_if_it_were_not_there(
    rest: Rest, world: dict[str, Resource], path: str, name: str
) -> None:
    hidden = asked(rest, "GET", path.format(id=world[name]["id"]))
    nowhere = asked(rest, "GET", path.format(id="nowhere"))
    assert (hidden.status_code, code(hidden)) == (nowhere.status_code, code(nowhere)) == (404, "not-found")


@pytest.mark.parametrize("path", ["_history", "Condition/_history", "Patient/_history", "Observation/_history"])
def test_histories_tell_and_count_nothing_hidden(rest: Rest, world: dict[str, Resource], path: str) -> None:
    answer = asked(rest, "GET", f"{path}?_count=500")
    everything = rest.get(f"{path}?_count=500")
    tells_nothing(answer, {"hidden": world["hidden-patient"]} if path == "Patient/_history" else {}, path)
    ids = {name: one["id"] for name, one in world.items() if name.startswith("hidden")}
    shown = {entry["fullUrl"].rpartition("/")[2] for entry in answer.json().get("entry", ())}
    assert not shown & set(ids.values())
    assert answer.json()["total"] < everything.json()["total"]


@pytest.mark.parametrize("path", ["Patient/{id}/$everything", "Patient/$everything"])
def test_everything_tells_nothing_hidden(rest: Rest, world: dict[str, Resource], path: str) -> None:
    filled = path.format(id=world["hidden-patient"]["id"])
    answer = asked(rest, "GET", filled)
    assert answer.status_code == (404 if "{id}" in path else 200)
    found = {entry["resource"]["id"] for entry in answer.json().get("entry", ())}
    assert not found & {one["id"] for name, one in world.items() if name.startswith("hidden")}


@pytest.mark.parametrize("level", ["", "Patient/", "Group/{group}/"])
def test_export_tells_nothing_hidden(rest: Rest, world: dict[str, Resource], level: str) -> None:
    path = f"{level.format(group=world['group']['id'])}$export?_type=Patient,Condition,Observation"
    begun = asked(rest, "GET", path, prefer="respond-async", accept="application/fhir+json")
    assert begun.status_code == 202, begun.text
    status = begun.headers["content-location"]
    answer = until(lambda: unless_under_way(rest("GET", status, headers=CURIOUS)))
    files = [rest("GET", one["url"], headers=CURIOUS).text for one in answer.json()["output"]]
    assert any(world["other-patient"]["id"] in text for text in files)
    for text in files:
        assert not [name for name, one in world.items() if name.startswith("hidden") and one["id"] in text]


# Writing


def _condition(world: dict[str, Resource], **more: Any) -> Resource:
    return {"resourceType": "Condition", "subject": to(world["other-patient"]), **more}


@pytest.fixture
def untouched(rest: Rest, world: dict[str, Resource]) -> Iterator[None]:
    """Nothing that is hidden changes."""
    before = [rest.get(to(world[name])["reference"]).text for name in ("hidden-condition", "hidden-patient")]
    yield
    assert [rest.get(to(world[name])["reference"]).text for name in ("hidden-condition", "hidden-patient")] == before


@pytest.mark.usefixtures("untouched")
def test_criteria_match_nothing_hidden(rest: Rest, world: dict[str, Resource]) -> None:
    criteria = f"_id={world['hidden-condition']['id']}"
    answer = asked(rest, "DELETE", f"Condition?{criteria}")
    assert answer.status_code == 204
    change = [{"op": "add", "path": "/language", "value": "nb"}]
    answer = asked(rest, "PATCH", f"Condition?{criteria}", change, content_type="application/json-patch+json")
    assert (answer.status_code, code(answer)) == (404, "not-found")
    answer = asked(rest, "PUT", f"Condition?{criteria}", _condition(world))
    assert answer.status_code == 201
    answer = asked(rest, "POST", "Condition", _condition(world), if_none_exist=criteria)
    assert answer.status_code == 201
    assert answer.json()["id"] != world["hidden-condition"]["id"]
    by_number = f"subject.identifier={NUMBER}"
    assert asked(rest, "DELETE", f"Condition?{by_number}").status_code == 204
    reference = {"reference": f"Patient?identifier={NATIONAL}|{NUMBER}"}
    linked = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"request": {"method": "POST", "url": "Condition"}, "resource": {**_condition(world), "subject": reference}}
    ]}  # fmt: skip
    answer = asked(rest, "POST", "", linked)
    assert code(answer) == "dangling-reference"
    tells_nothing(answer, world)


@pytest.mark.usefixtures("untouched")
def test_what_is_hidden_is_not_changed_by_its_id(rest: Rest, world: dict[str, Resource]) -> None:
    for name in ("hidden-condition", "hidden-gone"):
        rid = world[name]["id"]
        answer = asked(rest, "PUT", f"Condition/{rid}", _condition(world, id=rid))
        assert (answer.status_code, code(answer)) == (409, "id-taken")
        change = [{"op": "add", "path": "/language", "value": "nb"}]
        kind = {"content_type": "application/json-patch+json"}
        answer = asked(rest, "PATCH", f"Condition/{rid}", change, **kind)
        nowhere = asked(rest, "PATCH", "Condition/nowhere", change, **kind)
        assert answer.json()["issue"] == nowhere.json()["issue"]
        answer = asked(rest, "PATCH", f"Condition/{rid}", change, **kind, if_match='W/"1"')
        assert "1" not in code(answer)
        assert (
            asked(rest, "PATCH", "Condition/nowhere", change, **kind, if_match='W/"1"').json()["issue"]
            == (answer.json()["issue"])
        )
        answer = asked(rest, "DELETE", f"Condition/{rid}")
        assert (answer.status_code, answer.headers.get("etag")) == (204, None)
        answer = asked(rest, "PUT", "Condition?code=nothing-has-it", _condition(world, id=rid))
        assert (answer.status_code, code(answer)) == (409, "id-taken")


def test_reference_to_what_is_hidden_leads_nowhere(rest: Rest, world: dict[str, Resource]) -> None:
    answer = asked(rest, "POST", "Condition", _condition(world) | {"subject": to(world["hidden-patient"])})
    nowhere = asked(rest, "POST", "Condition", _condition(world) | {"subject": {"reference": "Patient/nowhere"}})
    assert (answer.status_code, code(answer)) == (nowhere.status_code, code(nowhere)) == (422, "dangling-reference")


def test_refusal_names_no_hidden_referrer(rest: Rest, world: dict[str, Resource]) -> None:
    seen = asked(rest, "DELETE", to(world["doctor"])["reference"], x_knutepunkt_role="administrator")
    assert (seen.status_code, code(seen)) == (409, "referred-to")
    assert world["other-patient"]["id"] in seen.text
    assert "others" not in seen.text  # as where there are no hidden ones
    tells_nothing(seen, world)
    lone = rest.stored({"resourceType": "Practitioner"})
    hides = rest.stored({"resourceType": "Condition", "subject": to(world["hidden-patient"]), "asserter": to(lone)})
    answer = asked(rest, "DELETE", to(lone)["reference"], x_knutepunkt_role="administrator")
    assert "Others refer to it" in answer.text
    assert hides["id"] not in answer.text
    assert hides["id"] in rest("DELETE", to(lone)["reference"]).text
    for _ in range(6):  # more than are named: how many there are, or of what kind, is not told either
        rest.stored({"resourceType": "Condition", "subject": to(world["hidden-patient"]), "asserter": to(lone)})
    rest.stored({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "performer": [to(lone)]}
                | {"subject": to(world["hidden-patient"])})  # fmt: skip
    assert asked(rest, "DELETE", to(lone)["reference"], x_knutepunkt_role="administrator").json() == answer.json()
    told, [issue] = ([dict(one) for one in a.json()["issue"]] for a in (seen, answer))
    texts = [one.pop("diagnostics") for one in (*told, issue)]
    assert told == [issue]  # one issue, of one kind, about one place
    assert {text.partition(" refer to it")[2] for text in texts} == {texts[-1].removeprefix("Others refer to it")}


@pytest.mark.usefixtures("untouched")
def test_bundles_tell_nothing_hidden(rest: Rest, world: dict[str, Resource]) -> None:
    rid = world["hidden-condition"]["id"]
    about = to(world["hidden-patient"])["reference"]
    urls = [f"Condition/{rid}", f"Condition?subject={about}", f"Condition/{rid}/_history"]
    reads = [{"request": {"method": "GET", "url": url}} for url in urls]
    answer = asked(rest, "POST", "", {"resourceType": "Bundle", "type": "batch", "entry": reads})
    found, searched, history = answer.json()["entry"]
    assert found["response"]["status"].startswith("404")
    assert searched["resource"].get("entry") is None
    assert history["response"]["status"].startswith("404")
    also = {"request": {"method": "POST", "url": "Condition"}, "resource": _condition(world)}
    together = {"resourceType": "Bundle", "type": "transaction", "entry": [also, reads[1]]}
    answer = asked(rest, "POST", "", together)
    assert answer.json()["entry"][1]["resource"].get("entry") is None, answer.text
