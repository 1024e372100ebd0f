"""Advisory locks of a transaction: what nobody else may be at work on (decision 31).

A name is locked by a number of 64 bits made from it; two names with one number wait for each other, and nothing worse.
"""

from collections.abc import Iterable
from hashlib import blake2b

BEGIN = "BEGIN"


def number(name: str) -> int:
    """The number that PostgreSQL knows a name by."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)


def at_once(numbers: Iterable[int]) -> str:
    """Commands that lock all of them or fail with a division by zero: nobody waits for a lock while holding another."""
    return ";".join(f"SELECT 1 / pg_try_advisory_xact_lock({n})::int" for n in sorted(numbers))


def in_order(numbers: Iterable[int]) -> str:
    """Commands that wait for each: everybody waits in the same order, so nobody waits for ever."""
    return ";".join(f"SELECT pg_advisory_xact_lock({n})" for n in sorted(numbers))
