"""Each read, change and refusal leaves one AuditEvent (SR-33, decisions 25 and 29), sealed against change."""

import asyncio
import base64
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.settings import Mode, Settings
from fhir_service.storage import open_audit, open_repository
from fhir_service.workflow.sealing import Sealer, Verified, verified
from profiles.resource import Resource
from profiles.validate import check
from tests import postgres
from tests.rest.conftest import BASE, NATIONAL, Rest, code, link, matches, opened_rest

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


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=f"sqlite:///{tmp_path / 'k.db'}", mllp="", base_url=BASE, export_folder=tmp_path / "e")


def test_a_read_that_cannot_be_kept_is_not_answered(settings: Settings, tmp_path: Path) -> None:
    """SR-33: 503, and again as it was when the trouble is over."""
    with opened_rest(settings, tmp_path / "k.db") as rest:
        rid = patient(rest)
        (tmp_path / "k.audit.db").rename(tmp_path / "elsewhere.db")
        gone = rest.get(f"Patient/{rid}")
        assert (gone.status_code, code(gone)) == (503, "temporary")
        assert (
            rest(
                "POST",
                "",
                json={
                    "resourceType": "Bundle",
                    "type": "transaction",
                    "entry": [{"request": {"method": "GET", "url": f"Patient/{rid}"}}],
                },
            ).status_code
            == 504
        )
        assert rest.stored({"resourceType": "Patient"})["id"]
        (tmp_path / "elsewhere.db").rename(tmp_path / "k.audit.db")
        assert rest.get(f"Patient/{rid}").status_code == 200


def test_reads_are_not_kept_where_that_is_switched_off(settings: Settings, tmp_path: Path) -> None:
    with opened_rest(settings.model_copy(update={"audit_reads": False}), tmp_path / "k.db") as rest:
        rid = patient(rest)
        rest.get(f"Patient/{rid}")
        assert kinds(events(rest, "")) == {"create": 1}
    with pytest.raises(ValueError, match="audit_reads"):
        Settings(audit_reads=False, mode=Mode.PRODUCTION)


def test_a_durable_log_waits_for_the_disk(settings: Settings, tmp_path: Path) -> None:
    with opened_rest(settings.model_copy(update={"audit_durable": True}), tmp_path / "k.db") as rest:
        rid = patient(rest)
        rest.get(f"Patient/{rid}")
        assert kinds(events(rest, f"patient={rid}")) == {"read": 1, "create": 1}


SERVING = """
import asyncio, sys, os
from contextlib import AsyncExitStack
import httpx
from fhir_service.app import create_app
from fhir_service.settings import Settings
async def main():
    app = create_app(Settings(database=sys.argv[1], mllp="", base_url="http://t/fhir"))
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(app.running())
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t/fhir")
        rid = (await client.post("/Patient", json={"resourceType": "Patient"})).json()["id"]
        done = 0
        while True:
            await asyncio.gather(*[client.get(f"/Patient/{rid}") for _ in range(10)])
            done += 10
            print("done", done, flush=True)
asyncio.run(main())
"""


def test_no_acknowledged_read_is_lost_when_the_process_dies(tmp_path: Path) -> None:
    """Decision 25: what is committed survives kill -9."""
    command = [sys.executable, "-c", SERVING, f"sqlite:///{tmp_path / 'k.db'}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        told = (line.split() for line in process.stdout)
        acknowledged = next(int(words[1]) for words in told if words[0] == "done" and int(words[1]) >= 100)
        process.send_signal(signal.SIGKILL)
        for words in told:
            acknowledged = int(words[1]) if len(words) == 2 and words[1].isdigit() else acknowledged
    with closing(sqlite3.connect(tmp_path / "k.audit.db")) as log:
        ((kept,),) = log.execute("SELECT count(*) FROM audit WHERE interaction = 'read'").fetchall()
    assert kept >= acknowledged


def sealed(folder: Path) -> Verified:
    """Seal what is there and look at it."""
    url = f"sqlite:///{folder / 'k.db'}"

    async def told() -> Verified:
        repository = open_repository(url, base_url=BASE, clock=lambda: datetime.now(UTC))
        audit = open_audit(url, clock=lambda: datetime.now(UTC))
        sealer = Sealer(repository, audit, lambda: datetime.now(UTC) + timedelta(minutes=5), settles=False)
        for chain in ("reads", "changes"):
            await sealer.seal(chain)
        found = await verified(repository, audit)
        await audit.close()
        await repository.close()
        return found

    return asyncio.run(told())


@pytest.fixture
def log(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    with opened_rest(settings, tmp_path / "k.db") as rest:
        rid = patient(rest)
        for _ in range(5):
            rest.get(f"Patient/{rid}")
        rest.put({"resourceType": "Patient", "id": rid, "gender": "male"})
    yield tmp_path


def test_what_was_sealed_holds(log: Path) -> None:
    found = sealed(log)
    assert (found.breaks, found.rows >= 7, found.seals >= 2) == ((), True, True)
    assert all(found.heads.values())


@pytest.mark.parametrize(
    ("file", "tampering", "what"),
    [
        ("k.audit.db", "UPDATE audit SET role = 'ke' WHERE at = (SELECT min(at) FROM audit)", "changed"),
        ("k.audit.db", "UPDATE audit SET persons = '' WHERE at = (SELECT max(at) FROM audit)", "changed"),
        ("k.audit.db", "DELETE FROM audit WHERE at = (SELECT min(at) FROM audit)", "removed"),
        ("k.audit.db", "INSERT INTO audit SELECT at - 1, writer, status, version, found, interaction, rtype, rid,"
         " organization, role, person, purpose, reason, basis, request_id, parameters, persons FROM audit LIMIT 1",
         "inserted"),
        ("k.audit.db", "UPDATE audit_seal SET digests = x'' WHERE chain = 'reads' AND number = 1", "seal"),
        ("k.audit.db", "DELETE FROM audit_seal WHERE chain = 'changes' AND number = 1", None),
        ("k.db", "UPDATE history SET trace = '[]' WHERE trace IS NOT NULL", "changed"),
        ("k.db", "UPDATE resource SET body = replace(body, 'male', 'female') WHERE trace IS NOT NULL", "changed"),
        ("k.db", "DELETE FROM history WHERE trace IS NOT NULL", "removed"),
    ],
)  # fmt: skip
def test_tampering_is_found_and_placed(log: Path, file: str, tampering: str, what: str | None) -> None:
    assert sealed(log).breaks == ()
    with closing(sqlite3.connect(log / file)) as connection:
        connection.execute(tampering)
        connection.commit()
    breaks = sealed(log).breaks
    if what is not None:
        assert what in {one.what for one in breaks}
        assert all(one.at.year >= 2026 for one in breaks)


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


@pytest.mark.parametrize("tampering", [None, "DELETE FROM audit WHERE at = (SELECT min(at) FROM audit)"])
def test_the_command_says_whether_the_log_holds(log: Path, tampering: str | None) -> None:
    heads = sealed(log).heads
    if tampering:
        with closing(sqlite3.connect(log / "k.audit.db")) as connection:
            connection.execute(tampering)
            connection.commit()
    asked = ["audit", "verify", "--database", f"sqlite:///{log / 'k.db'}"]
    told = CliRunner().invoke(program, [*asked, "--holds", heads["reads"]])
    assert told.exit_code == (1 if tampering else 0), told.output
    assert ("a row was removed" in told.output) is bool(tampering)
    assert (heads["reads"] in told.output) is not bool(tampering)
    missing = CliRunner().invoke(program, [*asked, "--holds", "0" * 64])
    assert missing.exit_code == 1
    assert "there is no such seal" in missing.output


def test_rows_of_several_processes_are_sealed_when_nothing_earlier_comes(settings: Settings, tmp_path: Path) -> None:
    """PostgreSQL seals late."""
    with postgres.empty_database() as url:
        with opened_rest(settings.model_copy(update={"database": url}), tmp_path / "k.db") as rest:
            rid = patient(rest)
            rest.get(f"Patient/{rid}")
        before, after = asyncio.run(sealed_late(url))
    assert (before.breaks, after.breaks) == ((), ())
    assert after.rows > before.rows


async def sealed_late(url: str) -> tuple[Verified, Verified]:
    """Before anything can be, and when everything is."""
    repository = open_repository(url, base_url=BASE, clock=lambda: datetime.now(UTC))
    audit = open_audit(url, clock=lambda: datetime.now(UTC))
    now = Sealer(repository, audit, lambda: datetime(2026, 1, 1, tzinfo=UTC), settles=True)
    await now.seal("changes")
    before = await verified(repository, audit)
    later = Sealer(repository, audit, lambda: datetime.now(UTC) + timedelta(minutes=5), settles=True)
    for chain in ("reads", "changes"):
        await later.seal(chain)
    found = before, await verified(repository, audit)
    await audit.close()
    await repository.close()
    return found
