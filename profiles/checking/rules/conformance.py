"""Invariants of what describes servers and their operations.  https://hl7.org/fhir/R4/conformance-module.html"""

from collections.abc import Mapping

from profiles.checking.rules.looking import (
    Json,
    Rule,
    children,
    distinct,
    either,
    has,
    items,
    needs,
    only_when,
    text,
    texts,
    unless,
)


def _messaging_of_an_instance(value: Json) -> bool:
    return text(value, "kind") == "instance" or not any(has(m, "endpoint") for m in children(value, "messaging"))


def _capability(value: Json) -> bool:
    if text(value, "kind") != "capability":
        return True
    return has(value, "software") and not has(value, "implementation")


def _documents_differ(value: Json) -> bool:
    return distinct([text(d, "profile") + text(d, "mode") for d in children(value, "document")])


def _known_versions(value: Json) -> bool:
    known = set(texts(value, "fhirVersion"))
    return all(type(v) is str and v in known for v in items(value, "definition", "resource", "fhirVersion"))


def _known_groups(value: Json) -> bool:
    known = {text(group, "id") for group in children(value, "grouping")}
    return all(text(r, "groupingId") in known for r in children(value, "resource") if "groupingId" in r)


def _instance(value: Json) -> bool:
    return text(value, "kind") != "instance" or has(value, "implementation")


def _root_without_uuid(value: Json) -> bool:
    return text(value, "kind") != "root" or all(text(u, "type") != "uuid" for u in children(value, "uniqueId"))


def _one_preferred(value: Json) -> bool:
    return distinct([text(u, "type") for u in children(value, "uniqueId") if u.get("preferred") is True])


def _code_systems_tell_versions(value: Json) -> bool:
    versions = list(children(value, "version"))
    return len(versions) < 2 or all(has(version, "code") for version in versions)


_DESCRIBED = either("description", "software", "implementation")
_REQUIREMENTS = unless("kind", "requirements", "implementation", "software")

CONFORMANCE: Mapping[str, Mapping[str, Rule]] = {
    "CapabilityStatement": {
        # cpb-1: rest.exists() or messaging.exists() or document.exists()
        "cpb-1": either("rest", "messaging", "document"),
        # cpb-2: (description.count() + software.count() + implementation.count()) > 0
        "cpb-2": _DESCRIBED,
        # cpb-3: messaging.endpoint.empty() or kind = 'instance'
        "cpb-3": _messaging_of_an_instance,
        # cpb-7: document.select(profile&mode).isDistinct()
        "cpb-7": _documents_differ,
        # cpb-14: (kind != 'instance') or implementation.exists()
        "cpb-14": _instance,
        # cpb-15: (kind != 'capability') or (implementation.exists().not() and software.exists())
        "cpb-15": _capability,
        # cpb-16: (kind!='requirements') or (implementation.exists().not() and software.exists().not())
        "cpb-16": _REQUIREMENTS,
    },
    # cpb-9: resource.select(type).isDistinct()
    "CapabilityStatement.rest": {"cpb-9": lambda value: distinct(items(value, "resource", "type"))},
    # cpb-12: searchParam.select(name).isDistinct()
    "CapabilityStatement.rest.resource": {"cpb-12": lambda value: distinct(items(value, "searchParam", "name"))},
    # ig-2: definition.resource.fhirVersion.all(%context.fhirVersion contains $this)
    "ImplementationGuide": {"ig-2": _known_versions},
    # ig-1: resource.groupingId.all(%context.grouping.id contains $this)
    "ImplementationGuide.definition": {"ig-1": _known_groups},
    "MessageDefinition.focus": {
        # md-1: max='*' or (max.toInteger() > 0)
        "md-1": lambda value: not has(value, "max") or text(value, "max") == "*" or _above_zero(text(value, "max")),
    },
    # nsd-1: kind != 'root' or uniqueId.all(type != 'uuid')
    # nsd-2: uniqueId.where(preferred = true).select(type).isDistinct()
    "NamingSystem": {"nsd-1": _root_without_uuid, "nsd-2": _one_preferred},
    "OperationDefinition.parameter": {
        # opd-1: type.exists() or part.exists()
        "opd-1": either("type", "part"),
        # opd-2: searchType.exists() implies type = 'string'
        "opd-2": only_when("searchType", "type", "string"),
        # opd-3: targetProfile.exists() implies (type = 'Reference' or type = 'canonical')
        "opd-3": only_when("targetProfile", "type", "Reference", "canonical"),
    },
    # spd-1: xpath.empty() or xpathUsage.exists()
    # spd-2: chain.empty() or type = 'reference'
    "SearchParameter": {"spd-1": needs("xpath", "xpathUsage"), "spd-2": only_when("chain", "type", "reference")},
    "StructureMap.group.rule.target": {
        # smp-1: element.exists() implies context.exists()
        "smp-1": needs("element", "context"),
        # smp-2: context.exists() implies contextType.exists()
        "smp-2": needs("context", "contextType"),
    },
    "TerminologyCapabilities": {
        # tcp-2: (description.count() + software.count() + implementation.count()) > 0
        "tcp-2": _DESCRIBED,
        # tcp-3: (kind != 'instance') or implementation.exists()
        "tcp-3": _instance,
        # tcp-4: (kind != 'capability') or (implementation.exists().not() and software.exists())
        "tcp-4": _capability,
        # tcp-5: (kind!='requirements') or (implementation.exists().not() and software.exists().not())
        "tcp-5": _REQUIREMENTS,
    },
    # tcp-1: version.count() > 1 implies version.all(code.exists())
    "TerminologyCapabilities.codeSystem": {"tcp-1": _code_systems_tell_versions},
}


def _above_zero(number: str) -> bool:
    return number.isascii() and number.isdigit() and int(number[:9]) > 0
