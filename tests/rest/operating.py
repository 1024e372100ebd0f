"""How the tests of operations call them and read what they answer."""

from typing import Any

import httpx

from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import FHIR_JSON, Rest


def called(rest: Rest, path: str, *parameters: Resource, **headers: str) -> httpx.Response:
    """POST of a Parameters."""
    body = {"resourceType": "Parameters", **({"parameter": list(parameters)} if parameters else {})}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return rest("POST", path, json=body, headers=FHIR_JSON | named)


def parameter(name: str, **value: Any) -> Resource:
    return {"name": name, **value}


def valid(answer: httpx.Response) -> Resource:
    """The resource of a 200, after a look at whether it is one."""
    assert answer.status_code == 200, answer.text
    resource: Resource = answer.json()
    assert check(resource) == ()
    return resource


def outputs(answer: httpx.Response) -> dict[str, Any]:
    """Name -> value of the out-parameters; those with parts are left out."""
    found: dict[str, Any] = {}
    for one in valid(answer).get("parameter", ()):
        value = next((v for k, v in one.items() if k.startswith("value")), None)
        if value is not None:
            found[one["name"]] = value
    return found


def parts(answer: httpx.Response, name: str) -> list[dict[str, Any]]:
    """The parts of each out-parameter of that name, as name -> value."""
    listed = [one["part"] for one in valid(answer).get("parameter", ()) if one["name"] == name]
    return [{p["name"]: next(v for k, v in p.items() if k.startswith("value")) for p in part} for part in listed]


def codes(answer: httpx.Response) -> list[str]:
    """Our own codes of all issues."""
    told = answer.json()
    assert told["resourceType"] == "OperationOutcome"
    return [one["details"]["coding"][0]["code"] for one in told["issue"]]
