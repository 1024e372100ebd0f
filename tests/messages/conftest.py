"""A hospital at the door: segments in, the answer and the resources out; the whole service in one process."""

from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest

from profiles.resource import Resource
from tests.rest.conftest import Rest, matches, rest

__all__ = ["rest"]

NUMBERS = ("15918512397", "01911560042", "15821470134")
HL7 = {"content-type": "application/hl7-v2"}
_IDS = count(1)


class Hospital:
    """Sends HL7 v2 as St. Olavs hospital does; `at`: local time, `202611201000`."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest

    def send(self, kind: str, at: str, *segments: str, **header: str) -> tuple[str, list[str]]:
        """MSA-1, and the ERR segments of the answer."""
        answer = self.raw(message(kind, at, *segments, **header).encode()).split("\r")
        msa = next(line for line in answer if line.startswith("MSA"))
        return msa.split("|")[1], [line for line in answer if line.startswith("ERR")]

    def raw(self, body: bytes) -> str:
        return self.rest("POST", "http://knutepunkt.test/hl7v2", content=body, headers=HL7).text

    def find(self, rtype: str, **parameters: str) -> list[Resource]:
        return matches(self.rest.get(f"{rtype}?{urlencode(parameters)}"))

    def patient(self, number: str) -> Resource:
        (one,) = self.find("Patient", identifier=number)
        return one

    def stay(self, visit: str) -> Resource:
        (one,) = self.find("Encounter", identifier=visit)
        return one


def message(kind: str, at: str, *segments: str, **header: str) -> str:
    """MSH with a new MSH-10 unless `control` is given, EVN for ADT, and the segments."""
    control = header.get("control", f"C{next(_IDS)}")
    facility = header.get("facility", "St. Olavs hospital^883974832^ENH")
    msh = f"MSH|^~\\&|DIPS|{facility}|KNUTEPUNKT|KE|{at}00+0100||{kind}|{control}|T|2.5.1||||||UNICODE UTF-8"
    evn = [f"EVN||{at}"] if kind.startswith("ADT") else []
    return "\r".join([msh, *evn, *segments, ""])


def segment(name: str, **fields: str) -> str:
    """`segment("PV1", f2="I", f19="V1")`"""
    numbers: dict[int, Any] = {int(key[1:]): text for key, text in fields.items()}
    return "|".join([name, *(numbers.get(n, "") for n in range(1, max(numbers) + 1))])


def pid(number: str, **fields: str) -> str:
    usual = {
        "f3": f"{number}^^^FNR^FNR",
        "f5": "Moen^Arne^^^^^L",
        "f11": "Gate 1^^Trondheim^^7011^NOR^H^^5001",
        "f13": "99887766^PRN^CP",
    }
    return segment("PID", **(usual | fields))


def pv1(visit: str, **fields: str) -> str:
    return segment("PV1", **({"f2": "I", "f3": "NEVRO^201^1^StO", "f19": f"{visit}^^^DIPS"} | fields))


@pytest.fixture
def hospital(rest: Rest) -> Iterator[Hospital]:
    yield Hospital(rest)
