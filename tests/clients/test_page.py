"""The programs of "Use it with your client", run as they stand there, print what stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from .conftest import HERE, Service

PAGE = HERE.parents[1] / "docs/guides/use-it-with-your-client.md"
PROGRAM = re.compile(r"^```(\w+)\n(.*?)^```\n\n```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HERE_ON_THE_PAGE = "http://127.0.0.1:8000/fhir"


def program(heading: str, service: Service) -> tuple[str, list[str]]:
    """The program under a heading, with the address of this service; and the lines that it should print."""
    text = PAGE.read_text(encoding="utf-8")
    section = text[text.index(f"## {heading}") :]
    found = PROGRAM.search(section)
    assert found and HERE_ON_THE_PAGE in found[2]
    return found[2].replace(HERE_ON_THE_PAGE, service.fhir), found[3].splitlines()


def printed(command: list[str], where: Path) -> list[str]:
    ended = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=600, env=dict(os.environ))
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout.splitlines()


def test_page_for_fhirpy(shared_service: Service, tmp_path: Path) -> None:
    text, expected = program("fhirpy (Python)", shared_service)
    (tmp_path / "program.py").write_text(text, encoding="utf-8")
    assert printed([sys.executable, "program.py"], tmp_path) == expected


def test_page_for_fhirclient(shared_service: Service, tmp_path: Path) -> None:
    text, expected = program("SMART fhirclient (Python)", shared_service)
    (tmp_path / "program.py").write_text(text, encoding="utf-8")
    assert printed([sys.executable, "program.py"], tmp_path) == expected


def test_page_for_fhir_kit_client(shared_service: Service, node_modules: Path) -> None:
    text, expected = program("fhir-kit-client (JavaScript)", shared_service)
    (node_modules / "page.mjs").write_text(text, encoding="utf-8")
    assert printed(["node", "page.mjs"], node_modules) == expected


def test_page_for_hapi(shared_service: Service, java_classpath: str, tmp_path: Path) -> None:
    text, expected = program("HAPI FHIR client (Java)", shared_service)
    (tmp_path / "UseKnutepunkt.java").write_text(text, encoding="utf-8")
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", java_classpath, "UseKnutepunkt.java"]
    assert printed(command, tmp_path) == expected
