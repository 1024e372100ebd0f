"""The narrative: a well-formed `div` of basic HTML without active content (txt-1, txt-2).

https://hl7.org/fhir/R4/narrative.html#xhtml. A tokeniser, no XML parser: entities are never expanded (S20).
"""

import re
from html import unescape
from typing import Any

from profiles.checking.problem import Problem, Problems, one

NAMESPACE = "http://www.w3.org/1999/xhtml"
# fmt: off
ELEMENTS = frozenset({
    "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd",
    "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre",
    "q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "tt", "ul", "var",
})
# fmt: on
# fmt: off
ATTRIBUTES = frozenset({
    "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding", "cellspacing",
    "cellvalign", "char", "charoff", "charset", "cite", "class", "colspan", "compact", "coords", "dir", "frame",
    "headers", "height", "href", "hreflang", "hspace", "id", "lang", "longdesc", "name", "nowrap", "rel", "rev",
    "rowspan", "rules", "scope", "shape", "span", "src", "start", "style", "summary", "tabindex", "title", "type",
    "valign", "value", "vspace", "width", "xml:lang", "xml:space", "xmlns",
})
# fmt: on
"""Attributes of chapters 7-11 and 15 of HTML 4.0, none of which runs anything."""

_ATTRIBUTE = r"""\s+([A-Za-z_][\w:.\-]*)\s*=\s*("[^"<]*"|'[^'<]*')"""
_TOKEN = re.compile(
    r"<!--(?:(?!--)[\s\S])*-->"
    rf"|<(?P<open>[A-Za-z][\w:\-]*)(?P<attributes>(?:{_ATTRIBUTE})*)\s*(?P<empty>/?)>"
    r"|</(?P<close>[A-Za-z][\w:\-]*)\s*>"
    r"|(?P<text>[^<]+)"
)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_BARE_AMPERSAND = re.compile(r"&(?!#[0-9]{1,7};|#x[0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_ACTIVE = re.compile(r"(?:java|vb)script:|data:(?!image/)|expression\(|-moz-binding|behavior:|@import", re.IGNORECASE)
_HIDING = re.compile(r"/\*.*?\*/|[\s\x00-\x1f\\]", re.DOTALL)
"""What browsers skip between the letters of an address or style."""
_QUICK = re.compile(rf'<div xmlns="{NAMESPACE}">[^<>&\x00-\x1f\ud800-\udfff]*[^\s<>&\x00-\x1f\ud800-\udfff]</div>')


def xhtml(value: Any) -> Problems:
    """A `div` as a JSON string."""
    if type(value) is not str:
        return one("structure", "must be a JSON string")
    if _QUICK.fullmatch(value):
        return None
    if _UNUSABLE.search(value) or _BARE_AMPERSAND.search(value):
        return one("value", "the narrative holds a control character or a bare &")
    return _walk(value.strip())


def _walk(text: str) -> Problems:
    """Follow the tags: each closed in turn, all inside one `div`, something to read in it."""
    stack: list[str] = []
    position, content = 0, False
    while position < len(text):
        token = _TOKEN.match(text, position)
        outside = token is not None and not stack and (position > 0 or token["open"] != "div")
        if token is None or outside:
            return one("value", "the narrative must be one well-formed div")
        if found := _tag(token, stack):
            return found
        content = content or token["open"] == "img" or bool(token["text"] and token["text"].strip())
        position = token.end()
    if stack:
        return one("value", "the narrative must be one well-formed div")
    return None if content else one("invariant", "txt-2: The narrative SHALL have some non-whitespace content")


def _tag(token: re.Match[str], stack: list[str]) -> Problems:
    """One token: keeps the open elements in `stack`."""
    if closed := token["close"]:
        if not stack or stack.pop() != closed:
            return one("value", f"the narrative closes an element that is not open: {closed[:16]}")
    elif opened := token["open"]:
        found = _allowed(opened, token["attributes"], first=not stack)
        if found:
            return found
        if not token["empty"]:
            stack.append(opened)
    return None


def _allowed(name: str, attributes: str, *, first: bool) -> Problems:
    """The element and its attributes are on the list; the outermost one names the namespace."""
    if name not in ELEMENTS:
        return _not_basic(f"element {name[:32]}")
    found = {m[1]: m[2][1:-1] for m in _ATTRIBUTES.finditer(attributes)}
    unknown = next((attribute for attribute in found if not _known(attribute)), None)
    if unknown is not None:
        return _not_basic(f"attribute {unknown[:32]}")
    if any(_ACTIVE.search(_HIDING.sub("", unescape(found.get(key, "")))) for key in ("href", "src", "style")):
        return _not_basic("a script in an address or style")
    if found.get("xmlns", NAMESPACE if not first else "") != NAMESPACE:
        return one("value", f'the div must say xmlns="{NAMESPACE}"')
    return None


def _known(attribute: str) -> bool:
    return attribute in ATTRIBUTES or attribute.startswith("xmlns:")


def _not_basic(what: str) -> list[Problem]:
    return one("invariant", f"txt-1: The narrative SHALL contain only basic HTML, not {what}")
