"""Where in a JSON text an element stands, for messages with a line number."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+|\n')
_STEP = re.compile(r"\.[^.\[]+|\[\d+\]")
_FUNCTION = re.compile(r"\.(?:ofType|where|extension)\([^)]*\)")


def lines_in(text: str) -> dict[str, int]:
    """Every element of a JSON text (`.name[0].given[1]`) with its line; as far as it goes, where it is broken off."""
    return dict(_Walk().through(text))


def line_of(expression: str, known: Mapping[str, int]) -> int:
    """The line of the element that `Patient.name[0].given[1]` points at, or of the nearest one around it."""
    steps = _STEP.findall(_FUNCTION.sub("", expression))
    while steps:
        path = "".join(steps)
        if path in known:
            return known[path]
        steps.pop()
    return 1


@dataclass(slots=True)
class _Walk:
    """Where the reading is. `path`: steps to the open value; `places`: the index in each open array, None: object."""

    path: list[str] = field(default_factory=lambda: [""])
    places: list[int | None] = field(default_factory=list)
    key: str = ""
    before: str = ""

    def through(self, text: str) -> Iterator[tuple[str, int]]:
        line = 1
        for word in _WORD.findall(text):
            if word == "\n":
                line += 1
                continue
            if found := self._found(word):
                yield found, line
            self._step(word)
            self.before = word

    def _found(self, word: str) -> str:
        """The path of the element that begins with this word: a name in an object, a value in an array."""
        if word == ":":
            return "".join(self.path) + self._name()
        place = self.places[-1] if self.places else None
        if place is not None and word not in "]},":
            return f"{''.join(self.path)}[{place}]"
        return ""

    def _name(self) -> str:
        return "." + self.before[1:-1].removeprefix("_")

    def _step(self, word: str) -> None:
        place = self.places[-1] if self.places else None
        if word == ":":
            self.key = self._name()
        elif word in "{[":
            self.path.append(self.key if place is None else f"[{place}]")
            self.places.append(0 if word == "[" else None)
            self.key = ""
        elif word in "}]" and self.places:
            self.path.pop()
            self.places.pop()
        elif word == "," and place is not None:
            self.places[-1] = place + 1
