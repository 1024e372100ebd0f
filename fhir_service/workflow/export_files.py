"""The files of one bulk export: NDJSON, split at a size, moved into place when all are whole.

They lie in `<folder>/<job>/Patient.1.ndjson`; while they are written the folder ends in `.part`.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

LARGEST = 8_000_000
"""Bytes after which the next file of a type begins: one is read at once when it is sent."""
_NAME = re.compile(r"[A-Z][A-Za-z]{0,63}\.[0-9]{1,6}\.ndjson", re.ASCII)
_JOB = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Output:
    """One file that was made."""

    rtype: str
    name: str
    count: int


@dataclass(slots=True)
class Making:
    """The files of a job while they are written. All methods block: call them in a thread."""

    folder: Path
    job_id: str
    largest: int = LARGEST
    made: list[Output] = field(default_factory=list)
    _file: BinaryIO | None = None
    _rtype: str = ""
    _size: int = 0
    _count: int = 0
    _number: int = 0

    @property
    def part(self) -> Path:
        """Where they are written."""
        return self.folder / (self.job_id + _PART)

    def begin(self) -> None:
        """An empty folder, whatever an earlier attempt has left."""
        shutil.rmtree(self.part, ignore_errors=True)
        shutil.rmtree(self.folder / self.job_id, ignore_errors=True)
        self.part.mkdir(parents=True)

    def add(self, rtype: str, lines: Iterable[bytes]) -> None:
        """Write resources of one type, one a line; all of a type come before those of the next."""
        for line in lines:
            if self._file is None or self._rtype != rtype or self._size + len(line) > self.largest:
                self._next(rtype)
            assert self._file is not None  # noqa: S101 - _next has opened it
            self._file.write(line + b"\n")
            self._size += len(line) + 1
            self._count += 1

    def _next(self, rtype: str) -> None:
        self._close()
        self._number = self._number + 1 if self._rtype == rtype else 1
        self._rtype, self._size, self._count = rtype, 0, 0
        self._file = (self.part / f"{rtype}.{self._number}.ndjson").open("wb")

    def _close(self) -> None:
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.made.append(Output(self._rtype, Path(self._file.name).name, self._count))
        self._file = None

    def end(self) -> tuple[Output, ...]:
        """Close the last file and move the folder into place; what was made."""
        self._close()
        self.part.rename(self.folder / self.job_id)
        return tuple(self.made)

    def give_up(self) -> None:
        """Let go of what was written."""
        if self._file is not None:
            self._file.close()
            self._file = None
        shutil.rmtree(self.part, ignore_errors=True)


def content(folder: Path, job_id: str, name: str) -> bytes | None:
    """The bytes of a file; None where there is none of this name."""
    if not _JOB.fullmatch(job_id) or not _NAME.fullmatch(name):
        return None
    with contextlib.suppress(FileNotFoundError):
        return (folder / job_id / name).read_bytes()
    return None


def discard(folder: Path, job_id: str) -> None:
    """Remove the files of a job."""
    shutil.rmtree(folder / job_id, ignore_errors=True)


def tidy(folder: Path, known: frozenset[str]) -> None:
    """Remove folders of exports that nobody knows any more; nothing else in the folder is touched."""
    if not folder.is_dir():
        return
    for found in folder.iterdir():
        job_id = found.name.removesuffix(_PART)
        if _JOB.fullmatch(job_id) and job_id not in known:
            shutil.rmtree(found, ignore_errors=True)
