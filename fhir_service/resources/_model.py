"""What a module under `resources/` declares about its type."""

from collections.abc import Callable
from dataclasses import dataclass

from profiles.resource import Resource


@dataclass(frozen=True, slots=True)
class OwnParameter:
    """A search parameter beside those of R4 (workflow.md 9). `expression`: a path as in R4's SearchParameters;
    `says`: what it finds.

    `over`: the chain that it stands for, where the path leads into another resource (`care-team:CareTeam.coordinator`).
    What is there now is asked for then, as the caller sees it; nothing is indexed.
    """

    code: str
    type: str
    expression: str
    says: str
    targets: tuple[str, ...] = ()
    over: str = ""


def nothing(_: Resource) -> tuple[str, ...]:
    """Claims no place in `in_force`."""
    return ()


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type with something of its own (decision 33); the one constant `RESOURCE` of a module.

    `typed`: the parameters with one value each that get a column in the type's own narrow index table (stack.md 5).
    `parameters`: search parameters of our own.
    `in_force`: which places of the table `in_force` the resource holds (decision 35): `plan`, `coordinator`, ...
    `put_away`: whether a search finds it only by its status: it was never what it says that it is.
    `guarded`: whether it is one of the resources of decision 9 (If-Match required, not deletable).
    `interactions`: what may be done with it over REST.
    `sorts`: what `_sort` may name; None: whatever has an order.
    """

    name: str
    typed: tuple[str, ...] = ()
    parameters: tuple[OwnParameter, ...] = ()
    in_force: Callable[[Resource], tuple[str, ...]] = nothing
    put_away: Callable[[Resource], bool] | None = None
    guarded: Callable[[Resource], bool] = lambda _: False
    interactions: frozenset[str] = frozenset(
        {"create", "read", "vread", "update", "patch", "delete", "history-instance", "history-type", "search-type"}
    )
    sorts: frozenset[str] | None = None
