"""To wait for what is going to happen, however slow the machine is."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

T = TypeVar("T")
GUARD = 120.0
"""Seconds after which a test hangs. No test measures with it."""


def until(look: Callable[[], T | Literal[False] | None], pause: float = 0.02) -> T:
    """Look again and again until something is found; what was found."""
    ends = time.monotonic() + GUARD
    while not (found := look()):
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(pause)
    return found


async def until_found(look: Callable[[], Awaitable[T | None]], pause: float = 0.002) -> T:
    """The same on a loop."""
    async with asyncio.timeout(GUARD):
        while not (found := await look()):
            await asyncio.sleep(pause)
    return found


async def until_true(look: Callable[[], object], pause: float = 0.002) -> None:
    """Wait on a loop until something holds."""
    async with asyncio.timeout(GUARD):
        while not look():
            await asyncio.sleep(pause)
