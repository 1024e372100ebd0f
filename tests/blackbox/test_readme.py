"""README, tutorial and the page of the persons are true: run as they stand, they print what stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_service.demo import run

from .conftest import Service

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([+-]\d\d:\d\d)?"), "TIME"),
    (re.compile(r"─+"), "─"),
)
MARK = "=== next ==="
Steps = list[tuple[str, list[str]]]
"""The commands of a page in order, each with the lines it should print."""
pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the pages use curl")


def steps_of(text: str) -> Steps:
    blocks = BLOCK.findall(text)
    return list(zip(blocks[::2], map(lines, blocks[1::2]), strict=True))


def lines(printed: str) -> list[str]:
    """What is printed, without what differs from run to run."""
    for pattern, word in CHANGING:
        printed = pattern.sub(word, printed)
    return [" ".join(line.split()) for line in printed.splitlines() if line.strip()]


def follow(steps: Steps, service: Service) -> None:
    """Run the commands in one shell, as a reader would, and compare what each of them prints."""
    script = f"\necho '{MARK}'\n".join(command for command, _ in steps)
    for here, there in (
        ("var/broken.hl7", f"{service.folder}/broken.hl7"),
        (".venv/bin/knutepunkt", f"{sys.executable} -m fhir_service"),
        ("127.0.0.1:8000", service.http),
    ):
        script = script.replace(here, there)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # its python3 is this one
    places = {"PATH": path, "KNUTEPUNKT_MLLP": service.mllp, "KNUTEPUNKT_DATABASE": service.database}
    ended = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=os.environ | places, capture_output=True, text=True, timeout=600
    )
    printed = ended.stdout.split(f"{MARK}\n")
    assert [lines(part) for part in printed] == [expected for _, expected in steps], ended.stderr


def test_readme_prints_what_its_commands_print(service: Service) -> None:
    run(service.http, service.mllp, lambda title, outcome: None)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = steps_of(text[text.index("## The story of Arne") : text.index("## The command")])
    assert len(steps) >= 7
    follow(steps, service)


def test_page_of_the_persons_prints_what_its_commands_print(service: Service) -> None:
    run(service.http, service.mllp, lambda title, outcome: None)
    steps = steps_of((ROOT / "docs/guides/persons-of-the-demo.md").read_text(encoding="utf-8"))
    assert len(steps) >= 4
    follow(steps, service)


def test_way_from_need_to_plan_prints_what_its_commands_print(service: Service) -> None:
    steps = steps_of((ROOT / "docs/tutorials/from-need-to-plan.md").read_text(encoding="utf-8"))
    assert len(steps) >= 8
    follow(steps, service)
