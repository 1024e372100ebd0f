"""Habits that no linter knows (architecture.md 1.3, 1.6, part 2)."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from profiles.issue_codes import ISSUE_CODES
from profiles.national_ids import IdKind, parse_national_id

from .source import ROOT, calls, files, imports, modules, named, text

LONGEST = 400
FHIR_MODELS = "fhir.resources"
ISSUE_MAKERS = {"error": 0, "warning": 0, "information": 0, "Issue": 1}
"""Function -> which argument is the code."""
SPELLED = re.compile(r"urn:oid:2\.16\.578|knutepunkt\.no/fhir")
ELEVEN_DIGITS = re.compile(r"(?<![0-9.])[0-9]{11}(?![0-9.])")
LOGGED = {
    "at", "code", "count", "door", "failure", "fhir", "http", "inside_frame", "kind", "limit", "message", "mllp",
    "open", "outgoing", "recovered", "request", "seeded", "size", "state",
}  # fmt: skip
"""What a log line may carry: keys, counts and our own addresses (S12). Think of SR-35 before you add one."""
HEX_DIGESTS = ("requirements.txt", "requirements-dev.txt")


def test_imports_point_downwards() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout


def test_every_issue_code_in_the_source_is_listed() -> None:
    used = {code: named(file) for file in modules() for call in calls(file) if (code := _issue_code(call))}
    assert len(used) > 40  # the search finds them
    assert {code: file for code, file in used.items() if code not in ISSUE_CODES} == {}


def _issue_code(call: ast.Call) -> str | None:
    if not isinstance(call.func, ast.Name) or call.func.id not in ISSUE_MAKERS:
        return None
    place = ISSUE_MAKERS[call.func.id]
    argument = call.args[place] if len(call.args) > place else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def test_canonical_addresses_and_oids_are_spelled_in_one_file() -> None:
    spelling = [named(file) for file in modules() if SPELLED.search(file.read_text(encoding="utf-8"))]
    assert spelling == ["profiles/names.py"]


def test_no_module_is_longer_than_one_idea() -> None:
    python = [file for file in files() if file.suffix == ".py"]
    lengths = {named(file): len(file.read_text(encoding="utf-8").splitlines()) for file in python}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_no_module_is_called_after_nothing() -> None:
    nameless = {"utils.py", "util.py", "common.py", "helpers.py", "misc.py"}
    assert [named(file) for file in files() if file.name in nameless] == []


def test_packages_do_not_print() -> None:
    printing = [named(f) for f in modules() for c in calls(f) if isinstance(c.func, ast.Name) and c.func.id == "print"]
    assert printing == []


def test_log_calls_pass_keys_and_never_content() -> None:
    """S12: a constant text, and named values from a short list; nothing else, so no resource and no body."""
    logging = [(named(file), call) for file in modules() for call in calls(file) if _logs(call)]
    assert len(logging) > 15  # the search finds them
    assert [place for place, call in logging if [type(argument) for argument in call.args] != [ast.Constant]] == []
    keywords = [(place, keyword) for place, call in logging for keyword in call.keywords]
    assert {(place, k.arg) for place, k in keywords if k.arg and k.arg not in LOGGED} == set()
    spread = {(place, ast.unparse(k.value)) for place, k in keywords if k.arg is None}
    assert {how for _, how in spread} <= {"told(failure)"}


def _logs(call: ast.Call) -> bool:
    of = call.func
    return (
        isinstance(of, ast.Attribute) and isinstance(of.value, ast.Name) and of.value.id in {"log", "logger", "logging"}
    )


def test_typed_models_are_those_of_r4b() -> None:
    """ADR 0002: `fhir.resources` alone is R5."""
    found = {(named(f), name) for f in files() if f.suffix == ".py" for name in imports(f) if FHIR_MODELS in name}
    assert found  # the search finds them
    assert {(place, name) for place, name in found if not name.startswith(f"{FHIR_MODELS}.R4B.")} == set()


def test_broad_excepts_stand_only_in_top_loops() -> None:
    """S5: whoever catches everything says why on that line."""
    lines = [(named(f), line) for f in modules() for line in f.read_text(encoding="utf-8").splitlines()]
    bare = [place for place, line in lines if re.match(r"\s*except( Base)?( Exception)?( as \w+)?:\s*$", line)]
    assert bare == []


def test_every_national_number_in_the_repository_is_synthetic() -> None:
    """Decision 20: months are + 40, + 65 or + 80; help numbers have no date."""
    seen = {
        (named(file), number)
        for file in files()
        if named(file) not in HEX_DIGESTS and (content := text(file))
        for number in ELEVEN_DIGITS.findall(content)
    }
    read = {(place, number): parse_national_id(number, synthetic=True) for place, number in seen}
    real = [
        place for (place, _), found in read.items() if found and found.kind is not IdKind.FHN and not found.synthetic
    ]
    assert len(read) > 20  # the search finds them
    assert real == []
