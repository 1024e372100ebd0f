"""MLLP frames out of a stream (hl7v2-mapping.md 13)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mllp.framing import Abandoned, Event, Frame, FrameReader, Http, Noise, TooLarge, wrap

ONE, TWO = b"MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|Å\r".encode()


def read(*pieces: bytes, max_frame: int = 1000) -> list[Event]:
    reader = FrameReader(max_frame)
    return [event for piece in pieces for event in reader.feed(piece)]


def test_frame_in_pieces_is_one_message():
    whole = wrap(ONE)
    assert read(*[whole[n : n + 1] for n in range(len(whole))]) == [Frame(ONE)]


def test_several_frames_in_one_piece_are_several_messages():
    assert read(wrap(ONE) + wrap(TWO)) == [Frame(ONE), Frame(TWO)]


@pytest.mark.parametrize("end", [b"\x1c", b"\x1c\n", b"\x1c\r", b"\x1c\r\x1c\r", b"\x1c\r\n \t"])
def test_end_of_every_kind_ends_the_frame(end):
    assert read(b"\x0b" + ONE + end + wrap(TWO)) == [Frame(ONE), Frame(TWO)]


def test_cr_in_a_later_piece_is_not_noise():
    assert read(b"\x0b" + ONE + b"\x1c", b"\r", wrap(TWO)) == [Frame(ONE), Frame(TWO)]


def test_doubled_framing_is_one_message():
    assert read(b"\x0b\x0b" + ONE + b"\x1c\r\x1c\r") == [Frame(ONE)]


def test_empty_frame_is_a_message_that_says_nothing_and_gets_its_answer():
    assert read(b"\x0b\x1c\r\x0b\r\n\x1c\r") == [Frame(b""), Frame(b"\r\n")]


def test_new_start_inside_a_frame_abandons_what_was_begun():
    assert read(b"\x0bMSH|half", wrap(ONE)) == [Abandoned(b"MSH|half\x0b"), Frame(ONE)]


def test_bytes_between_frames_are_counted_unless_they_are_blank():
    assert read(b"\r\n ", wrap(ONE), b"abc", b"de", wrap(TWO)) == [Frame(ONE), Noise(5), Frame(TWO)]


@pytest.mark.parametrize("verb", ["GET", "POST", "OPTIONS", "DELETE"])
def test_http_is_recognised_in_any_pieces(verb):
    request = f"{verb} / HTTP/1.1\r\n".encode()
    assert Http() in read(request)
    assert Http() in read(*[request[n : n + 1] for n in range(len(request))])


def test_http_verb_within_a_message_is_text():
    assert read(wrap(b"MSH|GET /")) == [Frame(b"MSH|GET /")]


def test_frame_above_the_limit_is_told_once_and_passed_over():
    big = b"\x0bMSH|" + b"x" * 3000
    events = read(big, b"y" * 3000, b"\x1c\r", wrap(ONE), max_frame=2000)
    assert [type(event) for event in events] == [TooLarge, Frame]
    assert events[0].head.startswith(b"MSH|xxx")
    assert events[1] == Frame(ONE)


def test_frame_of_exactly_the_limit_is_taken():
    assert read(wrap(b"x" * 1000)) == [Frame(b"x" * 1000)]
    assert isinstance(read(wrap(b"x" * 1001))[0], TooLarge)


def test_reader_knows_whether_it_is_inside_a_frame():
    reader = FrameReader(100)
    reader.feed(b"\x0bMSH")
    assert reader.inside
    reader.feed(b"\x1c")
    assert not reader.inside


BODIES = st.binary(min_size=1, max_size=40).filter(lambda b: not {0x0B, 0x1C}.intersection(b) and b.strip() != b"")


@given(st.lists(BODIES, max_size=5), st.data())
def test_chunking_never_matters(bodies, data):
    stream = b"".join(wrap(body) for body in bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(*pieces) == [Frame(body) for body in bodies]


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_any_stream_is_read_without_growing(pieces):  # SR-8
    reader = FrameReader(20)
    for piece in pieces:
        reader.feed(piece)
    assert len(reader._buffer) <= 20
    assert len(reader._noise) <= 8
