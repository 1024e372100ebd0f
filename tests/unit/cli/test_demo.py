"""`knutepunkt demo`: the population comes in through the service's own ports."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.cli.console import Problem

from .conftest import end, free_address, serve

ROUTES = Path(__file__).parents[3] / "fhir_service" / "demo" / "routes.json"


def demo(*arguments: str) -> str:
    result = CliRunner().invoke(program, ["demo", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_demo_fills_an_empty_service_once(tmp_path: Path) -> None:
    service = serve(tmp_path, KNUTEPUNKT_ROUTES=str(ROUTES))
    try:
        said = demo("--http", service.http, "--mllp", service.mllp)
        assert "11 stories told" in said
        plans = httpx.get(f"http://{service.http}/fhir/CarePlan", params={"status": "active", "_total": "accurate"})
        assert plans.json()["total"] >= 3
        again = demo("--http", service.http, "--mllp", service.mllp)
        assert again.count("finnes fra før") == 11
        assert "0 stories told" in again
    finally:
        assert end(service) == 0


def test_nobody_there_says_what_to_do() -> None:
    with pytest.raises(Problem, match=r"start the service \(knutepunkt serve\)"):
        demo("--http", free_address(), "--mllp", free_address())


def test_address_that_is_none_says_what_is_expected() -> None:
    with pytest.raises(Problem, match="is not HOST:PORT"):
        demo("--mllp", "nowhere")
