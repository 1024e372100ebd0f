"""Each read, change and refusal leaves one AuditEvent (SR-33, decisions 25 and 29)."""

import base64
import os
import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import NATIONAL, Rest, code, link, matches

OPERATIONS = int(os.environ.get("AUDITED_OPERATIONS", "1000"))
FNR = "15918512397"


def events(rest: Rest, query: str) -> list[Resource]:
    """All pages of a search of the log."""
    found: list[Resource] = []
    answer = rest.get(f"AuditEvent?{query}")
    while True:
        found += matches(answer)
        following = link(answer, "next")
        if following is None:
            return found
        answer = rest("GET", following)


def kinds(found: list[Resource]) -> Counter[str]:
    return Counter(event["subtype"][-1]["code"] for event in found)


def patient(rest: Rest) -> str:
    return str(rest.stored({"resourceType": "Patient"})["id"])


def entity(event: Resource, kind: str, role: str) -> Resource:
    (found,) = [e for e in event["entity"] if e["type"]["code"] == kind and e.get("role", {}).get("code") == role]
    return dict(found)


def test_a_read_is_told_as_balp_shapes_it(rest: Rest) -> None:
    rid = patient(rest)
    rest.get(f"Patient/{rid}", X_Knutepunkt_Role="ke", X_Request_Id="read-1")
    (event,) = [
        e
        for e in events(rest, f"patient={rid}&subtype=read")
        if e["entity"][-1]["what"]["identifier"]["value"] == "read-1"
    ]
    assert [i for i in check(event, "AuditEvent") if i.refuses] == []
    assert event["meta"]["profile"] == [
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"
    ]
    assert (event["action"], event["outcome"], event["type"]["code"]) == ("R", "0", "rest")
    assert entity(event, "1", "1")["what"] == {"reference": f"Patient/{rid}"}
    assert entity(event, "2", "4")["what"] == {"reference": f"Patient/{rid}/_history/1"}
    roles = [agent["type"]["coding"][0]["code"] for agent in event["agent"]]
    assert roles == ["110152", "110153", "IRCP"]
    assert [agent["requestor"] for agent in event["agent"]] == [False, False, True]
    assert event["agent"][0]["policy"][0].endswith("/access-basis#developer")
    assert rest.get(f"AuditEvent/{event['id']}").json() == event
    assert rest.get(f"AuditEvent/{event['id']}/_history/1").json() == event
    assert rest.get(f"AuditEvent/{event['id']}/_history/2").status_code == 404
    assert rest.get("AuditEvent/r1-1-0").status_code == 404


def test_changes_have_their_events_by_what_made_them(rest: Rest) -> None:
    made = rest.stored({"resourceType": "Patient"})
    changed = rest.put({**made, "gender": "male"})
    rest("DELETE", f"Patient/{made['id']}")
    assert changed.status_code == 200
    found = events(rest, f"patient={made['id']}")
    assert [(e["action"], e["subtype"][0]["code"]) for e in found] == [
        ("D", "delete"),
        ("U", "update"),
        ("C", "create"),
    ]
    assert [i for e in found for i in check(e, "AuditEvent") if i.refuses] == []
    assert events(rest, f"patient={made['id']}&action=C") == [found[2]]
    assert rest.get(f"AuditEvent/{found[2]['id']}").json() == found[2]


def test_a_search_of_several_is_an_event_of_each(rest: Rest) -> None:
    """Decision 29; what was searched for is not kept."""
    one, other = patient(rest), patient(rest)
    assert len(matches(rest.get(f"Patient?_id={one},{other}", X_Request_Id="two-of-them"))) == 2
    told = [e for rid in (one, other) for e in events(rest, f"patient={rid}&subtype=search-type")]
    assert [entity(e, "1", "1")["what"]["reference"] for e in told] == [f"Patient/{one}", f"Patient/{other}"]
    assert told[0]["id"] != told[1]["id"]
    query = entity(told[0], "2", "24")
    assert base64.b64decode(query["query"]) == b"Patient?_id"


def test_refusals_are_kept_without_what_they_asked_for(rest: Rest) -> None:
    before = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert rest.get("Patient/nobody-here").status_code == 404
    assert rest.get(f"Patient/{FNR}").status_code == 404
    assert rest.get(f"Patient?{FNR}=x&colour=red").status_code == 400
    assert rest("POST", "Patient", content=b"{", headers={"content-type": "application/fhir+json"}).status_code == 400
    assert rest.get("Sandwich/1").status_code == 404
    refused = events(rest, f"outcome=4&date=ge{before}Z")
    told = Counter((e["outcomeDesc"], e["subtype"][0]["code"]) for e in refused)
    assert told[("HTTP 404", "read")] >= 2
    assert told[("HTTP 400", "search-type")] >= 1
    assert told[("HTTP 400", "create")] >= 1
    assert FNR not in str(refused)


def test_entries_of_bundles_are_kept_one_by_one(rest: Rest) -> None:
    rid = patient(rest)
    entries = [
        {"request": {"method": "GET", "url": f"Patient/{rid}"}},
        {"request": {"method": "GET", "url": f"Patient/{rid}/_history/1"}},
    ]
    bundle = {"resourceType": "Bundle", "entry": entries}
    assert rest("POST", "", json={**bundle, "type": "batch"}).status_code == 200
    assert rest("POST", "", json={**bundle, "type": "transaction"}).status_code == 200
    assert kinds(events(rest, f"patient={rid}")) == {"read": 2, "vread": 2, "create": 1}


def test_many_operations_are_as_many_events(rest: Rest) -> None:
    """SR-33; the number is a parameter."""
    rid = patient(rest)
    for number in range(OPERATIONS // 4):
        rest.get(f"Patient/{rid}")
        rest.get(f"Patient?_id={rid}")
        rest.get(f"Patient/{rid}/_history")
        rest.get(f"Patient/{rid}", If_None_Match='W/"1"') if number % 2 else rest.get(f"Patient/{rid}/_history/1")
    each = OPERATIONS // 4
    found = events(rest, f"patient={rid}&_count=200")
    assert len({e["id"] for e in found}) == len(found)
    del found[-1]  # the one that made the patient
    told = kinds([e for e in found if not e["entity"][1].get("query", "").startswith("QXVkaXRFdmVudA")])
    assert told == {"read": each + each // 2, "search-type": each, "history-instance": each, "vread": each - each // 2}


def test_reading_the_log_is_in_the_log(rest: Rest) -> None:
    rid = patient(rest)
    assert len(events(rest, f"patient={rid}")) == 1
    (read, _) = events(rest, f"patient={rid}")
    assert base64.b64decode(entity(read, "2", "24")["query"]).startswith(b"AuditEvent?")


def test_pages_go_on_where_they_ended_both_ways(rest: Rest) -> None:
    rid = patient(rest)
    for _ in range(4):
        rest.get(f"Patient/{rid}")
    only = f"patient={rid}&subtype=read,create"
    newest, oldest = events(rest, f"{only}&_count=2"), events(rest, f"{only}&_count=2&_sort=date")
    assert len(newest) == 5
    assert [e["id"] for e in oldest] == [e["id"] for e in reversed(newest)]
    assert rest.get(f"AuditEvent?{only}&_summary=count").json()["total"] == 5


def test_another_order_than_that_of_time_is_refused(rest: Rest) -> None:
    answer = rest.get("AuditEvent?_sort=-action")
    assert (answer.status_code, code(answer)) == (400, "bad-parameter-value")
    assert "date" in answer.text


def test_events_are_found_by_what_the_caller_came_for(rest: Rest) -> None:
    rid = patient(rest)
    own = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": f"Patient/{rid}"}
    assert rest.get(f"Patient/{rid}", **own).status_code == 200
    assert kinds(events(rest, f"patient={rid}&purpose=PATRQT")) == {"read": 1}
    assert kinds(events(rest, f"patient={rid}&purpose=TREAT&subtype=create")) == {"create": 1}


def test_the_log_is_read_in_a_batch_and_not_in_a_transaction(rest: Rest) -> None:
    rid = patient(rest)
    bundle = {"resourceType": "Bundle", "entry": [{"request": {"method": "GET", "url": f"AuditEvent?patient={rid}"}}]}
    told = rest("POST", "", json={**bundle, "type": "batch"}).json()["entry"][0]["resource"]
    assert [entry["resource"]["action"] for entry in told["entry"]] == ["C"]
    refused = rest("POST", "", json={**bundle, "type": "transaction"})
    assert (refused.status_code, code(refused)) == (422, "not-in-transaction")


def test_what_a_client_records_stands_beside_ours(rest: Rest) -> None:
    """ITI-20; kept apart by source."""
    rid = patient(rest)
    recorded = rest.stored(
        {
            "resourceType": "AuditEvent",
            "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110110"},
            "recorded": "2026-03-01T10:00:00Z",
            "agent": [{"requestor": True, "who": {"display": "EPJ"}}],
            "source": {"observer": {"display": "EPJ"}},
            "entity": [{"what": {"reference": f"Patient/{rid}"}}],
        }
    )
    sources = [e["source"]["observer"]["display"] for e in events(rest, f"patient={rid}")]
    assert sorted(sources) == ["EPJ", "Knutepunkt"]
    assert events(rest, f"patient={rid}&type=110110") == [recorded]
    for answer in (rest.put(recorded), rest("DELETE", f"AuditEvent/{recorded['id']}")):
        assert answer.status_code == 405


@pytest.mark.parametrize("which", ["date=lt2020", "date=gt2100", "date=ne2020", "date=sa2100&date=eb2020"])
def test_times_bound_what_is_told(rest: Rest, which: str) -> None:
    rid = patient(rest)
    expected = 1 if which.startswith("date=ne") else 0
    assert len(events(rest, f"patient={rid}&{which}&subtype=create")) == expected


def test_the_log_is_for_auditors_and_of_oneself(rest: Rest) -> None:
    """SR-34."""
    own, other = patient(rest), patient(rest)
    self_ = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": f"Patient/{own}"}
    auditor = {"X_Knutepunkt_Role": "administrator", "X_Knutepunkt_Organization": "Organization/1"}
    member = {"X_Knutepunkt_Role": "service", "X_Knutepunkt_Organization": "Organization/1"}
    told = {
        name: len(matches(rest.get(f"AuditEvent?patient={rid}&action=C", **who)))
        for name, who, rid in (
            ("own", self_, own), ("other", self_, other), ("auditor", auditor, other), ("member", member, own),
        )
    }  # fmt: skip
    assert told == {"own": 1, "other": 0, "auditor": 1, "member": 0}
    (event,) = matches(rest.get(f"AuditEvent?patient={other}&action=C"))
    assert rest.get(f"AuditEvent/{event['id']}", **self_).status_code == 404


def test_a_person_is_told_who_saw_what(rest: Rest) -> None:
    """SR-34: one query, and one page in plain Norwegian."""
    rid = patient(rest)
    organization = rest.stored({"resourceType": "Organization", "name": "Sykehuset <Innlandet>"})["id"]
    rest.get(
        f"Patient/{rid}",
        X_Knutepunkt_Role="service",
        X_Knutepunkt_Organization=f"Organization/{organization}",
        X_Knutepunkt_Purpose="BTG",
        X_Knutepunkt_Reason="Haster",
    )
    own = {"X_Knutepunkt_Role": "person", "X_Knutepunkt_Person": f"Patient/{rid}"}
    answer = rest.get(f"Patient/{rid}/$access-log?start=2026-01-01&end=2100-01-01", **own)
    assert [i for i in check(answer.json()) if i.refuses] == []
    lines = [{p["name"]: p.get("valueString") for p in one["part"]} for one in answer.json()["parameter"]]
    told = next(line for line in lines if line.get("reason") == "Haster" and line["kind"] == "Leste")
    assert told["organization"] == "Sykehuset <Innlandet>"
    assert (told["role"], told["what"]) == ("service", f"Patient/{rid}")
    assert told["basis"] == "Nødtilgang med oppgitt begrunnelse"
    page = rest.get(f"Patient/{rid}/$access-log", accept="text/html", **own)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Hvem har sett opplysninger om meg?" in page.text
    assert "Sykehuset &lt;Innlandet&gt;" in page.text
    assert "<td>Personopplysninger</td>" in page.text
    assert "<td>Tjeneste</td>" in page.text
    assert re.search(r"<td>\d\d\.\d\d\.\d{4} kl\. \d\d\.\d\d</td>", page.text)
    assert rest.get(f"Patient/{rid}/$access-log?_count=0").status_code == 400
    assert rest.get("Patient/nobody/$access-log").status_code == 404
    assert rest.get(f"Patient/{patient(rest)}/$access-log", **own).status_code == 404
    empty = rest.get(f"Patient/{rid}/$access-log?start=2100-01-01", accept="text/html")
    assert "Ingen har sett noe." in empty.text


def test_who_turned_out_to_be_another_keeps_what_was_told(rest: Rest) -> None:
    """Two records turn out to be one person: the log of either tells of both (SR-14, SR-34)."""
    one, other = patient(rest), patient(rest)
    rest.get(f"Patient/{one}")
    number = {"system": NATIONAL, "value": "01911560042"}
    for rid in (one, other):
        made = rest.get(f"Patient/{rid}").json()
        assert rest.put({**made, "identifier": [number]}).status_code == 200
    for rid in (one, other):
        assert kinds(events(rest, f"patient={rid}&subtype=read,update")) == {"read": 3, "update": 2}
