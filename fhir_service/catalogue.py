"""Everything that the packages declare, gathered for people: `knutepunkt catalogue` and the generated pages."""

import json
import pkgutil
from dataclasses import dataclass
from importlib import import_module
from inspect import getdoc
from typing import TypeVar

from fhir_service.resources import ResourceType, resource_type, served_types
from fhir_service.rules._model import Rule
from fhir_service.search import Parameter
from mappings import codes
from mappings.message import MessageType
from mappings.registry import discover
from profiles.resource import Resource

T = TypeVar("T")

MESSAGES = "mappings.hl7v2.messages"
RULES = "fhir_service.rules"


@dataclass(frozen=True, slots=True)
class MessageEntry:
    """A message type with the text at the head of its module: the elements it fills and those it leaves aside."""

    name: str
    """Module name, which is also that of its folder of cases: `adt_a03`."""
    kind: str
    """`ADT^A03`"""
    declared: MessageType
    text: str


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule with the text at the head of its module."""

    name: str
    declared: Rule
    text: str


@dataclass(frozen=True, slots=True)
class CodeMap:
    """A table from one code system to another."""

    name: str
    title: str
    source: str
    size: int


def messages() -> list[MessageEntry]:
    """The message types, by key."""
    discover(MESSAGES, "MESSAGE", MessageType, lambda entry: entry.key)
    found = [
        MessageEntry(name, "^".join(entry.key), entry, text)
        for name, entry, text in _modules(MESSAGES, "MESSAGE", MessageType)
    ]
    return sorted(found, key=lambda entry: entry.kind)


def rules() -> list[RuleEntry]:
    """The rules, in the order in which they are asked."""
    discover(RULES, "RULE", Rule, lambda entry: entry.id)
    found = [RuleEntry(name, entry, text) for name, entry, text in _modules(RULES, "RULE", Rule)]
    return sorted(found, key=lambda entry: (entry.declared.order, entry.declared.id))


def resources() -> list[ResourceType]:
    """The types of the FHIR endpoint."""
    return [resource_type(name) for name in served_types()]


def is_ours(declared: ResourceType, parameter: Parameter) -> bool:
    """Whether a search parameter is one of ours, beside those of R4."""
    return any(own.code == parameter.code for own in declared.parameters)


def code_maps() -> list[CodeMap]:
    """The code maps under `profiles/concept_maps`."""
    return [_code_map(json.loads(file.read_text(encoding="utf-8"))) for file in sorted(codes.MAPS.glob("*.json"))]


def _modules(package: str, constant: str, kind: type[T]) -> list[tuple[str, T, str]]:
    """(module, constant, docstring) of the modules of a package that declare one."""
    found = []
    for info in pkgutil.iter_modules(import_module(package).__path__):
        module = import_module(f"{package}.{info.name}")
        entry = getattr(module, constant, None)
        if isinstance(entry, kind):
            found.append((info.name, entry, getdoc(module) or ""))
    return found


def _code_map(data: Resource) -> CodeMap:
    groups = data["group"]
    size = sum(len(group["element"]) for group in groups)
    return CodeMap(data["id"], data.get("title", ""), groups[0]["source"], size)
