"""Who saw what is about me: all of it, in order, page by page, for whom it is (SR-34)."""

import re
from typing import Any

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from profiles.validate import check
from tests.rest.circles import Circle, circle, concept, to
from tests.rest.conftest import FHIR_JSON, Rest, code
from tests.rest.operating import called, parameter
from tests.rest.test_audit import patient

MANY = 2_300


def lines(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    told = [one["part"] for one in answer.json().get("parameter", ()) if one["name"] == "access"]
    return [{p["name"]: next(v for k, v in p.items() if k.startswith("value")) for p in part} for part in told]


def following(answer: httpx.Response) -> str | None:
    found = [one["valueUrl"] for one in answer.json().get("parameter", ()) if one["name"] == "next"]
    return found[0] if found else None


def every_page(rest: Rest, address: str, **headers: str) -> list[dict[str, str]]:
    answer = rest.get(address, **headers)
    found = lines(answer)
    while (url := following(answer)) is not None:
        answer = rest("GET", url, headers={k.replace("_", "-"): v for k, v in headers.items()})
        found += lines(answer)
    return found


def test_thousands_of_accesses_come_page_by_page(rest: Rest) -> None:
    rid = patient(rest)
    for _ in range(MANY // 100):
        rest.together([("GET", f"Patient/{rid}", {}) for _ in range(100)])
    own = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": f"Patient/{rid}"}
    found = every_page(rest, f"Patient/{rid}/$access-log?_count=1000", **own)
    reads = [one for one in found if one["kind"] == "Leste" and one["what"] == f"Patient/{rid}"]
    assert len(reads) == MANY
    times = [one["when"] for one in found]
    assert times == sorted(times, reverse=True)
    assert found[-1]["kind"] == "Opprettet"
    first = rest.get(f"Patient/{rid}/$access-log?_count=1000", **own)
    assert [i for i in check(first.json()) if i.refuses] == []


def test_page_leads_to_older_ones(rest: Rest) -> None:
    rid = patient(rest)
    for _ in range(3):
        rest.get(f"Patient/{rid}")
    first = rest.get(f"Patient/{rid}/$access-log?_count=2", accept="text/html")
    (url,) = re.findall(r'<a rel="next" href="([^"]*)">Vis eldre</a>', first.text)
    older = rest("GET", url.replace("&amp;", "&"), headers={"accept": "text/html"})
    assert older.status_code == 200
    assert older.text.count("<tr>") == first.text.count("<tr>") == 3
    assert rest.get(f"Patient/{rid}/$access-log?_page=x").status_code == 400


def test_log_has_all_that_tells_of_the_person(rest: Rest) -> None:
    """By whatever road: a search, an inclusion, a page of several, an operation, a message, an emergency."""
    one = circle(rest, "innsyn")
    person = one.ref("Patient", "person")
    asked = {
        "read": f"{one.plan}", "search": f"Goal?patient={one.id('person')}", "include": f"{one.plan}/_history",
        "everything": f"{person}/$everything", "compartment": f"{person}/Goal",
        "included": f"CarePlan?_id={one.id('plan')}&_include=CarePlan:subject",
        "revinclude": f"Organization?_id={one.id('ke')}&_revinclude=Consent:organization",
    }  # fmt: skip
    for name, path in asked.items():
        assert rest.get(path, X_Request_Id=f"innsyn-{name}").status_code == 200, path
    glass = one.who("service", "stranger", purpose="BTG", reason="Haster veldig")
    assert one.reads(one.plan, glass).status_code == 200
    tag = parameter("meta", valueMeta={"tag": [{"system": "urn:x", "code": "seen"}]})
    assert called(rest, f"{person}/$meta-add", tag).status_code == 200
    own = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": person}
    told = every_page(rest, f"{person}/$access-log", **own)
    assert next(line for line in told if line.get("reason") == "Haster veldig")["basis"].startswith("Nødtilgang")
    kinds = [line["kind"] for line in told]
    assert kinds.count("Søkte og fikk treff") == 4
    assert kinds.count("Hentet en sammenstilling") >= 2, set(kinds)


def related(one: Circle) -> str:
    """A parent who takes part in the team."""
    parent = {"resourceType": "RelatedPerson", "id": one.id("parent"), "active": True,
              "patient": to(one.ref("Patient", "person"))}  # fmt: skip
    one.rest.stored_at(parent)
    team: Resource = one.rest.get(one.ref("CareTeam", "team")).json()
    role = {"role": [concept(names.TEAM_ROLE, "representative")], "member": to(one.ref("RelatedPerson", "parent")),
            "period": {"start": "2026-01-01"}}  # fmt: skip
    changed = {**team, "participant": [*team["participant"], role]}
    answer = one.put(changed, int(team["meta"]["versionId"]), {})
    assert answer.status_code == 200, answer.text
    return one.ref("RelatedPerson", "parent")


def test_log_is_for_the_person_and_who_represents_them(rest: Rest) -> None:
    one = circle(rest, "whose-log")
    person, parent = one.ref("Patient", "person"), related(one)
    hidden: dict[str, Any] = {
        "resourceType": "Observation", "id": "not-for-parents", "status": "final", "code": {"text": "x"},
        "subject": to(person), "meta": {"security": [{"system": names.LABEL, "code": "hidden-from-representative"}]},
    }  # fmt: skip
    made = rest("PUT", "Observation/not-for-parents", json=hidden, headers=FHIR_JSON)
    own = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": person}
    acting = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": parent}
    address = f"{person}/$access-log"
    assert one.reads(one.plan, one.school).status_code == 200
    told = every_page(rest, address, **own)
    theirs = every_page(rest, address, **acting)
    assert f"{one.plan}" in {line.get("what") for line in theirs}
    assert ("Observation/not-for-parents" in str(told), made.status_code) == (made.status_code == 201, made.status_code)
    assert "not-for-parents" not in str(theirs)
    for who in (one.ke, one.coordinator):
        answer = one.reads(address, who)
        assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert one.reads(address, one.stranger).status_code == 404
    auditor = one.who("administrator", "ke")
    assert one.reads(address, auditor).status_code in (200, 404)


@pytest.mark.parametrize("who", ["RelatedPerson/nobody", "Patient/nobody"])
def test_log_is_not_for_others(rest: Rest, who: str) -> None:
    rid = patient(rest)
    other = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": who}
    assert rest.get(f"Patient/{rid}/$access-log", **other).status_code == 404
