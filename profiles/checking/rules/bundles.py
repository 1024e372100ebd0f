"""Invariants of Bundle.  https://hl7.org/fhir/R4/bundle.html"""

from collections.abc import Mapping

from profiles.checking.rules.looking import Json, Rule, child, children, has, text


def _only_in(name: str, *types: str) -> Rule:
    """Every entry has this exactly in Bundles of these types."""

    def holds(value: Json) -> bool:
        wanted = text(value, "type") in types
        return all(has(entry, name) == wanted for entry in children(value, "entry"))

    return holds


def _search_entries(value: Json) -> bool:
    return text(value, "type") == "searchset" or not any(has(entry, "search") for entry in children(value, "entry"))


def _unique_urls(value: Json) -> bool:
    urls = [_version(entry) for entry in children(value, "entry") if has(entry, "fullUrl")]
    return text(value, "type") == "history" or len(urls) == len(set(urls))


def _version(entry: Json) -> tuple[str, str]:
    return text(entry, "fullUrl"), text(child(child(entry, "resource"), "meta"), "versionId")


def _identified(value: Json) -> bool:
    identifier = child(value, "identifier")
    return text(value, "type") != "document" or (has(identifier, "system") and has(identifier, "value"))


def _begins_with(bundle_type: str, rtype: str) -> Rule:
    def holds(value: Json) -> bool:
        first = next(children(value, "entry"), {})
        return text(value, "type") != bundle_type or text(child(first, "resource"), "resourceType") == rtype

    return holds


BUNDLES: Mapping[str, Mapping[str, Rule]] = {
    "Bundle": {
        # bdl-1: total.empty() or (type = 'searchset') or (type = 'history')
        "bdl-1": lambda value: not has(value, "total") or text(value, "type") in ("searchset", "history"),
        # bdl-2: entry.search.empty() or (type = 'searchset')
        "bdl-2": _search_entries,
        # bdl-3: entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or
        #   %resource.type = 'history'))
        "bdl-3": _only_in("request", "batch", "transaction", "history"),
        # bdl-4: entry.all(response.exists() = (%resource.type = 'batch-response' or %resource.type =
        #   'transaction-response' or %resource.type = 'history'))
        "bdl-4": _only_in("response", "batch-response", "transaction-response", "history"),
        # bdl-7: (type = 'history') or
        #   entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()
        "bdl-7": _unique_urls,
        # bdl-9: type = 'document' implies (identifier.system.exists() and identifier.value.exists())
        "bdl-9": _identified,
        # bdl-10: type = 'document' implies (timestamp.hasValue())
        "bdl-10": lambda value: text(value, "type") != "document" or "timestamp" in value,
        # bdl-11: type = 'document' implies entry.first().resource.is(Composition)
        "bdl-11": _begins_with("document", "Composition"),
        # bdl-12: type = 'message' implies entry.first().resource.is(MessageHeader)
        "bdl-12": _begins_with("message", "MessageHeader"),
    },
    "Bundle.entry": {
        # bdl-5: resource.exists() or request.exists() or response.exists()
        "bdl-5": lambda value: has(value, "resource") or has(value, "request") or has(value, "response"),
        # bdl-8: fullUrl.contains('/_history/').not()
        "bdl-8": lambda value: "/_history/" not in text(value, "fullUrl"),
    },
}
