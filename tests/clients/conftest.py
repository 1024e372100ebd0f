"""The real process for the client libraries, and what those need to run."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.blackbox.conftest import Service, shared_service

__all__ = ["HERE", "Service", "java_classpath", "needs", "node_modules", "shared_service"]

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "clients"
DEMANDED = "KNUTEPUNKT_ALL_CLIENTS"
"""Set to 1: a missing tool is a failure, not a reason to skip (as in `.ci/run`)."""


def needs(*tools: str) -> None:
    """Skip the test where a tool is missing, unless all are demanded."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        give_up(f"{', '.join(missing)} was not found")


def give_up(reason: str) -> None:
    if os.environ.get(DEMANDED) == "1":
        pytest.fail(f"{reason}, and {DEMANDED}=1 demands all clients")
    pytest.skip(reason)


def is_made_from(stamp: Path, *sources: Path) -> bool:
    return stamp.is_file() and all(stamp.stat().st_mtime > source.stat().st_mtime for source in sources)


def install(command: list[str], where: Path, stamp: Path) -> None:
    """Run an installation once, whoever else wants it; without a registry there is nothing to test."""
    ended = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=600)
    if ended.returncode:
        give_up(f"{command[0]} could not fetch what is locked:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    stamp.touch()


@contextmanager
def alone() -> Iterator[None]:
    """Test processes beside this one wait: they want the same folders."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """A folder with the locked packages, where scripts of Node find them."""
    needs("node", "npm")
    folder = BUILD / "node"
    locked = [HERE / "node" / name for name in ("package.json", "package-lock.json")]
    stamp = folder / ".installed"
    with alone():
        if not is_made_from(stamp, *locked):
            folder.mkdir(parents=True, exist_ok=True)
            for file in locked:
                shutil.copy(file, folder)
            install(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, stamp)
    return folder


@pytest.fixture(scope="session")
def java_classpath() -> str:
    """The class path with HAPI's client."""
    needs("java", "mvn")
    pom, found, stamp = HERE / "java" / "pom.xml", BUILD / "java.classpath", BUILD / "java.installed"
    with alone():
        if not is_made_from(stamp, pom):
            command = ["mvn", "--quiet", "--batch-mode", "--file", str(pom), "dependency:build-classpath"]
            install([*command, f"-Dmdep.outputFile={found}"], HERE, stamp)
    return found.read_text(encoding="utf-8").strip()
