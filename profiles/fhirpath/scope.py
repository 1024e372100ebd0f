"""What an evaluation carries along: the resource, the element it began with, and the steps that are left."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeAlias

from profiles.fhirpath.nodes import Node
from profiles.fhirpath.syntax import Unsupported

STEPS: Final = 200_000
"""Values looked at in one evaluation: some tenths of a second at most."""

Nodes: TypeAlias = list[Node]


@dataclass(slots=True)
class Allowance:
    """How many values may still be looked at; several evaluations can share one."""

    left: int = STEPS

    def spend(self, count: int) -> None:
        """Count values looked at; raises Unsupported when there are too many."""
        self.left -= count
        if self.left < 0:
            raise Unsupported("it takes too many steps")


@dataclass(slots=True)
class Scope:
    """`root` is `%resource`, `start` is `%context`."""

    root: Node
    start: Node
    outermost: Node
    allowance: Allowance = field(default_factory=Allowance)

    def spend(self, count: int) -> None:
        """Count the values looked at, and the look; raises Unsupported when there are too many."""
        self.allowance.spend(count + 1)


Run: TypeAlias = Callable[[Scope, Nodes, Nodes], Nodes]
"""(scope, the values it is asked of, `$this`) -> the values it gives."""


_TRUE, _FALSE = Node(True, "boolean"), Node(False, "boolean")


def boolean(value: bool) -> Nodes:
    """true or false as a collection."""
    return [_TRUE if value else _FALSE]


def string(value: str) -> Nodes:
    """A text as a collection."""
    return [Node(value, "string")]


def integer(value: int) -> Nodes:
    """A whole number as a collection."""
    return [Node(value, "integer")]


def number(value: Decimal | int) -> Nodes:
    """A number as a collection, whole where it is."""
    return [Node(value, "integer" if type(value) is int else "decimal")]


def truth(found: Nodes) -> bool | None:
    """A collection as true, false or nothing; one value that is no boolean counts as true."""
    if not found:
        return None
    if len(found) > 1:
        raise Unsupported("several values where one is expected")
    return found[0].value if type(found[0].value) is bool else True


def one(found: Nodes) -> Any:
    """The JSON of the only value; None for no value."""
    if len(found) > 1:
        raise Unsupported("several values where one is expected")
    return found[0].value if found else None


def text_of(found: Nodes) -> str | None:
    """The only value, if it is a text."""
    value = one(found)
    return value if type(value) is str else None
