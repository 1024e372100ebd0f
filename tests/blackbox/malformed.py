"""Malformed HTTP requests, made from a seed: what a broken or hostile client sends (SR-16, SR-17, SR-18)."""

import random
from collections.abc import Callable

from . import malformed_addresses as addresses
from . import malformed_bodies as bodies
from . import malformed_bombs as bombs
from . import malformed_http as http
from .malformed_request import Malformed


def corpus(size: int, seed: int) -> list[Malformed]:
    """`size` requests, the kinds in turn; the same seed gives the same ones."""
    chance = random.Random(seed)  # noqa: S311 - for variety
    return [KINDS[number % len(KINDS)](chance) for number in range(size)]


KINDS: tuple[Callable[[random.Random], Malformed], ...] = (
    *(bodies.damaged, bodies.no_json, bodies.no_resource, bodies.doubled_key, bodies.other_bytes, bodies.other_type),
    *(bodies.no_patch, bodies.operations, bodies.bundles),
    *(bombs.deep, bombs.nested, bombs.numbers, bombs.text, bombs.expressions, bombs.patch_bombs, bombs.search_bombs),
    *(addresses.conditions, addresses.searches, addresses.paths, addresses.far_searches, addresses.histories),
    *(addresses.exports, addresses.page_links),
    *(http.no_http, http.framing, http.smuggled, http.headers),
)
