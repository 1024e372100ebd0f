"""Ids of what the service makes: UUIDs of version 7, which begin with the time.  RFC 9562 5.7

What is made together lies together in the index of ids, so that a commit writes one page of it rather than one for each
resource. The other 74 bits are random: nobody guesses an id.
"""

import time
from secrets import token_bytes

_VERSION = 0x7000_8000_0000_0000_0000
"""The bits of version 7 and of the variant."""
_RANDOM = 0x0FFF_3FFF_FFFF_FFFF_FFFF


def new_id() -> str:
    """An id for something new."""
    millis = time.time_ns() // 1_000_000
    text = f"{millis << 80 | _VERSION | int.from_bytes(token_bytes(10)) & _RANDOM:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
