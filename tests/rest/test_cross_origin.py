"""Pages of other origins.  https://fetch.spec.whatwg.org/#http-cors-protocol"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from fhir_service.settings import Mode, Settings
from tests.rest.conftest import BASE, Rest, opened_rest

APP = "https://app.example.no"
ASKING = {"access-control-request-method": "PUT", "access-control-request-headers": "if-match,content-type"}


def opened(folder: Path, *origins: str) -> Iterator[Rest]:
    file = folder / "k.db"
    settings = Settings(database=f"sqlite:///{file}", mllp="", base_url=BASE, cors_origins=origins)
    with opened_rest(settings, file) as rest:
        yield rest


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    yield from opened(tmp_path_factory.mktemp("listed"), APP, "http://localhost:3000")


def told(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_page_of_an_origin_on_the_list_reads_answers(listed: Rest) -> None:
    made = listed.post({"resourceType": "Patient"}, origin=APP)
    assert (made.status_code, made.headers["access-control-allow-origin"]) == (201, APP)
    exposed = made.headers["access-control-expose-headers"].split(", ")
    assert {"ETag", "Location", "Content-Location", "Last-Modified"} <= set(exposed)
    assert made.headers["vary"] == "accept, origin"
    nothing = listed.get("Patient/none", origin="http://localhost:3000")
    assert (nothing.status_code, nothing.headers["access-control-allow-origin"]) == (404, "http://localhost:3000")


def test_preflight_says_what_a_page_may_send(listed: Rest) -> None:
    answer = listed("OPTIONS", "Patient/1", headers={"origin": APP, **ASKING})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == APP
    assert "PUT" in answer.headers["access-control-allow-methods"].split(", ")
    headers = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "if-match", "if-none-exist", "prefer"} <= set(headers)
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "https://evil.example"}, {"origin": f"{APP}.evil"}, {"origin": "null"}]
)
def test_nobody_else_is_told_that_it_may(listed: Rest, headers: dict[str, str]) -> None:
    for answer in (
        listed("GET", "metadata", headers=headers),
        listed("OPTIONS", "Patient/1", headers=headers | ASKING),
    ):
        assert told(answer) == {}
        assert "origin" in answer.headers["vary"]
    assert "PUT" in listed("OPTIONS", "Patient/1", headers=headers | ASKING).headers["allow"]


def test_options_that_is_no_preflight_tells_what_is_served(listed: Rest) -> None:
    answer = listed("OPTIONS", "Patient/1", headers={"origin": APP})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, APP)
    assert "PUT" in answer.headers["allow"]


def test_any_origin_is_allowed_where_that_is_set(tmp_path: Path) -> None:
    for rest in opened(tmp_path, "*"):
        answer = rest.get("metadata", origin=APP)
        assert (answer.headers["access-control-allow-origin"], answer.headers["vary"]) == ("*", "accept")
        assert (
            rest("OPTIONS", "Patient", headers={"origin": APP, **ASKING}).headers["access-control-allow-origin"] == "*"
        )


def test_nothing_is_told_without_the_setting(rest: Rest) -> None:
    assert told(rest.get("metadata", origin=APP)) == {}


@pytest.mark.parametrize(
    "given", ["https://app.example.no/", "app.example.no", "https://App.example.no", "null", "https://*"]
)
def test_what_is_no_origin_is_refused_at_start(given: str) -> None:
    with pytest.raises(ValidationError, match="origins"):
        Settings(cors_origins=given)  # type: ignore[arg-type]


def test_origins_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNUTEPUNKT_CORS_ORIGINS", f"{APP}, http://[::1]:3000")
    assert Settings().cors_origins == (APP, "http://[::1]:3000")
    any_origin: dict[str, Any] = {"cors_origins": ("*",), "mode": Mode.PRODUCTION}
    with pytest.raises(ValidationError, match="dev only"):
        Settings(**any_origin)
