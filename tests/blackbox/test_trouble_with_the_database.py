"""A locked database and a full disk are an answer, not a crash, and pass without a restart (SR-7)."""

import resource
import sqlite3
from contextlib import closing

import httpx
import pytest

from .conftest import Service, err_codes, msa
from .test_bad_messages import A01, CONTROL_ID


def message(control: str, more: bytes = b"") -> bytes:
    return A01.replace(CONTROL_ID, control).replace("X-1", f"V-{control}").encode() + more


def kept(service: Service, control: str) -> int:
    return len(service.hub().find("Encounter", identifier=f"V-{control}"))


def test_message_while_the_database_is_locked_is_to_be_sent_again(service: Service) -> None:
    with closing(sqlite3.connect(service.folder / "knutepunkt.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = service.exchange(message("L1"))[0]
        assert (msa(answer), err_codes(answer)) == (("AR", "L1"), ["207"])
        refused = httpx.post(f"{service.fhir}/Patient", json={"resourceType": "Patient"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert httpx.get(f"{service.fhir}/Patient").status_code == 200  # reading goes on
    assert msa(service.exchange(message("L1"))[0]) == ("AA", "L1")
    assert kept(service, "L1") == 1
    assert b"message not stored" in service.log.read_bytes()  # the operator hears of it


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of a running process are Linux's")
def test_full_disk_loses_nothing_and_passes(service: Service) -> None:
    assert service.process
    large = max(file.stat().st_size for file in service.folder.iterdir())
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (large + 300_000, resource.RLIM_INFINITY))
    acknowledged = []
    for number in range(60):
        answer = service.exchange(message(f"D{number}", b"ZZZ|" + b"x" * 50_000))[0]
        if msa(answer)[0] != "AA":
            break
        acknowledged.append(f"D{number}")
    assert acknowledged
    assert (msa(answer)[0], err_codes(answer)) == ("AR", ["207"])
    assert httpx.get(f"{service.fhir}/Encounter?_count=1").status_code == 200
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    late = f"D{len(acknowledged)}"
    assert msa(service.exchange(message(late, b"ZZZ|" + b"x" * 50_000))[0])[0] == "AA"
    service.kill()
    service.start()
    assert [control for control in (*acknowledged, late) if kept(service, control) != 1] == []
