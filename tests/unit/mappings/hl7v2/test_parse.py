"""Bytes to segments (hl7v2-mapping.md 3)."""

from pathlib import Path

import pytest
from hl7apy.core import Message
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from mappings.hl7v2.parse import parse
from mappings.message import Endpoint, Severity
from tests.steps import steps

ROOT = Path(__file__).parents[4]
SAMPLES = sorted((ROOT.parent / "shared/reference/hl7v2-samples").glob("*.hl7"))
CASES = sorted((ROOT / "tests/cases/hl7v2").glob("**/*.hl7"))
HEADER = r"MSH|^~\&|DIPS|HUS|KNUTEPUNKT|BERGEN|20261122101500+0100||ADT^A03|42|P|2.5"
DEV = Endpoint()


def read(text: str | bytes, endpoint: Endpoint = DEV, charset: str | None = None):
    body = text.encode() if isinstance(text, str) else text
    message, issues = parse(body, endpoint, charset)
    assert message is not None
    return message, [issue.code for issue in issues]


def message_of(*lines: str, declared: str = "") -> str:
    header = HEADER + "|" * 6 + declared if declared else HEADER
    return "\r".join((header, *lines)) + "\r"


# 3.1 Character set


@pytest.mark.parametrize(
    ("declared", "codec", "expected", "codes"),
    [
        ("UNICODE UTF-8", "utf-8", "utf-8", []),
        ("utf8", "utf-8", "utf-8", []),
        ("8859/1", "iso8859-1", "iso8859-1", []),
        ("ISO-8859-1", "cp1252", "iso8859-1", []),
        ("8859/15", "iso8859-15", "iso8859-15", []),
        ("8859/4", "iso8859-4", "iso8859-4", []),
        ("", "utf-8", "utf-8", []),
        ("ASCII", "utf-8", "utf-8", []),
        ("", "cp1252", "cp1252", ["charset-guessed"]),
        ("UNICODE UTF-8", "cp1252", "cp1252", ["charset-mismatch"]),
        ("8859/1", "utf-8", "utf-8", ["charset-mismatch"]),
        ("UNICODE UTF-16", "utf-8", "utf-8", []),
    ],
)
def test_character_set_is_the_declared_one_unless_the_bytes_say_otherwise(declared, codec, expected, codes):
    message, told = read(message_of("PID|||1||Ødegård^Åse", declared=declared).encode(codec))
    assert message.charset == expected
    assert message.first("PID").value(5) == "Ødegård"
    assert told == codes


def test_8859_1_with_windows_letters_is_read_as_cp1252():
    message, told = read(message_of("NTE|1||– sitat –", declared="8859/1").encode("cp1252"))
    assert (message.first("NTE").value(3), message.charset, told) == ("– sitat –", "cp1252", [])


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_byte_order_mark_wins_over_msh_18(codec):
    message, told = read(message_of("PID|||1||Ødegård", declared="8859/1").encode(codec))
    assert (message.first("PID").value(5), told) == ("Ødegård", [])


def test_transport_charset_wins_over_msh_18():
    message, _ = read(message_of("PID|||1||Łódź", declared="8859/1").encode("iso8859-2"), DEV, "ISO-8859-2")
    assert message.first("PID").value(5) == "Łódź"


def test_forced_charset_of_the_endpoint_wins_over_msh_18():
    body = message_of("PID|||1||Ødegård", declared="UNICODE UTF-8").encode("cp1252")
    message, told = read(body, Endpoint(charset="8859/1", force_charset=True))
    assert (message.first("PID").value(5), told) == ("Ødegård", [])


def test_default_charset_of_the_endpoint_is_used_when_none_is_declared():
    message, told = read(message_of("PID|||1||Łódź").encode("iso8859-2"), Endpoint(charset="8859/2"))
    assert (message.first("PID").value(5), told) == ("Łódź", [])


def test_bytes_of_no_character_set_are_refused_at_msh_18_and_can_still_be_answered():
    message, issues = parse(message_of("PID|||1||").encode() + b"\x81\xff\r", DEV)
    assert message is not None
    assert message.control_id == "42"
    assert [(i.code, i.at, i.severity) for i in issues] == [("undecodable", "MSH-18", Severity.ERROR)]


@pytest.mark.parametrize("control", ["\x00", "\x01", "\x0b", "\x1c", "\x1f"])
def test_control_character_that_no_text_holds_refuses_the_message(control):
    _, issues = parse(message_of(f"PID|||1||A{control}B").encode(), DEV)
    assert [(i.code, i.at) for i in issues] == [("undecodable", "PID")]


# 3.2 Line ends and segments


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\n\r\n", "\r\r  "])
def test_line_ends_of_every_kind_separate_segments(end):
    message, told = read(end.join((HEADER, "EVN|A03", "PID|1", "PV1|1")))
    assert [s.name for s in message.segments] == ["MSH", "EVN", "PID", "PV1"]
    assert told == []


def test_line_without_a_segment_name_continues_the_one_before():
    message, _ = read(message_of("NTE|1||first", "second, with | in it", "", "", "fourth", "PID|1"))
    assert message.first("NTE").field(3) == "first\nsecond, with "
    assert message.first("NTE").field(4) == " in it\n\n\nfourth"
    assert message.first("PID").line == 2


def test_lower_case_names_are_read_as_upper_case_with_a_warning():
    message, told = read("msh" + HEADER[3:] + "\rpid|||7")
    assert message.first("PID").value(3) == "7"
    assert told == ["lower-case-segment", "lower-case-segment"]


def test_segments_of_one_name_are_numbered():
    message, _ = read(message_of("DG1|1||A", "ZZZ|x", "DG1|2||B"))
    assert [(s.number, s.line, s.value(3)) for s in message.all("DG1")] == [(1, 1, "A"), (2, 3, "B")]
    assert message.all("DG1")[1].at(3, 2, 1) == "DG1[2]-3[2].1"
    assert message.first("PV1") is None


@pytest.mark.parametrize("body", [b"", b"\r\n", b"GARBAGE", b"MSH", b"PID|1", b"\xff\xfe", b"FHS|^~\\&|A"])
def test_bytes_without_a_header_are_unreadable(body):
    message, issues = parse(body, DEV)
    assert message is None
    assert issues[-1].code == "unreadable"


def test_message_cut_off_by_the_start_of_another_is_unreadable():
    message, issues = parse(message_of("PID|1").encode() + b"\x0b", DEV)
    assert (message, [i.code for i in issues]) == (None, ["unreadable"])


# 3.3 Delimiters


def test_own_delimiters_of_a_message_are_used():
    message, told = read("MSH$%*!@$A$B$$$$$ADT%A01$9$P$2.5\rPID$$$1%2*3%4$$x@y")
    pid = message.first("PID")
    assert [r.value(2) for r in pid.repetitions(3)] == ["2", "4"]
    assert (pid.value(5, 1, 2), message.event, told) == ("y", "A01", [])


@pytest.mark.parametrize(("msh_2", "subcomponent"), [("", "&"), ("^", "&"), ("^~", "&"), (r"^~\&#", "&")])
def test_missing_delimiters_are_filled_and_a_fifth_is_accepted(msh_2, subcomponent):
    message, told = read(f"MSH|{msh_2}|A|B|||||ADT^A01|9|P|2.8\rPID|||a#b")
    assert message.delimiters.subcomponent == subcomponent
    assert (message.first("PID").value(3), message.control_id, told) == ("a#b", "9", [])


def test_doubled_backslash_is_read_as_one_with_a_warning():
    message, told = read("MSH|^~\\\\&|A|B|||||ADT^A01|9|P|2.5\rPID|||a\\T\\b&c")
    assert message.delimiters.encoding_characters == "^~\\&"
    assert message.first("PID").value(3) == "a&b"
    assert told == ["doubled-backslash"]


@pytest.mark.parametrize(
    "start", ["MSH|^^\\&|", "MSH||~\\&^|x", "MSH|^~a&|", "MSHA^~\\&A", "MSH ^~\\& ", "MSH|^~\\&#!|"]
)
def test_unusable_delimiters_are_unreadable(start):
    message, issues = parse(f"{start}A|B".encode(), DEV)
    if start == "MSH||~\\&^|x":  # an empty MSH-2 is filled in
        assert message is not None
        return
    assert message is None
    assert [i.code for i in issues] == ["unreadable"]


def test_msh_is_numbered_from_its_separator():
    message, _ = read(HEADER)
    msh = message.msh
    assert (msh.value(1), msh.value(2), msh.value(3), msh.value(12)) == ("|", r"^~\&", "DIPS", "2.5")
    assert msh.fields == 12
    assert [r.raw for r in msh.repetitions(2)] == [r"^~\&"]


# 3.4, 3.5 Leaves


def test_absent_empty_and_null_are_told_apart():
    message, _ = read(message_of('PID|||""||""^Kari|||'))
    pid = message.first("PID")
    assert pid.is_null(3)
    assert pid.value(3) == ""
    assert not pid.is_null(4)
    assert (pid.value(5, 2), pid.repetitions(5)[0].is_null(1), pid.is_null(5)) == ("Kari", True, False)
    assert (pid.repetitions(7), pid.repetitions(99), pid.value(99), pid.value(0)) == ((), (), "", "")


def test_leaf_beyond_what_is_there_is_empty():
    message, _ = read(message_of("PID|||a&b^c"))
    pid = message.first("PID")
    assert [pid.value(3, 1, 1), pid.value(3, 1, 2), pid.value(3, 1, 3), pid.value(3, 2, 2), pid.value(3, 9)] == [
        "a", "b", "", "", "",
    ]  # fmt: skip


def test_whole_text_keeps_separators_that_a_sender_forgot_to_escape():
    message, _ = read(message_of(r"NTE|1||lung & heart ^ \T\ more"))
    repetition = message.first("NTE").repetitions(3)[0]
    assert repetition.text() == "lung & heart ^ & more"
    assert repetition.text(1) == "lung & heart "
    assert repetition.components == 2


def test_escapes_never_make_fields_or_segments():  # SR-21
    message, _ = read(message_of(r"PID|||a\F\b\X0D\PV1\R\c"))
    pid = message.first("PID")
    assert pid.value(3) == "a|b\rPV1~c"
    assert (len(message.segments), len(pid.repetitions(3))) == (2, 1)


def test_switch_of_character_set_is_kept_with_a_warning():
    message, issues = parse(message_of(r"PID|||\M2442\x").encode(), DEV)
    assert message is not None
    assert message.first("PID").value(3) == r"\M2442\x"
    assert [(i.code, i.at) for i in issues] == [("kept-escape", "PID")]


def test_event_falls_back_to_evn_1_and_never_to_msh_9_3():
    message, _ = read("MSH|^~\\&|A|B|||||ADT^^ADT_A03|9|P|2.2\rEVN|A01")
    assert (message.message_type, message.event) == ("ADT", "A01")


# Never raises; speed


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body):  # SR-16
    message, issues = parse(body, DEV)
    assert message is not None or any(i.refuses for i in issues)


@given(st.text(alphabet='MSHPID|^~\\&\r\n "A1X.Å\x0b', max_size=200))
def test_every_leaf_of_a_message_like_text_can_be_asked_for(text):
    message, issues = parse(f"MSH|^~\\&|{text}".encode(), DEV)
    assert message or issues
    for segment in message.segments if message else ():
        for field in range(segment.fields + 2):
            assert segment.value(field, 2, 2) in "".join(r.text() for r in segment.repetitions(field))


def test_message_of_3_kb_is_read_in_few_steps():
    body = message_of(*[f"OBX|{n}|ST|8302-2^Height^LN||{'x' * 60}|||N|||F" for n in range(30)]).encode()
    assert len(body) > 2_900

    def read_all():
        message, _ = parse(body, DEV)
        for segment in message.segments:
            segment.value(3)

    read_all()  # what is made ready once
    assert steps(read_all) < 2_000


# Agreement with hl7apy (decision 22)


def components_of_hl7apy(message: Message):
    """(index of the segment, field, repetition, component) -> text; without what its dictionary has no place for."""
    for index, segment in enumerate(segments_of(message)):
        counts: dict[int, int] = {}
        for field in segment.children:
            number = number_in(field.name)
            counts[number] = counts.get(number, 0) + 1
            for component in field.children if number else ():
                yield (index, number, counts[number], number_in(component.name)), component.to_er7()


def plain(text: str) -> str:
    """Without what hl7apy takes off: blanks and `&` at the end, zeros before a number."""
    bare = text.strip().rstrip("&")
    return bare.lstrip("0") if bare.isdigit() else bare


def number_in(name: str | None) -> int:
    """`PID_3` -> 3; 0 for a primitive type (`ST`) and for what has no name."""
    number = (name or "").rpartition("_")[2]
    return int(number) if number.isdigit() else 0


def segments_of(group):
    for child in group.children:
        if child.classname == "Segment":
            yield child
        else:
            yield from segments_of(child)


@pytest.mark.parametrize("file", SAMPLES + CASES, ids=lambda file: file.stem)
def test_components_agree_with_hl7apy(file):
    ours, _ = parse(file.read_bytes(), DEV)
    assert ours is not None
    text = file.read_bytes().decode(ours.charset).lstrip("\ufeff")
    try:
        theirs = parse_message(text.replace("\r\n", "\r").replace("\n", "\r").strip(), find_groups=False)
    except HL7apyException as error:
        pytest.skip(f"hl7apy cannot read it: {type(error).__name__}")
    assert [s.name for s in ours.segments] == [s.name for s in segments_of(theirs)]
    compared = 0
    for (index, number, repetition, component), expected in components_of_hl7apy(theirs):
        segment = ours.segments[index]
        raw = segment.repetitions(number)[repetition - 1].raw
        if (segment.name == "MSH" and number <= 2) or (not component and ours.delimiters.component in raw):
            continue
        mine = raw.split(ours.delimiters.component)[max(component, 1) - 1]
        assert plain(mine) == plain(expected), segment.at(number, repetition, component)
        compared += 1
    assert compared > 10


def test_samples_are_at_hand_or_known_to_be_absent():
    if not SAMPLES:
        pytest.skip("no samples beside the checkout")
    assert len(SAMPLES) > 50
