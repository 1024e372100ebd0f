"""`knutepunkt send` and the acknowledgement as a person reads it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.cli.acknowledgement import Remark, read_acknowledgement
from fhir_service.cli.console import Problem
from fhir_service.cli.send import read_messages

from .conftest import Running, free_address

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
ADMISSION = EXAMPLES / "1-admission.hl7"


def send(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(program, ["send", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.output


def test_messages_are_sent_and_answered_over_mllp(running: Running) -> None:
    code, said = send(ADMISSION, EXAMPLES / "3-discharge.hl7", "--mllp", running.mllp)
    assert code == 0
    assert "1/2 1-admission.hl7  AA  accepted  (control id EXAMPLE-1)" in said
    assert "2 sent: 2 accepted, 0 refused" in said


def test_the_same_message_is_answered_over_http(running: Running) -> None:
    assert send(ADMISSION, "--http", running.http) == send(ADMISSION, "--mllp", running.mllp)


def test_refused_message_is_shown_with_place_and_reason(running: Running, tmp_path: Path) -> None:
    broken = tmp_path / "broken.hl7"
    broken.write_bytes(ADMISSION.read_bytes().replace(b"15918512397", b"15918512398").replace(b"EXAMPLE-1", b"B-1"))
    code, said = send(broken, "--mllp", running.mllp)
    assert code == 1
    assert "AE  refused, correct the message  (control id B-1)" in said
    assert "error      PID-3.1   102 bad-check-digit" in said
    assert "15918512398" not in said  # S12


def test_bytes_that_are_no_message_get_their_answer(running: Running, tmp_path: Path) -> None:
    noise = tmp_path / "noise.bin"
    noise.write_bytes(b"\x00\xffnothing")
    code, said = send(noise, "--mllp", running.mllp)
    assert code == 1
    assert "AR" in said


def test_answer_without_acknowledgement_is_told(running: Running) -> None:
    code, said = send(ADMISSION, "--http", f"http://{running.http}/nowhere")
    assert code == 1
    assert "no answer  HTTP 404 without an acknowledgement" in said


@pytest.mark.parametrize("option", ["--mllp", "--http"])
def test_nobody_there_says_what_to_do(option: str) -> None:
    with pytest.raises(Problem, match=rf"nobody listens at .*start the service \(knutepunkt serve\).*{option}"):
        send(ADMISSION, option, free_address())


def test_address_that_is_none_says_what_is_expected() -> None:
    with pytest.raises(Problem, match="is not HOST:PORT"):
        send(ADMISSION, "--mllp", "nowhere")


@pytest.mark.parametrize("url", ["http://", "ftp://127.0.0.1/", "://"])
def test_url_that_is_none_says_what_is_expected(url: str) -> None:
    with pytest.raises(Problem, match="is no URL"):
        send(ADMISSION, "--http", url)


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"missing\.hl7 cannot be read"):
        send(tmp_path / "missing.hl7")


def test_empty_file_is_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "empty.hl7"
    file.write_bytes(b"\r\n")
    with pytest.raises(Problem, match="is empty"):
        send(file)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_batch_is_sent_message_by_message(tmp_path: Path, end: bytes) -> None:
    file = tmp_path / "batch.hl7"
    lines = [
        b"FHS|^~\\&",
        b"BHS|^~\\&",
        b"MSH|^~\\&|A",
        b"PID|1",
        b"\xef\xbb\xbfMSH|^~\\&|B",
        b"PID|2",
        b"BTS|2",
        b"FTS|1",
    ]
    file.write_bytes(end.join(lines) + end)
    assert [label for label, _ in read_messages(file)] == ["batch.hl7[1]", "batch.hl7[2]"]
    first, second = (body for _, body in read_messages(file))
    assert first == b"MSH|^~\\&|A" + end + b"PID|1\r"
    assert second == b"\xef\xbb\xbfMSH|^~\\&|B" + end + b"PID|2\r"


def test_one_message_is_sent_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "one.hl7"
    body = b"\xef\xbb\xbfMSH|^~\\&|A\nNTE|1||MSH|is a word here\n\n"
    file.write_bytes(body)
    assert [sent for _, sent in read_messages(file)] == [body]


def test_errors_of_new_versions_are_read_from_err_2_to_8() -> None:
    answer = read_acknowledgement(
        b"MSH|^~\\&|K|||||||1|P|2.5\rMSA|AE|17|Wrong\r"
        b"ERR||PID^1^3^2^1|102^Data type error|E|bad-date||PID-3[2].1|Wrong\r"
    )
    assert (answer.code, answer.control_id, answer.accepted) == ("AE", "17", False)
    assert answer.remarks == (Remark("error", "PID-3[2].1", "102 bad-date", "Wrong"),)


def test_errors_of_old_versions_are_read_from_err_1() -> None:
    answer = read_acknowledgement(
        b"MSH|^~\\&|K|||||||1|P|2.3\rMSA|AE|17|Wrong\rERR|PID^1^3^102&Data type error&HL70357~PV1^1^44^101&Missing\r"
    )
    assert answer.remarks == (
        Remark("error", "PID-3", "102", "Data type error"),
        Remark("error", "PV1-44", "101", "Missing"),
    )


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"MSH|^~\\&|\rMSA|AA|1\rERR|" + tail))
def test_reading_an_answer_never_raises(body: bytes) -> None:
    assert read_acknowledgement(body).accepted in (True, False)
