"""The values that every interaction takes and returns: `await interaction(face, request) -> Reply`."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias
from urllib.parse import unquote

from fhir_service.principal import DEVELOPER, Principal
from fhir_service.rest.paging import PageTokens
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.audit import AuditStore, Kept
from fhir_service.storage.port import Repository, Views
from fhir_service.workflow import Office
from fhir_service.workflow.export import Exports
from fhir_service.workflow.once import Once

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope: TypeAlias = MutableMapping[str, Any]
Header: TypeAlias = tuple[bytes, bytes]
Parameters: TypeAlias = list[tuple[str, str]]


_WHO = b"x-knutepunkt-"
"""Names of the headers that tell who is calling begin with this."""


class ClientGone(Exception):
    """The client hung up before its request was complete: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Face:
    """What the interactions work with; made once. `base`: address of the endpoint, without a slash at the end;
    `rtypes`: the types that are served; `audit`: where reads and refusals are kept, None where they are not."""

    repository: Repository
    office: Office
    base: str
    pages: PageTokens
    capability: bytes
    exports: Exports
    max_body: int = 10_000_000
    rtypes: tuple[str, ...] = ()
    audit: AuditStore | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class View:
    """How the answer is to look. `native`: the client asks for something else than FHIR JSON (only Binary has it);
    `any_form`: it names no form, so that a Binary comes in its own. `summary`: `true`, `text`, `data` or `count`;
    `elements`: those of `_elements`, with or without a type before them (`views`). `form`:
    what `_format` names."""

    pretty: bool = False
    native: bool = False
    any_form: bool = False
    summary: str = ""
    elements: tuple[str, ...] = ()
    form: str = ""

    @property
    def part(self) -> bool:
        """Whether a part of each resource is asked for."""
        return bool(self.summary or self.elements)


PLAIN = View()


# Not frozen: one of each is made per request, and a frozen instance takes four times as long to make.
@dataclass(slots=True)
class Request:
    """One request as the router understood it. `parameters`: those of the address, without those of the view.

    `rtype` is empty where the address names no type (`[base]`, `Patient/1/*`). `within`: the compartment that the
    address names; `rid` is then empty. `access`: what the caller, `by`, may see at the time of the request.
    `later`: audit events that are kept when the transaction is done; None: each is kept before the answer.
    """

    method: str
    rtype: str
    rid: str
    version: str
    headers: dict[bytes, bytes]
    receive: Receive
    by: Principal = DEVELOPER
    access: Access = EVERYTHING
    view: View = PLAIN
    parameters: Parameters = field(default_factory=list)
    within: tuple[str, str] | None = None
    request_id: bytes = b""
    router: "Router | None" = None
    later: list[Kept] | None = None
    once: Once | None = None

    async def dispatch(
        self, method: str, address: str, headers: dict[bytes, bytes], body: bytes = b"", over: Views | None = None
    ) -> "Reply":
        """The reply to another request of the same caller, as if it had come by itself; `over`: in this transaction.

        `address` is below the base, escaped as in a URL (`Patient?name=x`); names of `headers` are lower case.
        A resource comes as FHIR JSON unless `headers` accept something else.
        """
        assert self.router is not None  # noqa: S101 - the router makes each request
        path, _, query = address.partition("?")
        who = {name: value for name, value in self.headers.items() if name.startswith(_WHO)}
        told = {b"accept": b"application/fhir+json"} | headers | who
        inner = Request(method, "", "", "", told, _once(body))
        inner.request_id, inner.router = self.request_id, self.router
        inner.later = None if over is None else self.later
        router = self.router if over is None else self.router.over(over)
        return await router.answer([unquote(part) for part in path.split("/")], query.encode(), inner)


class Router(Protocol):
    """What serves a request at an address below the base."""

    def over(self, views: Views) -> "Router":
        """The same over what a transaction sees."""
        ...

    async def answer(self, parts: list[str], query: bytes, request: Request) -> "Reply":
        """The reply, whatever goes wrong. `parts`: the segments of the path below the base, decoded."""
        ...


def _once(body: bytes) -> Receive:
    """A body that is there already, as ASGI gives it."""

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


@dataclass(slots=True)
class Reply:
    """What is sent back; the router adds `content-length` and `x-request-id`."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = b""


Interaction: TypeAlias = Callable[[Face, Request], Awaitable[Reply]]
