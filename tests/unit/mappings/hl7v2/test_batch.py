"""Several messages in one body (hl7v2-mapping.md 13, Batches)."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from mappings.hl7v2.batch import join, split

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
ONE = b"MSH|^~\\&|A|B|||||ADT^A01|1|P|2.5\rPID|1\r"
TWO = b"MSH|^~\\&|A|B|||||ADT^A01|2|P|2.5\rPID|1\r"
BHS = b"BHS|^~\\&|A|B|C|D|2026||n|c|77\r"


def test_single_message_is_passed_on_as_it_is():
    assert split(b"\n " + ONE).messages == (b"\n " + ONE,)
    assert split(b"GARBAGE").messages == (b"GARBAGE",)
    assert split(b"").messages == (b"",)


def test_messages_one_after_another_are_split_at_their_headers():
    found = split(b"\xef\xbb\xbf" + ONE + b"\n" + TWO)
    assert found.messages == (ONE + b"\n", TWO)
    assert join(found, [b"ack1\r", b"ack2\r"], NOW, "x") == b"ack1\rack2\r"


def test_batch_is_answered_in_a_batch():
    found = split(b"FHS|^~\\&|A\r" + BHS + ONE + TWO + b"BTS|2\rFTS|1\r")
    assert found.messages == (ONE, TWO)
    assert found.note == ""
    assert join(found, [b"ack1\r", b"ack2\r"], NOW, "0f0e0d0c-1111-2222-3333-444444444444") == (
        b"BHS|^~\\&|C|D|A|B|20261122101530+0000||||0f0e0d0c111122223333|77\rack1\rack2\rBTS|2\r"
    )


def test_wrong_count_in_a_trailer_is_noted_in_the_answer():
    found = split(BHS + ONE + b"BTS|5\r")
    assert join(found, [b"a\r"], NOW, "x").endswith(b"BTS|1|The count in BTS-1 differs from what was received\r")


def test_bad_message_among_others_stays_a_message_of_its_own():
    bad = b"MSH|^^^|broken\r"
    assert split(ONE + bad + TWO).messages == (ONE, bad, TWO)


def test_header_named_in_a_text_splits_nothing():
    body = ONE + b"OBX|1|TX|||see MSH|and BHS\r"
    assert split(body).messages == (body,)


def test_batch_without_messages_is_one_unreadable_message():
    assert split(BHS + b"BTS|0\r").messages == (BHS + b"BTS|0\r",)


@given(
    st.lists(st.sampled_from([ONE, TWO, BHS, b"BTS|1\r", b"x\r", b"\r\n", b"MSH", b"BHS\r", b"BHS|||\r"]), max_size=8)
)
def test_any_body_is_split_and_joined(parts):
    found = split(b"".join(parts))
    assert found.messages
    assert isinstance(join(found, [b"ack\r"] * len(found.messages), NOW, "x"), bytes)
