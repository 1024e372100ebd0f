"""What bad input gets over MLLP, and that the process goes on (hl7v2-mapping.md 12, SR-4, SR-16)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_service.demo import messages
from fhir_service.demo.stories.p01_arne import ARNE

from .conftest import Service, err_codes, msa

SAMPLES = Path(__file__).parents[3] / "shared" / "reference" / "hl7v2-samples"
A01 = messages.admission(ARNE, messages.ST_OLAVS, "X-1", datetime.now(UTC).replace(microsecond=0))
CONTROL_ID = A01.split("|")[9]

BAD = {
    "unparseable bytes": (b"\x00\xff not a message", "AR", "100"),
    "nothing at all": (b"", "AR", "100"),
    "unknown message type": (A01.replace("ADT^A01^ADT_A01", "XYZ^Q99^XYZ_Q99").encode(), "AR", "200"),
    "unknown event": (A01.replace("ADT^A01^ADT_A01", "ADT^A99^ADT_A99").encode(), "AR", "201"),
    "wrong check digit": (A01.replace(ARNE.number, "14837112127").encode(), "AE", "102"),
    "no control id": (A01.replace(CONTROL_ID, "").encode(), "AR", "101"),
    "no patient": ("\r".join(s for s in A01.split("\r") if not s.startswith("PID")).encode(), "AE", "100"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_message_gets_its_code_and_is_listed(shared_service: Service, case: str) -> None:
    body, code, table_0357 = BAD[case]
    body = body.replace(CONTROL_ID.encode(), case.replace(" ", "-").encode())
    answer = shared_service.exchange(body)[0]
    assert msa(answer)[0] == code
    assert table_0357 in err_codes(answer)
    assert ARNE.number not in answer.decode()  # no personal data in an answer
    assert shared_service.alive()


def test_same_id_with_other_content_is_refused(shared_service: Service) -> None:
    control = "REUSED-1"
    first = A01.replace(CONTROL_ID, control).encode()
    other = A01.replace(CONTROL_ID, control).replace("NEVRO", "KIR").encode()
    answers = shared_service.exchange(first, other, first)
    assert [msa(a) for a in answers] == [("AA", control), ("AE", control), ("AA", control)]
    assert err_codes(answers[1]) == ["205"]
    assert answers[2] == answers[0]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the public samples are not beside this checkout")
def test_every_public_sample_gets_an_answer(shared_service: Service) -> None:
    for sample in sorted(SAMPLES.glob("*.hl7")):
        answer = shared_service.exchange(sample.read_bytes())[0]
        assert msa(answer)[0] in ("AA", "AE", "AR", "CA", "CE", "CR"), sample.name
        assert "207" not in err_codes(answer), sample.name  # internal or temporary
    assert shared_service.alive()
