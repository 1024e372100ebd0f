"""The functions of FHIRPath that look at values.  https://hl7.org/fhirpath/N1/#functions"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from profiles.checking.references import literal_type
from profiles.checking.xhtml import xhtml
from profiles.fhirpath import nodes
from profiles.fhirpath.comparing import key
from profiles.fhirpath.nodes import Node
from profiles.fhirpath.patterns import pattern
from profiles.fhirpath.scope import Nodes, Scope, boolean, integer, number, one, string, text_of
from profiles.fhirpath.syntax import Unsupported

Plain: TypeAlias = Callable[[Scope, Nodes, tuple[Nodes, ...]], Nodes]
"""(scope, the values it is asked of, its arguments) -> the values it gives."""


def _distinct(found: Nodes) -> Nodes:
    return list({key(node): node for node in reversed(found)}.values())[::-1]


def _keys(found: Nodes) -> set[Any]:
    return {key(node) for node in found}


def _whole(found: Nodes) -> int:
    value = one(found)
    if type(value) is not int:
        raise Unsupported("a whole number is expected")
    return value


def _of_text(run: Callable[..., Nodes]) -> Plain:
    """A function of one text and texts; nothing where one of them is nothing."""

    def function(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
        texts = [text_of(found), *(text_of(argument) for argument in arguments)]
        return [] if None in texts else run(*texts)

    return function


def _substring(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    text, start = text_of(found), _whole(arguments[0])
    if text is None or not 0 <= start < len(text):
        return []
    return string(text[start : start + _whole(arguments[1])] if len(arguments) > 1 else text[start:])


def _to_integer(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    value = one(found)
    if type(value) in (int, bool):
        return integer(int(value))
    fits = type(value) is str and value.isascii() and value.lstrip("+-").isdigit() and len(value) < 12
    return integer(int(value)) if fits else []


def _to_decimal(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    try:
        return [Node(Decimal(str(one(found))), "decimal")] if found else []
    except InvalidOperation:
        return []


def _to_string(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    value = one(found)
    if value is None or type(value) in (dict, list):
        return []
    return string(("true" if value else "false") if type(value) is bool else str(value))


def _descendants(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    result: Nodes = []
    level = found
    while level:
        level = [below for node in level for below in nodes.children(node)]
        scope.spend(len(level))
        result += level
    return result


def _resolve(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    """A contained resource; of any other the type only, which is what rules ask of it."""
    result: Nodes = []
    for node in found:
        told = node.value.get("reference") if type(node.value) is dict else node.value
        if type(told) is not str:
            continue
        if told.startswith("#"):
            result += _inside(scope, told[1:])
        elif rtype := literal_type(told):
            result.append(Node({"resourceType": rtype}, rtype))
    return result


def _inside(scope: Scope, name: str) -> Nodes:
    if not name:
        return [scope.outermost]
    held = nodes.child(scope.outermost, "contained")
    return [node for node in held if type(node.value) is dict and node.value.get("id") == name]


def _extension(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    url = text_of(arguments[0])
    held = [e for node in found for e in nodes.child(node, "extension")]
    return [e for e in held if type(e.value) is dict and e.value.get("url") == url]


def _children(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    result = [below for node in found for below in nodes.children(node)]
    scope.spend(len(result))
    return result


def _absolute(scope: Scope, found: Nodes, arguments: tuple[Nodes, ...]) -> Nodes:
    value = one(found)
    return [] if value is None else number(abs(value))


def _replaced(text: str, wanted: str, other: str) -> Nodes:
    if len(text) * (len(other) + 1) > 10_000_000:
        raise Unsupported("a text that grows too long")
    return string(text.replace(wanted, other))


def _replaced_matches(text: str, wanted: str, other: str) -> Nodes:
    return string(pattern(wanted).over(text).sub(other.replace("\\", "\\\\"), text))


FUNCTIONS: Mapping[str, tuple[range, Plain]] = {
    "abs": (range(1), _absolute),
    "allFalse": (range(1), lambda s, f, a: boolean(all(n.value is False for n in f))),
    "allTrue": (range(1), lambda s, f, a: boolean(all(n.value is True for n in f))),
    "anyFalse": (range(1), lambda s, f, a: boolean(any(n.value is False for n in f))),
    "anyTrue": (range(1), lambda s, f, a: boolean(any(n.value is True for n in f))),
    "children": (range(1), _children),
    "combine": (range(1, 2), lambda s, f, a: f + a[0]),
    "contains": (range(1, 2), _of_text(lambda text, part: boolean(part in text))),
    "count": (range(1), lambda s, f, a: integer(len(f))),
    "descendants": (range(1), _descendants),
    "distinct": (range(1), lambda s, f, a: _distinct(f)),
    "empty": (range(1), lambda s, f, a: boolean(not f)),
    "endsWith": (range(1, 2), _of_text(lambda text, part: boolean(text.endswith(part)))),
    "exclude": (range(1, 2), lambda s, f, a: [n for n in f if key(n) not in _keys(a[0])]),
    "extension": (range(1, 2), _extension),
    "first": (range(1), lambda s, f, a: f[:1]),
    "hasValue": (range(1), lambda s, f, a: boolean(len(f) == 1 and type(f[0].value) not in (dict, type(None)))),
    "htmlChecks": (range(1), lambda s, f, a: boolean(not any(xhtml(n.value) for n in f))),
    "indexOf": (range(1, 2), _of_text(lambda text, part: integer(text.find(part)))),
    "intersect": (range(1, 2), lambda s, f, a: _distinct([n for n in f if key(n) in _keys(a[0])])),
    "isDistinct": (range(1), lambda s, f, a: boolean(len(_keys(f)) == len(f))),
    "last": (range(1), lambda s, f, a: f[-1:]),
    "length": (range(1), _of_text(lambda text: integer(len(text)))),
    "lower": (range(1), _of_text(lambda text: string(text.lower()))),
    "matches": (range(1, 2), _of_text(lambda text, p: boolean(pattern(p).over(text).fullmatch(text) is not None))),
    "replace": (range(2, 3), _of_text(_replaced)),
    "replaceMatches": (range(2, 3), _of_text(_replaced_matches)),
    "resolve": (range(1), _resolve),
    "single": (range(1), lambda s, f, a: f if one(f) is not None else []),
    "skip": (range(1, 2), lambda s, f, a: f[max(_whole(a[0]), 0) :]),
    "startsWith": (range(1, 2), _of_text(lambda text, part: boolean(text.startswith(part)))),
    "subsetOf": (range(1, 2), lambda s, f, a: boolean(_keys(f) <= _keys(a[0]))),
    "substring": (range(1, 3), _substring),
    "supersetOf": (range(1, 2), lambda s, f, a: boolean(_keys(f) >= _keys(a[0]))),
    "tail": (range(1), lambda s, f, a: f[1:]),
    "take": (range(1, 2), lambda s, f, a: f[: max(_whole(a[0]), 0)]),
    "toDecimal": (range(1), _to_decimal),
    "toInteger": (range(1), _to_integer),
    "toString": (range(1), _to_string),
    "trim": (range(1), _of_text(lambda text: string(text.strip()))),
    "union": (range(1, 2), lambda s, f, a: _distinct(f + a[0])),
    "upper": (range(1), _of_text(lambda text: string(text.upper()))),
}
"""Name -> how many arguments it takes, and what it does."""
