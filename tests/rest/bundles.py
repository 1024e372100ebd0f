"""Bundles to send to [base], written short."""

from typing import Any

import httpx

from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, Rest


def entry(method: str, url: str, resource: Resource | None = None, full_url: str = "", **more: str) -> Resource:
    """One entry; `more`: `ifMatch`, `ifNoneExist` ..."""
    told: Resource = {"request": {"method": method, "url": url, **more}}
    told |= {"resource": resource} if resource is not None else {}
    return told | ({"fullUrl": full_url} if full_url else {})


def send(rest: Rest, kind: str, *entries: Any, **headers: str) -> httpx.Response:
    """POST a Bundle of that type."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"resourceType": "Bundle", "type": kind} | ({"entry": list(entries)} if entries else {})
    return rest("POST", "", json=body, headers=FHIR_JSON | named)


def statuses(answer: httpx.Response) -> list[int]:
    """The status of each entry of an answer."""
    assert answer.status_code == 200, answer.text
    return [int(e["response"]["status"][:3]) for e in answer.json().get("entry", ())]


def place(answer: httpx.Response, index: int) -> str:
    """`Type/id` of what an entry wrote."""
    location = answer.json()["entry"][index]["response"]["location"]
    return "/".join(location.split("/_history")[0].split("/")[-2:])


def observation(reference: str, **more: Any) -> Resource:
    """An Observation about somebody."""
    subject = {"reference": reference}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": subject, **more}


def known(value: str) -> Resource:
    """A Patient that can be found again."""
    return {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": value}]}


def expressions(answer: httpx.Response) -> list[str]:
    """Where each issue of a refusal is."""
    return [i["expression"][0] for i in answer.json()["issue"]]
