"""The grammar of FHIRPath: text to a tree.  https://hl7.org/fhirpath/N1/grammar.html"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

LONGEST: Final = 4_000
DEEPEST: Final = 30


class Unsupported(Exception):
    """The expression is not FHIRPath, or asks for what is not done here; its text says which."""


class Term(NamedTuple):
    """One node of the tree: what it is, its word (an operator, a name, a literal), and its parts."""

    kind: str
    word: Any
    parts: tuple["Term", ...] = ()


_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*[\s\S]*?\*/)
    |(?P<time>@(?:T\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?|\d{4}(?:-\d{2}(?:-\d{2})?)?(?:T(?:\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?)?(?:Z|[+-]\d{2}:\d{2})?)?))
    |(?P<number>\d+(?:\.\d+)?)
    |'(?P<text>(?:[^'\\]|\\.)*)'
    |`(?P<quoted>(?:[^`\\]|\\.)*)`
    |(?P<variable>%(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]*`|'[^']*'|"[^"]*"))
    |(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign><=|>=|!=|!~|[-+*/&|=~<>().,\[\]{}])""",
    re.VERBOSE,
)
_LEVELS: Final[tuple[frozenset[str], ...]] = tuple(
    map(
        frozenset,
        (
            {"implies"},
            {"or", "xor"},
            {"and"},
            {"in", "contains"},
            {"=", "~", "!=", "!~"},
            {"<", ">", "<=", ">="},
            {"|"},
            {"is", "as"},
            {"+", "-", "&"},
            {"*", "/", "div", "mod"},
        ),
    )
)
"""Binary operators, those that bind least first."""
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


class Token(NamedTuple):
    """A word of the expression."""

    kind: str
    text: str


def tokens(text: str) -> Iterator[Token]:
    """The words; raises Unsupported for what is none."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise Unsupported("a character that has no meaning here")
        position = match.end()
        if match.lastgroup != "space":
            yield Token(match.lastgroup, match[match.lastgroup])


def parse(text: str) -> Term:
    """The tree of an expression; raises Unsupported, and RecursionError for a long row of signs."""
    if len(text) > LONGEST:
        raise Unsupported(f"longer than {LONGEST} characters")
    parser = _Parser(list(tokens(text)))
    tree = parser.expression()
    if parser.position < len(parser.tokens):
        raise Unsupported(f"{parser.tokens[parser.position].text!r} in the wrong place")
    return tree


class _Parser:
    """One pass over the words, one method for each level of the grammar."""

    def __init__(self, words: list[Token]) -> None:
        self.tokens, self.position, self.depth = words, 0, 0

    def expression(self, level: int = 0) -> Term:
        if level == len(_LEVELS):
            return self.signed()
        left = self.expression(level + 1)
        while self.peek() in _LEVELS[level] and self.kind() in ("name", "sign"):
            operator = self.take()
            right = self.type_name() if operator in ("is", "as") else self.expression(level + 1)
            left = Term("binary", operator, (left, right))
        return left

    def signed(self) -> Term:
        if self.peek() in ("-", "+") and self.kind() == "sign":
            return Term("sign", self.take(), (self.signed(),))
        return self.path()

    def path(self) -> Term:
        found = self.primary()
        while self.kind() == "sign" and self.peek() in (".", "["):
            if self.take() == ".":
                found = Term("dot", ".", (found, self.invocation()))
            else:
                found = Term("index", "[", (found, self.inside("]")))
        return found

    def primary(self) -> Term:
        kind, text = self.kind(), self.peek()
        if text == "(" and kind == "sign":
            self.take()
            return self.inside(")")
        if text == "{" and kind == "sign":
            self.take()
            self.expect("}")
            return Term("literal", None)
        if kind in ("number", "text", "time"):
            return _literal(Token(kind, self.take()), self.unit() if kind == "number" else None)
        if kind == "variable":
            return Term("variable", self.take()[1:].strip("`'\""))
        return self.invocation()

    def unit(self) -> str | None:
        """The unit of a quantity literal, `4 'mg'`."""
        return _unescaped(self.take()) if self.kind() == "text" else None

    def invocation(self) -> Term:
        kind, name = self.kind(), self.peek()
        if kind not in ("name", "quoted"):
            raise Unsupported(f"{name!r} where a name should stand" if name else "an end that comes too soon")
        self.take()
        if kind == "name" and name in ("true", "false"):
            return Term("literal", name == "true")
        if kind == "name" and name.startswith("$"):
            return Term("this" if name == "$this" else "special", name)
        if not (self.peek() == "(" and self.kind() == "sign"):
            return Term("member", name)
        self.take()
        return Term("call", name, self.arguments(name))

    def arguments(self, name: str) -> tuple[Term, ...]:
        found: list[Term] = []
        while not (self.peek() == ")" and self.kind() == "sign"):
            if found:
                self.expect(",")
            found.append(self.type_name() if name in ("ofType", "is", "as") else self.deeper())
        self.take()
        return tuple(found)

    def type_name(self) -> Term:
        if self.kind() not in ("name", "quoted"):
            raise Unsupported("a type that has no name")
        name = self.take()
        if self.peek() == "." and self.kind() == "sign" and name in ("FHIR", "System"):
            self.take()
            name = self.take()
        return Term("type", name)

    def inside(self, end: str) -> Term:
        found = self.deeper()
        self.expect(end)
        return found

    def deeper(self) -> Term:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unsupported("too many levels")
        found = self.expression()
        self.depth -= 1
        return found

    def kind(self) -> str:
        return self.tokens[self.position].kind if self.position < len(self.tokens) else ""

    def peek(self) -> str:
        return self.tokens[self.position].text if self.position < len(self.tokens) else ""

    def take(self) -> str:
        found = self.peek()
        self.position += 1
        return found

    def expect(self, text: str) -> None:
        if self.kind() != "sign" or self.take() != text:
            raise Unsupported(f"{text!r} is missing")


def _literal(token: Token, unit: str | None) -> Term:
    if token.kind == "text":
        return Term("literal", _unescaped(token.text))
    if token.kind == "time":
        return Term("moment", token.text[1:])
    return Term("quantity" if unit is not None else "number", (token.text, unit))


def _unescaped(text: str) -> str:
    unicode = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), unicode)
