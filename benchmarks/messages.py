"""HL7 v2 messages for the measurements."""

import os
from datetime import UTC, datetime


def admission(counter) -> bytes:
    """ADT^A01 of one of 500 persons without national number, a new stay each."""
    number = next(counter)
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S%z")
    lines = [
        f"MSH|^~\\&|BENCH|HOSP^883974832^ENH|KP|KE|{now}||ADT^A01^ADT_A01|B{os.getpid()}-{number}|T|2.5.1"
        "||||||UNICODE UTF-8",
        f"EVN||{now}",
        f"PID|1||P{number % 500}^^^BENCH^MR||Nordmann^Kari^^^^^L||19800101|F|||Gate 1^^Trondheim^^7011^NOR^H^^5001"
        "||73500000^PRN^PH",
        "NK1|1|Nordmann^Ola|SPO|Gate 1^^Trondheim^^7011|73500001",
        f"PV1|1|I|NEVRO^201^1^HOSP||||^Lie^Ingrid^^^Dr||||||||||||V{number}^^^BENCH{'|' * 25}{now}",
        f"DG1|1||I63.9^Hjerneinfarkt^I10||{now}|F",
    ]
    return b"\x0b" + "\r".join(lines).encode() + b"\x1c\x0d"
