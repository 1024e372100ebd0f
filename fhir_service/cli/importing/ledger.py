"""What was begun and what is done, in a file that grows line by line: kill -9 loses none of it.

Only digests of contents stand there, no resources. A line is whole or is passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from fhir_service.cli.console import Problem

_TITLE = "knutepunkt import 1"
_BEGUN, _DONE = "begun", "done"


@dataclass(slots=True)
class Ledger:
    """`base`: the service that the state is about; another one needs a file of its own."""

    file: Path
    base: str
    done: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    """Begun in an earlier run, and its end is not known."""
    _out: IO[str] = field(init=False)

    def __enter__(self) -> Self:
        """Read what is there, and open it to go on. Raises Problem for a file of something else."""
        known = self._read()
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._out = self.file.open("a", encoding="ascii")
        except OSError as failed:
            raise Problem(f"--state: {self.file} cannot be written ({failed.strerror}).") from failed
        self._write("" if known else f"{_TITLE} {self.base}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()

    def _read(self) -> bool:
        if not self.file.exists():
            return False
        text = self.file.read_text(encoding="ascii", errors="replace")
        if not text.strip():
            return False
        title, *lines = text.split("\n")
        if not title.startswith(_TITLE):
            raise Problem(f"--state: {self.file} is no state of an import; give another file.")
        if title != f"{_TITLE} {self.base}":
            there = title.removeprefix(_TITLE).strip()
            raise Problem(f"--state: {self.file} is about {there}, not {self.base}; give another file.")
        for line in lines:
            word, *digests = line.split() or [""]
            if word == _DONE:
                self.done.update(digests)
            elif word == _BEGUN:
                self.unsure.update(digests)
        self.unsure -= self.done
        return True

    def begin(self, digests: Iterable[str]) -> None:
        """These are about to be sent."""
        self._write(" ".join((_BEGUN, *digests)))

    def finish(self, digests: Iterable[str]) -> None:
        """These were taken."""
        told = tuple(digests)
        self.done.update(told)
        if told:
            self._write(" ".join((_DONE, *told)))

    def _write(self, line: str) -> None:
        """One call of the system for one line; what was written survives the end of this process."""
        self._out.write(line + "\n")
        self._out.flush()
