"""The FHIR endpoint of a running service, as import and export see it: an address, and a client that is patient."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from fhir_service.cli.console import Problem

if TYPE_CHECKING:
    import httpx

Http = Annotated[
    str,
    typer.Option(
        help="The service: HOST:PORT, or the URL of its FHIR endpoint.",
        envvar="KNUTEPUNKT_HTTP",
        show_default="127.0.0.1:8000",
    ),
]
DEFAULT_HTTP = "127.0.0.1:8000"
Patience = Annotated[
    float, typer.Option(help="Seconds to wait for a service that does not answer, or answers 429 or 5xx.", min=0)
]
FHIR_JSON = "application/fhir+json"
AGAIN = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may succeed. Everything asked here may be asked twice."""
_FIRST, _LONGEST = 0.2, 10.0
TIMEOUT = 120.0


def endpoint_of(address: str) -> str:
    """The base URL of the FHIR endpoint without a slash at the end. Raises Problem for what is no address."""
    import httpx

    try:
        url = httpx.URL(address if "://" in address else f"http://{address}")
    except httpx.InvalidURL as invalid:
        raise Problem(f"--http: {address} is no URL ({invalid}).") from invalid
    if url.scheme not in ("http", "https") or not url.host:
        raise Problem(f"--http: {address} is no address; give HOST:PORT or http://HOST:PORT/fhir.")
    path = url.path.rstrip("/") or "/fhir"
    return str(url.copy_with(path=path))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Asks, and asks again after a while where that may help.

    `client` has no base URL: addresses are relative to `base`, or whole ones that the service gave itself.
    """

    client: "httpx.AsyncClient"
    base: str
    patience: float

    async def ask(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> "httpx.Response":
        """The answer, whatever its status. Raises Problem when there is none within `patience` seconds."""
        import httpx

        url = path if "://" in path else f"{self.base}/{path}".rstrip("/")
        told = {"accept": FHIR_JSON, **({"content-type": FHIR_JSON} if content is not None else {}), **(headers or {})}
        waited, step = 0.0, _FIRST
        while True:
            try:
                answer = await self.client.request(method, url, content=content, headers=told)
            except httpx.TransportError as failed:
                if waited >= self.patience:
                    raise Problem(
                        f"{self.base} does not answer ({type(failed).__name__}): start the service (knutepunkt serve), "
                        "or say where it is with --http; then run the same command again."
                    ) from failed
                wanted = 0.0
            else:
                if answer.status_code not in AGAIN or waited >= self.patience:
                    return answer
                wanted = retry_after(answer)
            pause = max(wanted, step * random.uniform(0.5, 1.0))  # noqa: S311 - so that clients do not come at once
            await asyncio.sleep(pause)
            waited, step = waited + pause, min(step * 2, _LONGEST)


def retry_after(answer: "httpx.Response") -> float:
    """The seconds that the service asks for, bounded; 0 when it names none."""
    told = answer.headers.get("retry-after", "")
    return min(float(told), 60.0) if told.isdigit() else 0.0
