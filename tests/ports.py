"""Ports that nobody else takes between their choice and their use.

A port that the system hands out may be handed to another process a moment later. These lie below those that it hands
out, and each process of the run has some of its own: it holds the first of them as long as it lives.
"""

import socket
from functools import cache
from itertools import cycle

HOST = "127.0.0.1"
FIRST, LAST, EACH = 10_000, 15_900, 100


@cache
def _held() -> tuple[socket.socket, "cycle[int]"]:
    """What stands for our ports, and the ports."""
    for first in range(FIRST, LAST, EACH):
        holder = socket.socket()
        try:
            holder.bind((HOST, first))
        except OSError:
            holder.close()
        else:
            return holder, cycle(range(first + 1, first + EACH))
    raise AssertionError("too many runs at once")


def free_port() -> int:
    """A port that nobody listens on."""
    _, ours = _held()
    for port in ours:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
