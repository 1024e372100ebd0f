"""A part of a resource: `_summary` and `_elements`, cut out of the stored bytes.

https://hl7.org/fhir/R4/search.html#summary and https://hl7.org/fhir/R4/search.html#elements
What is kept stands byte for byte as it was sent; what was cut is told by the tag SUBSETTED.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import msgspec

from fhir_service.rest.exchange import Parameters, Reply, View
from fhir_service.rest.render import CONTENT_TYPE
from profiles.definitions import Element, elements, marks, resource_types
from profiles.issues import Issue, error

SUMMARIES = ("true", "text", "data", "count", "false")
_ELEMENT = re.compile(r"([A-Z][A-Za-z]{0,63}\.)?[a-z][A-Za-z0-9]{0,63}(\[x\])?", re.ASCII)
MOST_ELEMENTS = 200
_ALWAYS = frozenset({"resourceType", "id", "meta"})
_SAFETY = frozenset({"implicitRules", "modifierExtension"})
"""Without these the rest could be misread."""
_SUBSETTED = msgspec.Raw(b'{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}')
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_ENCODE = msgspec.json.Encoder().encode


def with_part(view: View, asked: Parameters) -> View | Issue:
    """The view with what `_summary` and `_elements` ask for."""
    summaries = [value for name, value in asked if name == "_summary"]
    if len(summaries) > 1 or any(value not in SUMMARIES for value in summaries):
        return error("bad-parameter-value", "_summary", f"Expected one of {', '.join(SUMMARIES)}")
    summary = summaries[0] if summaries and summaries[0] != "false" else ""
    named = tuple(part.strip() for name, value in asked if name == "_elements" for part in value.split(","))
    if len(named) > MOST_ELEMENTS or not all(_ELEMENT.fullmatch(part) for part in named):
        text = "Expected elements below the resource, such as status,subject or CarePlan.status"
        return error("bad-parameter-value", "_elements", text)
    if summary and named:
        return error("bad-parameter-value", "_elements", "Ask for _summary or for _elements, not for both")
    return replace(view, summary=summary, elements=named) if summary or named else view


def unknown_part(view: View, rtype: str, *, counts: bool) -> Issue | None:
    """What of the view is nowhere to be found. `rtype`: what is asked for, empty for several types; `counts`: the
    answer is a Bundle that has a total, and may hold other types as well."""
    if view.summary == "count" and not counts:
        return error("bad-parameter-value", "_summary", "There is nothing to count at this address")
    rtypes = resource_types() if counts or not rtype else {rtype}
    for named in view.elements:
        prefix, _, name = named.rpartition(".")
        if not any(name in _names(of) for of in ((prefix,) if prefix else rtypes)):
            return error("bad-parameter-value", "_elements", "An element of _elements is none of the resource type")
    return None


def in_part(reply: Reply, view: View) -> Reply:
    """The reply with a part of the resource that it carries."""
    if reply.status >= 300 or not reply.body or reply.headers[0] != CONTENT_TYPE:
        return reply
    rtype = _TEXT.decode(_OBJECT.decode(reply.body)["resourceType"])
    return Reply(reply.status, reply.headers, part_of(rtype, reply.body, view))


def part_of(rtype: str, body: bytes, view: View) -> bytes:
    """The part of a resource that a view asks for."""
    cut = _cut(rtype, view.summary, view.elements)
    return body if cut is None else cut.resource(body)


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is kept of an object: JSON names, and of some of them only a part."""

    kept: frozenset[str]
    inner: dict[str, "_Cut"] = field(default_factory=dict)

    def resource(self, body: bytes) -> bytes:
        whole = _OBJECT.decode(body)
        part = self.of(whole)
        part["meta"] = _tagged(whole.get("meta"))
        return _ENCODE(part)

    def of(self, whole: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
        part = {name: raw for name, raw in whole.items() if name in self.kept}
        for name in self.inner.keys() & part.keys():
            part[name] = self.inner[name].below(part[name])
        return part

    def below(self, raw: msgspec.Raw) -> msgspec.Raw:
        """The same for an element, repeated or not."""
        if bytes(raw).startswith(b"["):
            return msgspec.Raw(_ENCODE([self.of(_OBJECT.decode(one)) for one in _LIST.decode(raw)]))
        return msgspec.Raw(_ENCODE(self.of(_OBJECT.decode(raw))))


def _tagged(meta: msgspec.Raw | None) -> msgspec.Raw:
    """The meta that says that this is a part."""
    told = _OBJECT.decode(meta) if meta is not None else {}
    tags = _LIST.decode(told["tag"]) if "tag" in told else []
    return msgspec.Raw(_ENCODE({**told, "tag": [*tags, _SUBSETTED]}))


@lru_cache(maxsize=1024)
def _cut(rtype: str, summary: str, asked: tuple[str, ...]) -> _Cut | None:
    """None where all of the type is kept."""
    if summary == "true":
        return _summary(rtype, "")
    if summary == "data":
        return _Cut(_json_names(e for e in _children(rtype, "") if e.path != "text") | _ALWAYS)
    needed = [e for e in _children(rtype, "") if e.min or e.path in _SAFETY]
    if summary == "text":
        return _Cut(_json_names([*needed, *(e for e in _children(rtype, "") if e.path == "text")]) | _ALWAYS)
    own = {name for prefix, _, name in (part.rpartition(".") for part in asked) if prefix in ("", rtype)}
    return _Cut(_asked(rtype, own) | _json_names(needed)) if own else None


def _asked(rtype: str, own: set[str]) -> frozenset[str]:
    """JSON names of the elements asked for, and of those that change their meaning."""
    modifiers = marks(rtype).modifiers
    named = [e for e in _children(rtype, "") if own & _spellings(e) or e.path in modifiers]
    return _json_names(named) | _ALWAYS


def _summary(rtype: str, at: str) -> _Cut:
    """The summary of a type, or of an element of it: what R4 marks so, what must be there, and what modifies."""
    found = marks(rtype)
    kept = [e for e in _children(rtype, at) if e.path in found.summary | found.modifiers or e.min]
    parts = [e for e in kept if any(_children(rtype, e.path))]
    inner = {e.path.rpartition(".")[2]: _summary(rtype, e.path) for e in parts}
    return _Cut(_json_names(kept) | (frozenset({"id"}) if at else _ALWAYS), inner)


def _children(rtype: str, at: str) -> Iterable[Element]:
    """The elements directly below a path of a type."""
    return (e for e in elements(rtype) if e.path.rpartition(".")[0] == at)


def _json_names(found: Iterable[Element]) -> frozenset[str]:
    """The names in JSON, those of primitive extensions among them.  https://hl7.org/fhir/R4/json.html#primitive"""
    names = {name for element in found for name in _spellings(element) if not name.endswith("[x]")}
    return frozenset(names | {f"_{name}" for name in names})


def _spellings(element: Element) -> set[str]:
    """How an element may be called: `value[x]` also `value` and `valueQuantity`."""
    name = element.path.rpartition(".")[2]
    bare = name.removesuffix("[x]")
    if bare == name:
        return {name}
    return {name, bare, *(bare + t.code[0].upper() + t.code[1:] for t in element.types)}


@lru_cache(maxsize=256)
def _names(rtype: str) -> frozenset[str]:
    """Everything that `_elements` may name of a type."""
    return frozenset(name for element in _children(rtype, "") for name in _spellings(element)) | {"resourceType"}


def parameters_of(view: View) -> list[tuple[str, str]]:
    """The parameters that ask for the part which a view shows."""
    summary = [("_summary", view.summary)] if view.summary else []
    return [*summary, *([("_elements", ",".join(view.elements))] if view.elements else [])]


def form_of(view: View) -> tuple[tuple[str, str], ...]:
    """The parameters that ask for the form of a view. Links keep them: who follows one sends nothing else."""
    form = (("_format", view.form),) if view.form else ()
    return (*form, ("_pretty", "true")) if view.pretty else form
