"""Reads the part of FHIRPath that search parameters are written in.  https://hl7.org/fhirpath/N1/#grammar

Text in, syntax tree out. The expressions come from R4's definitions and our own declarations, never from a client.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(r"\s*(?:'(?P<text>[^'\\]*)'|(?P<number>\d+)|(?P<name>[A-Za-z_]\w*)|(?P<symbol>!=|[.()\[\]|=,]))")
_LITERALS = {"true": True, "false": False}


class UnsupportedExpressionError(Exception):
    """An expression uses something that is not understood here: its parameter is not served."""


@dataclass(frozen=True, slots=True)
class Literal:
    """`'phone'`, `false`, `0`"""

    value: str | bool | int


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name`; `of` None: a name at the beginning of a path."""

    of: "Node | None"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`of.name(arguments)`"""

    of: "Node | None"
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`of[position]`"""

    of: "Node"
    position: int


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; the operator is one of `|`, `=`, `!=`, `and`, `or`, `as`, `is`."""

    operator: str
    left: "Node"
    right: "Node"


Node: TypeAlias = Literal | Member | Call | Index | Binary

_LEVELS = (("or",), ("and",), ("=", "!="), ("|",), ("as", "is"))
"""Operators from the loosest to the tightest binding."""


def read(expression: str) -> Node:
    """The tree of an expression. Raises UnsupportedExpressionError."""
    reader = _Reader(_tokens(expression))
    tree = reader.level(0)
    if reader.rest:
        raise UnsupportedExpressionError(expression)
    return tree


def _tokens(expression: str) -> list[tuple[str, str]]:
    """(kind, text) of every token."""
    found, at, text = [], 0, expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise UnsupportedExpressionError(expression)
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Reader:
    """Recursive descent over the tokens that are left."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.rest = tokens

    def level(self, depth: int) -> Node:
        """Operators of `_LEVELS[depth]` and tighter ones, from left to right."""
        if depth == len(_LEVELS):
            return self.path()
        left = self.level(depth + 1)
        while self._next() in _LEVELS[depth]:
            operator = self._take()
            left = Binary(operator, left, self.level(depth + 1))
        return left

    def path(self) -> Node:
        """`a.b(c)[0].d`"""
        node = self._start()
        while self._next() in (".", "["):
            if self._take() == ".":
                node = self._name(node)
            else:
                node = Index(node, int(self._expect("number")))
                self._expect("symbol", "]")
        return node

    def _start(self) -> Node:
        if not self.rest:
            raise UnsupportedExpressionError("the expression ends too early")
        kind, text = self.rest[0]
        if text == "(" and kind == "symbol":
            self._take()
            inner = self.level(0)
            self._expect("symbol", ")")
            return inner
        if kind == "name" and text not in _LITERALS:
            return self._name(None)
        self._take()
        if kind == "symbol":
            raise UnsupportedExpressionError(text)
        return Literal(_LITERALS.get(text, text) if kind == "name" else int(text) if kind == "number" else text)

    def _name(self, of: Node | None) -> Node:
        name = self._expect("name")
        if self._next() != "(":
            return Member(of, name)
        self._take()
        arguments: list[Node] = []
        while self._next() != ")":
            if arguments:
                self._expect("symbol", ",")
            arguments.append(self.level(0))
        self._take()
        return Call(of, name, tuple(arguments))

    def _next(self) -> str:
        """The symbol or word that comes; empty for a text literal or at the end."""
        return self.rest[0][1] if self.rest and self.rest[0][0] != "text" else ""

    def _take(self) -> str:
        return self.rest.pop(0)[1]

    def _expect(self, kind: str, text: str | None = None) -> str:
        if not self.rest or self.rest[0][0] != kind or text not in (None, self.rest[0][1]):
            raise UnsupportedExpressionError(f"{text or kind} expected")
        return self._take()
