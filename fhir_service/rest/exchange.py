"""The values that every interaction takes and returns: `await interaction(face, request) -> Reply`."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_service.principal import DEVELOPER, Principal
from fhir_service.rest.paging import PageTokens
from fhir_service.storage.port import Repository
from fhir_service.workflow import Office

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope: TypeAlias = MutableMapping[str, Any]
Header: TypeAlias = tuple[bytes, bytes]
Parameters: TypeAlias = list[tuple[str, str]]


class ClientGone(Exception):
    """The client hung up before its request was complete: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Face:
    """What the interactions work with; made once. `base`: address of the endpoint, without a slash at the end."""

    repository: Repository
    office: Office
    base: str
    pages: PageTokens
    capability: bytes
    max_body: int = 10_000_000


@dataclass(frozen=True, slots=True)
class View:
    """How the answer is to look. `native`: the client asks for something else than FHIR JSON (only Binary has it);
    `any_form`: it names no form, so that a Binary comes in its own."""

    pretty: bool = False
    native: bool = False
    any_form: bool = False


PLAIN = View()


# Not frozen: one of each is made per request, and a frozen instance takes four times as long to make.
@dataclass(slots=True)
class Request:
    """One request as the router understood it. `parameters`: those of the address, without `_format` and `_pretty`."""

    method: str
    rtype: str
    rid: str
    version: str
    headers: dict[bytes, bytes]
    receive: Receive
    by: Principal = DEVELOPER
    view: View = PLAIN
    parameters: Parameters = field(default_factory=list)


@dataclass(slots=True)
class Reply:
    """What is sent back; the router adds `content-length` and `x-request-id`."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = b""


Interaction: TypeAlias = Callable[[Face, Request], Awaitable[Reply]]
