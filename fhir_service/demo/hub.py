"""A client of the running service that knows nothing but its ports: MLLP out, FHIR REST out."""

import asyncio
from copy import copy
from typing import Any

import httpx

from adapters.mllp.client import exchange
from fhir_service.settings import host_port
from profiles.resource import Resource

FHIR_JSON = {"content-type": "application/fhir+json", "accept": "application/fhir+json"}


class Unexpected(Exception):
    """The service answered something else than the story needs; the text says what."""


class Hub:
    """The service as its neighbours see it. Raises Unexpected on any refusal, httpx.HTTPError when it is not there."""

    def __init__(self, http: str, mllp: str) -> None:
        """`http`: host:port or a URL of the service; `mllp`: host:port."""
        base = http if http.startswith("http") else f"http://{http}"
        self._client = httpx.Client(base_url=f"{base.rstrip('/')}/fhir/", headers=FHIR_JSON, timeout=30)
        self._mllp = host_port(mllp)
        self.caller: dict[str, str] = {}
        """The headers that say who calls; none: a developer."""

    def acting(self, role: str, organization: str | None = None, person: str | None = None) -> "Hub":
        """The same line in somebody's name (decision 32): a role, `Organization/[id]`, `Patient/[id]`."""
        said = {"role": role, "organization": organization, "person": person}
        other = copy(self)
        other.caller = {f"x-knutepunkt-{name}": value for name, value in said.items() if value}
        return other

    def close(self) -> None:
        self._client.close()

    def send(self, message: str) -> str:
        """Send one HL7 v2 message and return MSA-1; anything but a positive answer is Unexpected."""
        answer = asyncio.run(exchange(*self._mllp, message.encode("utf-8"), timeout=30)).decode("utf-8", "replace")
        code = next((line.split("|")[1] for line in answer.split("\r") if line.startswith("MSA|")), "")
        if code not in ("AA", "CA"):
            raise Unexpected(f"the message was answered {code or 'with nothing readable'}:\n{answer}")
        return code

    def post(self, resource: Resource) -> Resource:
        """Create; returns what was stored."""
        return self._json(self._client.post(resource["resourceType"], json=resource, headers=self.caller))

    def keep(self, resource: Resource) -> Resource:
        """Create, or replace, under the id that it has; returns what was stored."""
        path = f"{resource['resourceType']}/{resource['id']}"
        return self._json(self._client.put(path, json=resource, headers=self.caller))

    def put(self, resource: Resource, **elements: Any) -> Resource:
        """Update the version in hand with `elements` replaced (None: removed), under its own If-Match."""
        changed = {k: v for k, v in (resource | elements).items() if v is not None}
        version = resource["meta"]["versionId"]
        path = f"{resource['resourceType']}/{resource['id']}"
        headers = self.caller | {"if-match": f'W/"{version}"'}
        return self._json(self._client.put(path, json=changed, headers=headers))

    def find(self, rtype: str, **params: str) -> list[Resource]:
        """What a search matches (one page). `_` in a name stands for `-`, but not at its beginning."""
        query = {name[0] + name[1:].replace("_", "-"): value for name, value in params.items()}
        bundle = self._json(self._client.post(f"{rtype}/_search", data=query, headers=self.caller | FORM))
        return [e["resource"] for e in bundle.get("entry", ()) if e["search"]["mode"] == "match"]

    def one(self, rtype: str, **params: str) -> Resource:
        """The newest match of a search; Unexpected when there is none."""
        found = self.find(rtype, **params)
        if not found:
            raise Unexpected(f"no {rtype} was found where the story has one")
        return found[0]

    def read(self, reference: str) -> Resource:
        """The current version of `Type/id`."""
        return self._json(self._client.get(reference, headers=self.caller))

    @staticmethod
    def _json(response: httpx.Response) -> Resource:
        if response.is_error:
            raise Unexpected(f"{response.request.method} was answered {response.status_code}:\n{response.text}")
        resource: Resource = response.json()
        return resource


FORM = {"content-type": "application/x-www-form-urlencoded"}
