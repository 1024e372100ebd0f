"""Searches over several types, and within compartments.

https://hl7.org/fhir/R4/http.html#search, https://hl7.org/fhir/R4/compartmentdefinition.html
"""

import pytest

from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import BASE, Rest, code, link, matches

FORM = {"content-type": "application/x-www-form-urlencoded"}
NUMBER = "15918512397"


@pytest.fixture(scope="module")
def patient(rest: Rest) -> Resource:
    """With a Condition and a Goal; another patient has a Goal as well."""
    patient, other = (rest.stored({"resourceType": "Patient"}) for _ in range(2))
    for one in (patient, other):
        subject = {"reference": f"Patient/{one['id']}"}
        rest.stored(
            {
                "resourceType": "Goal",
                "lifecycleStatus": "active",
                "description": {"text": "x"},
                "subject": subject,
            }
        )
    rest.stored({"resourceType": "Condition", "subject": {"reference": f"Patient/{patient['id']}"}})
    return patient


def types(found: list[Resource]) -> list[str]:
    return sorted(r["resourceType"] for r in found)


def test_several_types_are_searched_together(rest: Rest, patient: Resource) -> None:
    answer = rest.get(f"?_type=Patient,Goal&_id={patient['id']}")
    assert [r["id"] for r in matches(answer)] == [patient["id"]]
    assert check(answer.json(), "Bundle") == ()
    assert link(answer, "self") == f"{BASE}?_type=Patient,Goal&_id={patient['id']}"


def test_a_form_is_read_at_the_base(rest: Rest, patient: Resource) -> None:
    content = f"_id={patient['id']}".encode()
    answer = rest("POST", "_search?_type=Patient", content=content, headers=FORM)
    assert types(matches(answer)) == ["Patient"]


def test_pages_over_several_types_hold_everything_once(rest: Rest, patient: Resource) -> None:
    found: list[Resource] = []
    following: str | None = "?_type=Goal,Condition,Patient&_count=2&_lastUpdated=ge2020"
    while following:
        answer = rest.get(following)
        found += matches(answer)
        following = link(answer, "next")
    assert types(found) == ["Condition", "Goal", "Goal", "Patient", "Patient"]
    assert len({r["id"] for r in found}) == 5


def test_a_compartment_holds_what_is_about_its_patient(rest: Rest, patient: Resource) -> None:
    here = f"Patient/{patient['id']}"
    assert types(matches(rest.get(f"{here}/Condition"))) == ["Condition"]
    assert types(matches(rest.get(f"{here}/Goal?lifecycle-status=active"))) == ["Goal"]
    assert types(matches(rest.get(f"{here}/Goal?lifecycle-status=completed"))) == []
    assert {"Condition", "Goal"} <= set(types(matches(rest.get(f"{here}/*"))))
    assert types(matches(rest.get(f"{here}/*?_type=Goal,Condition"))) == ["Condition", "Goal"]
    assert matches(rest.get("Patient/never/Condition")) == []


def test_a_compartment_is_searched_with_a_form_and_in_pages(rest: Rest, patient: Resource) -> None:
    here = f"Patient/{patient['id']}"
    answer = rest("POST", f"{here}/Goal/_search", content=b"lifecycle-status=active", headers=FORM)
    assert link(answer, "self") == f"{BASE}/{here}/Goal?lifecycle-status=active"
    first = rest("POST", f"{here}/*/_search", content=b"_type=Goal,Condition&_count=1", headers=FORM)
    assert link(first, "self") == f"{BASE}/{here}/*?_type=Goal,Condition&_count=1"
    second = rest.get(link(first, "next") or "")
    assert types([*matches(first), *matches(second)]) == ["Condition", "Goal"]
    token = (link(first, "next") or "").rpartition("=")[2]
    for address in (f"{here}/Goal", "Patient/other/*", "", "Goal"):
        moved = rest.get(f"{address}?_page={token}")
        assert (moved.status_code, code(moved)) == (400, "bad-page-token"), address


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("?_type=Sandwich", "bad-parameter-value"),
        ("?_type=Patient,", "bad-parameter-value"),
        ("?colour=red", "unknown-parameter"),
        ("?_type=Patient,Goal&lifecycle-status=active", "unknown-parameter"),
        ("?_type=Patient&_sort=name", "bad-parameter-value"),
        ("Patient/1/Condition?colour=red", "unknown-parameter"),
        ("Patient/1/*?_count=-1", "bad-parameter-value"),
    ],
)
def test_what_is_not_understood_is_400(rest: Rest, path: str, expected: str) -> None:
    answer = rest.get(path)
    assert (answer.status_code, code(answer)) == (400, expected)


def test_no_link_shows_a_national_number(rest: Rest, patient: Resource) -> None:
    """Decision 39, at every address that has links."""
    for address in ("_search", f"Patient/{patient['id']}/*/_search", "Patient/_search"):
        content = f"_tag={NUMBER}&_count=1&_lastUpdated=ge2020".encode()
        answer = rest("POST", address, content=content, headers=FORM)
        assert answer.status_code == 200, answer.text
        assert NUMBER not in answer.text
        again = rest.get(link(answer, "self") or "")
        assert (again.status_code, NUMBER in again.text) == (200, False)
