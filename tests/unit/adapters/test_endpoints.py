"""The file with what is agreed with each sender: read once at start, and refused with a sentence."""

import json
from pathlib import Path

import pytest

from adapters.endpoints import EndpointsError, read_endpoints
from mappings.message import Endpoint

SENDER = "DIPS|St. Olavs hospital"


def written(folder: Path, content: object) -> Path:
    file = folder / "endpoints.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_no_file_agrees_nothing() -> None:
    assert read_endpoints(None) == {}


def test_what_is_agreed_is_read_by_sender(tmp_path: Path) -> None:
    agreed = {
        "zone": "Europe/London", "charset": "8859/1", "force_charset": True, "unknown_persons": "need-only",
        "return_address": "[::1]:2576",
    }  # fmt: skip
    file = written(tmp_path, {SENDER: agreed, "other": {"charset": None}})
    assert read_endpoints(file) == {SENDER: Endpoint(**agreed), "other": Endpoint()}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "is not JSON"),
        ([], "is not an object with an object for each sender"),
        ({SENDER: "127.0.0.1:2576"}, "is not an object with an object for each sender"),
        ({SENDER: {"timezone": "Europe/Oslo"}}, "unknown timezone; known are charset, force_charset"),
        ({SENDER: {"zone": "Europe/Olso"}}, "zone has a value that cannot be used"),
        ({SENDER: {"zone": None}}, "zone has a value that cannot be used"),
        ({SENDER: {"charset": "klingon"}}, "charset has a value that cannot be used"),
        ({SENDER: {"unknown_persons": "keep"}}, "unknown_persons has a value that cannot be used"),
        ({SENDER: {"return_address": "localhost"}}, "return_address has a value that cannot be used"),
        ({SENDER: {"force_charset": "yes"}}, "force_charset has a value that cannot be used"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(content: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(EndpointsError, match=said):
        read_endpoints(written(tmp_path, content))


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EndpointsError, match=r"none\.json cannot be read"):
        read_endpoints(tmp_path / "none.json")
