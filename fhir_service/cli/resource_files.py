"""Files with FHIR resources: NDJSON, read line by line, and JSON documents. What validate and import share."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from fhir_service.cli.console import Problem

LINES = frozenset({".ndjson", ".jsonl"})
"""One resource a line.  https://hl7.org/fhir/R4/nd-json.html"""
DOCUMENTS = frozenset({".json"})
MANIFEST = "manifest.json"
"""What an export writes beside the resources: where a folder is meant, it is none of them."""
_BOM = b"\xef\xbb\xbf"


def files_of(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files that are meant, each once, in order; a folder means the NDJSON and JSON files in and below it.

    Raises Problem for what is not there, and for a folder without any.
    """
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(_below(path) if path.is_dir() else [_there(path)])
    return tuple(found)


def _there(path: Path) -> Path:
    if not path.exists():
        raise Problem(f"{path} does not exist.")
    return path


def _below(folder: Path) -> list[Path]:
    named = sorted(f for f in folder.rglob("*") if f.suffix.lower() in LINES | DOCUMENTS and f.name != MANIFEST)
    found = [f for f in named if f.is_file()]
    if not found:
        raise Problem(f"{folder} holds no file that ends with .json, .ndjson or .jsonl.")
    return found


def has_lines(file: Path) -> bool:
    """Whether each line of the file is a resource."""
    return file.suffix.lower() in LINES


def lines_of(file: Path) -> Iterator[tuple[int, int, bytes]]:
    """The lines of a file that are not empty: number from 1, position in bytes, content. Only one is in memory."""
    position = 0
    try:
        with file.open("rb") as opened:
            for number, line in enumerate(opened, 1):
                body = line.removeprefix(_BOM).strip()
                if body:
                    yield number, position, body
                position += len(line)
    except OSError as failed:
        raise Problem(f"{file} cannot be read ({failed.strerror}).") from failed


def content_of(file: Path) -> bytes:
    """The whole file. Raises Problem when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as failed:
        raise Problem(f"{file} cannot be read ({failed.strerror}).") from failed
