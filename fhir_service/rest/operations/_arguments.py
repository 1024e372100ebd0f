"""In-parameters of an operation, from the address or a Parameters body.  https://hl7.org/fhir/R4/operations.html#request"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from fhir_service.rest.body import INLINE, body_of, bytes_of
from fhir_service.rest.exchange import Face, Request
from fhir_service.rest.json_body import json_of
from fhir_service.rest.links import opened, place_of
from fhir_service.rest.media import RESOURCE_TYPES, view_with
from fhir_service.rest.operations._model import Arguments, Operation, Parameter
from fhir_service.rest.paging import CHANGED
from fhir_service.rest.preconditions import is_lenient
from profiles.definitions import kinds
from profiles.issues import Issue, error
from profiles.validate import check

Given: TypeAlias = tuple[str, Any]
"""A parameter with its value."""
_ALIKE = ({"uri", "url", "canonical", "oid", "uuid"}, {"string", "code", "id", "markdown"}, {"date", "dateTime"})
"""Types that clients send for one another; the value must hold as the declared one."""
_TEXT = {"true": True, "false": False}


async def arguments_of(operation: Operation, face: Face, request: Request) -> Arguments | tuple[Issue, ...]:
    """The declared in-parameters of a call, or everything that is wrong with them. Raises ClientGone."""
    token = opened(face, request, place_of(request, f"${operation.name}")) if operation.pages else None
    if isinstance(token, Issue):
        return (token,)
    if token is None:
        return await _asked(operation, face, request)
    link = request.parameters[0][1]
    shown = view_with(None, list(token.parameters))
    if isinstance(shown, Issue):
        return (CHANGED,)
    request.view = replace(shown[0], pretty=request.view.pretty, native=request.view.native)
    request.parameters = shown[1]
    asked = await _asked(operation, face, request)
    return (CHANGED,) if isinstance(asked, tuple) else replace(asked, after=token.cursor, token=link, total=token.total)


async def _asked(operation: Operation, face: Face, request: Request) -> Arguments | tuple[Issue, ...]:
    declared = {parameter.name: parameter for parameter in operation.inputs}
    given, issues = _of_address(declared, request)
    if request.method == "POST":
        body = await _body(operation, face, request)
        if isinstance(body, tuple):
            return body
        sent, more = _of_body(operation, declared, body)
        given, issues = [*given, *sent], [*issues, *more]
    issues += _counted(declared, [name for name, _ in given])
    if issues:
        return tuple(issues)
    return Arguments({name: tuple(v for n, v in given if n == name) for name, _ in given})


def _of_address(declared: Mapping[str, Parameter], request: Request) -> tuple[list[Given], list[Issue]]:
    given: list[Given] = []
    issues: list[Issue] = []
    for name, text in request.parameters:
        parameter = declared.get(name)
        if parameter is None:
            issues += [] if is_lenient(request.headers) else [_unknown(declared)]
            continue
        if kinds().get(parameter.type) != "primitive-type":
            issues.append(error("bad-parameter-value", name, "Send this parameter in a Parameters body"))
            continue
        value = _typed(parameter, text)
        issues += _fitting(parameter, value)
        given.append((name, value))
    return given, issues


def _typed(parameter: Parameter, text: str) -> Any:
    """The JSON value that a text of the address stands for."""
    if parameter.type == "boolean":
        return _TEXT.get(text, text)
    if parameter.type in ("integer", "positiveInt", "unsignedInt"):
        return int(text) if text.lstrip("-").isdecimal() and text.isascii() and len(text) < 12 else text
    return text


def _fitting(parameter: Parameter, value: Any) -> list[Issue]:
    """Whether a value holds as the declared primitive."""
    typed = {"name": "x", "value" + parameter.type[0].upper() + parameter.type[1:]: value}
    if check({"resourceType": "Parameters", "parameter": [typed]}, "Parameters"):
        return [error("bad-parameter-value", parameter.name, f"Expected a value of the type {parameter.type}")]
    return []


async def _body(operation: Operation, face: Face, request: Request) -> Any:
    """The resource of the body, None when there is none, or issues."""
    sent = await bytes_of(request, face.max_body) if b"content-type" not in request.headers else b"?"
    if sent:
        sent = sent if isinstance(sent, Issue) else await body_of(request, RESOURCE_TYPES, face.max_body)
    if isinstance(sent, Issue):
        return (sent,)
    if not sent:
        return None
    if len(sent) <= INLINE:
        return _decoded(operation, sent)
    return await asyncio.to_thread(_decoded, operation, sent)


def _decoded(operation: Operation, sent: bytes) -> Any:
    value = json_of(sent)
    if isinstance(value, Issue):
        return (value,)
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        return (error("structure", "", "Expected a resource: a JSON object with a resourceType"),)
    if operation.judges:
        return value if value["resourceType"] != "Parameters" or _is_list(value) else (_NOT_PARAMETERS,)
    refused = tuple(issue for issue in check(value) if issue.refuses)
    return refused or value


_NOT_PARAMETERS = error("structure", "Parameters.parameter", "Expected a list of parameters, each with a name")


def _is_list(parameters: dict[str, Any]) -> bool:
    """Whether what comes in can be taken apart, before anything else is known about it."""
    listed = parameters.get("parameter", [])
    return isinstance(listed, list) and all(isinstance(p, dict) and isinstance(p.get("name"), str) for p in listed)


def _of_body(operation: Operation, declared: Mapping[str, Parameter], body: Any) -> tuple[list[Given], list[Issue]]:
    """A Parameters, or the one resource that the operation takes, as the body itself."""
    if body is None:
        return [], []
    if body["resourceType"] != "Parameters":
        return _bare(operation, body)
    given: list[Given] = []
    issues: list[Issue] = []
    for number, sent in enumerate(body.get("parameter", ())):
        parameter = declared.get(sent["name"])
        at = f"Parameters.parameter[{number}]"
        value = _value_of(parameter, sent) if parameter else None
        if parameter is None:
            issues.append(_unknown(declared, at))
        elif value is None:
            issues.append(error("bad-parameter-value", at, f"Expected {_shape(parameter)} for {parameter.name}"))
        else:
            given.append((parameter.name, value))
    return given, issues


def _bare(operation: Operation, resource: Any) -> tuple[list[Given], list[Issue]]:
    takes = [p for p in operation.inputs if kinds().get(p.type) in ("resource", "abstract")]
    if not takes:
        return [], [error("structure", "", "Expected a resource of the type Parameters")]
    if takes[0].type not in ("Resource", resource["resourceType"]):
        return [], [error("structure", "", f"Expected a resource of the type Parameters or {takes[0].type}")]
    return [(takes[0].name, resource)], []


def _value_of(parameter: Parameter, sent: Mapping[str, Any]) -> Any:
    """The value of one parameter of a body if it is of the declared type, else None."""
    if kinds().get(parameter.type) in ("resource", "abstract"):
        resource = sent.get("resource")
        fits = isinstance(resource, dict) and parameter.type in ("Resource", resource.get("resourceType"))
        return resource if fits else None
    for alike in parameter.among or _like(parameter.type):
        value = sent.get("value" + alike[0].upper() + alike[1:])
        if value is not None:
            primitive = kinds().get(parameter.type) == "primitive-type"
            return None if primitive and _fitting(parameter, value) else value
    return None


def _like(declared: str) -> Iterable[str]:
    return next((sorted(alike) for alike in _ALIKE if declared in alike), [declared])


def _shape(parameter: Parameter) -> str:
    if kinds().get(parameter.type) in ("resource", "abstract"):
        return f"a resource of the type {parameter.type}"
    return " or ".join(f"value{name[0].upper()}{name[1:]}" for name in parameter.among or (parameter.type,))


def _unknown(declared: Mapping[str, Parameter], at: str = "") -> Issue:
    """What the parameter is called is not told: it may be a value about a person (SR-18)."""
    known = ", ".join(sorted(declared)) or "none"
    return error("unknown-parameter", at, f"The operation takes no such parameter; known: {known}")


def _counted(declared: Mapping[str, Parameter], names: list[str]) -> list[Issue]:
    missing = [p for p in declared.values() if p.min and p.name not in names]
    many = [p for p in declared.values() if p.max == "1" and names.count(p.name) > 1]
    return [
        *(error("required", p.name, f"The parameter {p.name} is needed") for p in missing),
        *(error("bad-parameter-value", p.name, f"The parameter {p.name} comes once at most") for p in many),
    ]
