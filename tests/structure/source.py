"""The repository as its tests about itself see it."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("fhir_service", "mappings", "adapters", "profiles")


def files() -> list[Path]:
    """Every file of the repository that exists, committed or about to be, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def modules() -> list[Path]:
    """The Python files of the four packages."""
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def text(file: Path) -> str | None:
    """A file's text; None if it is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def calls(file: Path) -> Iterator[ast.Call]:
    """Every call in a module."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def imports(file: Path) -> Iterator[str]:
    """The dotted name of everything a module imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named(path: Path) -> str:
    """A path as it is said to a person."""
    return str(path.relative_to(ROOT))
