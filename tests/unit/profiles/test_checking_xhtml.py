"""The narrative: basic HTML only (https://hl7.org/fhir/R4/narrative.html#xhtml; SR: stored script)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.checking.xhtml import NAMESPACE, xhtml


def div(inside: str, attributes: str = "") -> str:
    return f'<div xmlns="{NAMESPACE}"{attributes}>{inside}</div>'


@pytest.mark.parametrize(
    "inside",
    [
        "tekst",
        "<p>a &amp; b &#160; &nbsp;</p>",
        "<table class='grid'><tr><td colspan=\"2\">a</td></tr></table>",
        '<img src="data:image/png;base64,aGVs" alt="a"/>',
        '<img src="#pic"/>',
        '<a name="a"/><a href="#a">a</a><!-- a note -->b',
        '<p style="color: red">a</p>',
        '<p xml:lang="nb">a</p>',
    ],
)
def test_basic_html_is_accepted(inside: str) -> None:
    assert xhtml(div(inside)) is None


@pytest.mark.parametrize(
    "inside",
    [
        "<script>a</script>",
        "<SCRIPT>a</SCRIPT>",
        "<iframe src='x'>a</iframe>",
        "<svg>a</svg>",
        "<style>a</style>",
        "<p onmouseover='a()'>a</p>",
        "<p ONCLICK='a()'>a</p>",
        "<a href='javascript:a()'>a</a>",
        "<a href='JaVa\tScRiPt:a()'>a</a>",
        "<a href='&#x6A;avascript:a()'>a</a>",
        "<a href='data:text/html,a'>a</a>",
        "<img src='vbscript:a'/>",
        "<p style='width: expression(a())'>a</p>",
        "<p style='background: url(java/**/script:a)'>a</p>",
        "<form action='x'>a</form>",
        "<input/>",
        "<object>a</object>",
        "<base href='x'/>",
        "<p><b>a</p></b>",
        "<p a>b</p>",
        "<p a=b>c</p>",
        "a < b",
        "a & b",
        "a\x00b",
        "<![CDATA[a]]>",
        "<?php a ?>",
        "</div><div>a",
        "",
        " \n ",
        "<p></p>",
        "<!-- only a note -->",
    ],
)
def test_active_or_malformed_html_is_refused(inside: str) -> None:
    assert xhtml(div(inside))


@given(st.text(alphabet="<>/&;!-='\" adivpscriptxmln\n\x00\ud800", max_size=60))
def test_any_text_gets_a_verdict(inside: str) -> None:
    found = xhtml(div(inside))

    assert found is None or found[0].code in ("value", "invariant", "structure")
