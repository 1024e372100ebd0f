"""Escape sequences (hl7v2-mapping.md 3.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.hl7v2.escapes import FORBIDDEN, Delimiters, decode, encode

STANDARD = Delimiters()
TRUNCATING = Delimiters(truncation="#")
UNUSUAL = Delimiters("^", "~", "|", "]", "-")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"\P\ ", "# "),
        (r"\XC3A5\\XC3\\XA5\ ", "åå "),
        (r"line\.br\next\.ce\last", "line\nnext\nlast"),
        (r"\.sp\a\.sp3\b\.sp 2\c", "\na\n\n\nb\n\nc"),
        (r"\.in+4\a\.ti-2\b\.sk3\c\.fi\\.nf\d", "ab   cd"),
        (r"\.BR\x", "\nx"),
        (r"\H\bold\N\ text", "bold text"),
        (r"\C2842\ \M2442\ \M244255\ \Z1x\ ", r"\C2842\ \M2442\ \M244255\ \Z1x\ "),
        (r"\Zx\T\y\T\ ", r"\Zx\T\y\T\ ".replace("\\T\\ ", "& ")),
        (r"C:\temp\file", r"C:\temp\file"),
        ("open \\ backslash", "open \\ backslash"),
        ("\\", "\\"),
        (r"\XFF\ \X0\ \XZZ\ \X00\ \X1C\ ", r"\XFF\ \X0\ \XZZ\ \X00\ \X1C\ "),
        (r"\X0D0A\ ", "\r\n "),
        (r"\.sp999999\ ", r"\.sp999999\ "),
    ],
)
def test_sequence_is_decoded_or_kept_literally(text, expected):
    assert decode(text, STANDARD, "utf-8") == expected


def test_hexadecimal_bytes_are_read_in_the_charset_of_the_message():
    assert decode(r"\XE5\ ", STANDARD, "iso8859-1") == "å "
    assert decode(r"\XE5\ ", STANDARD, "utf-8") == r"\XE5\ "


def test_own_escape_character_of_a_message_is_used():
    assert decode("a]F]b]T]c", UNUSUAL, "utf-8") == "a^b-c"
    assert decode(r"a\F\b", UNUSUAL, "utf-8") == r"a\F\b"


TEXTS = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: not FORBIDDEN.search(text))


@given(TEXTS, st.sampled_from([STANDARD, TRUNCATING, UNUSUAL]))
def test_encoded_text_is_decoded_to_itself_and_splits_nothing(text, delimiters):
    written = encode(text, delimiters)
    assert decode(written, delimiters, "utf-8") == text
    separators = {delimiters.field, delimiters.component, delimiters.repetition, delimiters.subcomponent, "\r", "\n"}
    assert not separators.intersection(written)


@given(st.text(alphabet="\\XFETSCMZ.brspinti 019AåÅ", max_size=40), st.sampled_from(["utf-8", "cp1252", "iso8859-15"]))
def test_any_text_can_be_decoded(text, charset):
    assert isinstance(decode(text, STANDARD, charset), str)


@given(st.characters(codec="ascii", categories=["Cc"]))
def test_control_characters_never_reach_the_wire(character):
    assert encode(character, STANDARD) in ("\t", "\x7f") or character not in encode(character, STANDARD)
