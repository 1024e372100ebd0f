"""Every change over REST has its Provenance: who, when, why and what (ADR 0026, workflow.md 13)."""

import pytest

from fhir_service.storage.audit_changes import Change
from fhir_service.workflow import provenances
from fhir_service.workflow.audited import Trace
from fhir_service.workflow.change_provenance import Seen, provenance_of
from profiles import names
from profiles.resource import Resource
from profiles.validate import check
from tests.rest.circles import circle
from tests.rest.conftest import Rest, code, link, matches

KE = {"X_Knutepunkt_Role": "ke", "X_Knutepunkt_Organization": "Organization/1"}


def changed(provenance: Resource) -> list[str]:
    (target,) = provenance["target"]
    return [e["valueString"] for e in target.get("extension", ()) if e["url"] == names.IP_CHANGED_PATH]


def activity(provenance: Resource) -> str:
    return str(provenance["activity"]["coding"][0]["code"])


def place_of_three_versions(rest: Rest, *, deleted: bool = True) -> str:
    made = rest.stored({"resourceType": "Location", "name": "Poliklinikk"})
    reason = {"X_Knutepunkt_Reason": "Rettet etter samtale", "X_Request_Id": "change-1"}
    assert rest.put({**made, "name": "Sengepost"}, **KE, **reason).status_code == 200
    if not deleted:
        return str(made["id"])
    assert rest("DELETE", f"Location/{made['id']}").status_code == 204
    return str(made["id"])


def test_each_change_tells_who_when_why_and_what(rest: Rest) -> None:
    rid = place_of_three_versions(rest)
    found = matches(rest.get(f"Provenance?target=Location/{rid}"))
    assert [activity(p) for p in found] == ["DELETE", "UPDATE", "CREATE"]
    assert [i for p in found for i in check(p, "Provenance") if i.refuses] == []
    assert [changed(p) for p in found] == [[], ["Location.name"], []]
    update = found[1]
    assert update["target"][0]["reference"] == f"Location/{rid}/_history/2"
    assert update["agent"][0]["who"] == {"reference": "Organization/1"}
    assert update["reason"] == [{"text": "Rettet etter samtale"}]
    assert update["entity"][0]["what"]["identifier"]["value"] == "change-1"
    assert "reason" not in found[0]


def test_one_is_read_by_its_id(rest: Rest) -> None:
    rid = place_of_three_versions(rest)
    (told,) = matches(rest.get(f"Provenance?target=Location/{rid}/_history/2"))
    assert rest.get(f"Provenance/{told['id']}").json() == told
    assert rest.get(f"Provenance/{told['id']}/_history/1").json() == told
    for address in (f"Provenance/{told['id']}/_history/2", "Provenance/c1-0123456789abcdef", "Provenance/none"):
        assert rest.get(address).status_code == 404


def test_pages_go_on_both_ways_and_count(rest: Rest) -> None:
    rid = place_of_three_versions(rest)
    for order, kinds in (("-recorded", ["DELETE", "UPDATE", "CREATE"]), ("recorded", ["CREATE", "UPDATE", "DELETE"])):
        answer = rest.get(f"Provenance?target=Location/{rid}&_count=1&_sort={order}")
        told = matches(answer)
        while following := link(answer, "next"):
            answer = rest("GET", following)
            told += matches(answer)
        assert [activity(p) for p in told] == kinds
    assert rest.get(f"Provenance?target=Location/{rid}&_summary=count").json()["total"] == 3
    assert code(rest.get(f"Provenance?target=Location/{rid}&_sort=agent")) == "bad-parameter-value"


def test_other_criteria_hold_of_changes_too(rest: Rest) -> None:
    rid = place_of_three_versions(rest)
    (told,) = matches(rest.get(f"Provenance?target=Location/{rid}&agent=Organization/1"))
    assert activity(told) == "UPDATE"
    many = ",".join(f"Location/{n}" for n in range(21))
    assert rest.get(f"Provenance?target={many}").status_code == 503


def test_changes_are_found_by_whatever_a_provenance_is_found_by(rest: Rest) -> None:
    made = rest.stored({"resourceType": "Patient"})
    path = f"Patient/{made['id']}"
    rest.put({**made, "gender": "other"})
    everything = matches(rest.get(f"Provenance?target={path}"))
    assert [activity(p) for p in everything] == ["UPDATE", "CREATE"]
    newest, oldest = everything
    assert matches(rest.get(f"Provenance?patient={made['id']}")) == everything
    assert matches(rest.get(f"Provenance?patient={path}&_count=1")) == [newest]
    assert matches(rest.get(f"Provenance?_id={oldest['id']},{newest['id']}")) == everything
    assert matches(rest.get(f"Provenance?_id={oldest['id']}&patient={path}")) == [oldest]
    assert matches(rest.get(f"Provenance?_id={oldest['id']}&patient=nobody")) == []
    since = f"recorded=ge{oldest['recorded']}&target={path}"
    assert matches(rest.get(f"Provenance?{since}")) == everything
    assert matches(rest.get(f"Provenance?target={path}&recorded=lt{oldest['recorded']}")) == []
    assert newest in matches(rest.get(f"Provenance?recorded=ge{newest['recorded']}&_count=500"))
    assert rest.get("Provenance?recorded=gt2100&_summary=count").json()["total"] == 0


def test_changes_of_an_agent_come_page_by_page(rest: Rest) -> None:
    who = "Organization/pages-of"
    caller = {"X_Knutepunkt_Role": "ke", "X_Knutepunkt_Organization": who}
    for number in range(7):
        rest.post({"resourceType": "Location", "name": str(number)}, **caller)
        rest.stored({"resourceType": "Location", "name": "of another"})
    for order in ("", "&_sort=recorded"):
        answer, told = rest.get(f"Provenance?agent={who}&_count=3{order}"), []
        while True:
            told += matches(answer)
            following = link(answer, "next")
            if following is None:
                break
            answer = rest("GET", following)
        assert len({p["id"] for p in told}) == 7
        assert [p["recorded"] for p in told] == sorted([p["recorded"] for p in told], reverse=not order)
    assert rest.get(f"Provenance?agent={who}&_summary=count").json()["total"] == 7
    assert len(matches(rest.get(f"Provenance?agent={who}", **caller))) == 7
    elsewhere = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": "Patient/nobody"}
    rest.post({"resourceType": "Patient"}, **caller)
    assert len(matches(rest.get(f"Provenance?agent={who}", **elsewhere))) == 7  # of what everybody may see


def test_what_a_client_has_stored_stands_beside(rest: Rest) -> None:
    rid = place_of_three_versions(rest, deleted=False)
    stored = rest.stored(
        {
            "resourceType": "Provenance",
            "target": [{"reference": f"Location/{rid}/_history/2"}, {"reference": f"Location/{rid}"}],
            "recorded": "2026-03-01T10:00:00Z",
            "agent": [{"who": {"display": "EPJ"}}],
        }
    )
    found = matches(rest.get(f"Provenance?target=Location/{rid}"))
    assert found[0]["id"] == stored["id"]
    assert len(found) == 3
    assert found[0] == rest.get(f"Provenance/{stored['id']}").json()
    assert found[0]["target"][0]["extension"] == [{"url": names.IP_CHANGED_PATH, "valueString": "Location.name"}]
    assert "extension" not in found[0]["target"][1]
    assert rest("DELETE", f"Provenance/{stored['id']}").status_code == 204
    assert rest.get(f"Provenance/{stored['id']}").status_code == 410


def test_who_may_not_see_the_target_learns_nothing_of_its_changes(rest: Rest) -> None:
    """SR-29."""
    one, other = (rest.stored({"resourceType": "Patient"})["id"] for _ in range(2))
    own = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": f"Patient/{other}"}
    found = matches(rest.get(f"Provenance?target=Patient/{one}"))
    assert matches(rest.get(f"Provenance?target=Patient/{one}", **own)) == []
    assert rest.get(f"Provenance/{found[0]['id']}", **own).status_code == 404
    assert [activity(p) for p in matches(rest.get(f"Provenance?target=Patient/{other}", **own))] == ["CREATE"]


def test_who_sees_a_part_is_told_of_changes_in_it(rest: Rest) -> None:
    """SR-28: neither paths of what is hidden, nor that it changed, nor by whom, nor a reason that may tell of it."""
    one = circle(rest, "traced")
    for n, version in ((0, 2), (1, 3)):  # walking is hidden, reading is not
        plan = rest.get(one.plan).json()
        plan["activity"][n]["detail"]["status"] = "in-progress"
        answer = one.asks("PUT", one.plan, {}, plan, if_match=f'W/"{version}"', X_Knutepunkt_Reason="Nye maal")
        assert answer.status_code == 200, answer.text
    address = f"Provenance?target={one.plan}"
    everything = {int(p["target"][0]["reference"][-1]): p for p in matches(rest.get(address))}
    part = {int(p["target"][0]["reference"][-1]): p for p in matches(one.reads(address, one.school))}
    assert (set(everything) >= {3, 4}, 3 in part, 4 in part) == (True, False, True), (everything, part)
    assert everything[3]["reason"] == [{"text": "Nye maal"}]
    assert changed(part[4]) == changed(everything[4]) != changed(everything[3])
    assert "reason" not in part[4]
    assert one.reads(f"Provenance/{everything[3]['id']}", one.school).status_code == 404


def test_reason_is_a_short_one(rest: Rest) -> None:
    answer = rest("POST", "Location", json={"resourceType": "Location"}, headers={"X-Knutepunkt-Reason": "x" * 1001})
    assert (answer.status_code, code(answer)) == (400, "bad-request")


def test_person_who_writes_by_an_organization_is_the_author() -> None:
    trace = Trace(organization="Organization/1", person="RelatedPerson/2", purpose="BTG")
    change = Change(0, "Goal", "g", 1, 0, None, "")
    told: Resource = {**provenance_of(change, trace, "c0-0", Seen())}
    assert [(a["type"]["coding"][0]["code"], a["who"].get("reference")) for a in told["agent"]] == [
        ("author", "RelatedPerson/2"),
        ("enterer", "Organization/1"),
        ("assembler", None),
    ]
    assert told["reason"] == [{"coding": [{"system": names.V3_ACT_REASON, "code": "BTG"}]}]
    assert "entity" not in told


def test_search_goes_on_where_a_part_of_the_changes_ends(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where more were made at once than are looked at together; and not for ever (SR-8)."""
    monkeypatch.setattr(provenances, "CHUNK", 2)
    caller = {"X_Knutepunkt_Role": "ke", "X_Knutepunkt_Organization": "Organization/long-ago"}
    rest.post({"resourceType": "Location", "name": "long ago"}, **caller)
    entries = [
        {"resource": {"resourceType": "Location", "name": str(n)}, "request": {"method": "POST", "url": "Location"}}
        for n in range(11)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert rest("POST", "", json=bundle).status_code == 200
    for _ in range(5):
        rest.stored({"resourceType": "Location"})
    since = matches(rest.get("Provenance?agent=Organization/long-ago"))[0]["recorded"]
    assert len(matches(rest.get("Provenance?agent=Organization/long-ago"))) == 1
    everything = matches(rest.get(f"Provenance?recorded=ge{since}&_count=100"))
    assert len({p["id"] for p in everything}) == len(everything) >= 17
    monkeypatch.setattr(provenances, "MOST_LOOKED", 4)
    refused = rest.get("Provenance?agent=Organization/long-ago")
    assert (refused.status_code, code(refused)) == (503, "too-slow")
