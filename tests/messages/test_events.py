"""Every message has one audit event, whatever becomes of it (SR-33)."""

import pytest

from profiles.resource import Resource
from profiles.validate import check
from tests.messages.conftest import Hospital, message
from tests.rest.conftest import Rest
from tests.rest.test_audit import events

NAMED = "PID|1||15918512397^^^&2.16.578.1.12.4.1.4.1&ISO^FNR||Prøvesen^Test||19851115|F"


def taken(hospital: Hospital) -> list[Resource]:
    return [e for e in events(hospital.rest, "type=110107&_count=200") if e["action"] == "C"]


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (lambda: message("ADT^A08", "202611201000", NAMED), "0"),
        (lambda: message("ADT^A99", "202611201000", NAMED), "4"),
        (lambda: message("ADT^A08", "202611201000"), "4"),
        (lambda: "MSH|^~\\&|\x01|" + "x" * 500, "4"),
        (lambda: "no message", "4"),
    ],
    ids=["taken in", "not served", "without a person", "broken", "nothing"],
)
def test_a_message_leaves_one_event(rest: Rest, sent: object, outcome: str) -> None:
    hospital = Hospital(rest)
    before = taken(hospital)
    assert callable(sent)
    text = sent()
    first = hospital.raw(text.encode())
    found = [e for e in taken(hospital) if e not in before]
    assert [e["outcome"] for e in found] == [outcome], first
    assert list(check(found[0])) == []
    hospital.raw(text.encode())
    again = len(taken(hospital)) - len(before)
    assert again in (1, 2)  # what has an id and is sent again is the same message
    other = text.replace("|T|2.5.1|", "|P|2.5.1|")
    if other != text:
        hospital.raw(other.encode())
        assert len(taken(hospital)) == len(before) + again + 1  # the same id with other content is refused
