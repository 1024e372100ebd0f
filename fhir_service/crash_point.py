"""Die at a named point, as by kill -9, when the environment names it: shows what a crash there leaves (SR-1, SR-6).

`KNUTEPUNKT_CRASH_AT=received`. Nobody sets it but tests; unset, a point costs one comparison.
"""

import os
from typing import Final

VARIABLE: Final = "KNUTEPUNKT_CRASH_AT"
RECEIVED: Final = "received"
"""The message is kept (T1 is committed), nothing else is done."""
UNCOMMITTED: Final = "uncommitted"
"""Its effects and its receipt are worked out, and not yet handed to the database (T2)."""
UNANSWERED: Final = "unanswered"
"""T2 is committed; the sender has heard nothing yet."""
POINTS: Final = (RECEIVED, UNCOMMITTED, UNANSWERED)
_NAMED: Final = os.environ.get(VARIABLE)


def crash_point(name: str) -> None:
    """End the process at once, with nothing put in order, if this is the point that was named."""
    if name == _NAMED:
        os._exit(70)
