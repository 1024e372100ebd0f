"""The files that the guide shows are files that the service takes."""

import json
import re
from dataclasses import fields
from pathlib import Path

from adapters.endpoints import read_endpoints
from mappings.message import Endpoint
from profiles.routing import national, with_more

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "connect-a-hospital.md").read_text(encoding="utf-8")
ROUTES, ENDPOINTS = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)


def test_endpoints_of_the_guide_are_read(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(ENDPOINTS, encoding="utf-8")
    assert read_endpoints(file)["DIPS|983974929"].return_address == "127.0.0.1:2576"
    assert [one.name for one in fields(Endpoint) if f"`{one.name}`" not in GUIDE] == []


def test_routes_of_the_guide_are_read() -> None:
    routes = with_more(national(), json.loads(ROUTES))
    found = routes.of_municipality("5001", "Heimdal", 10)
    assert found is not None
    assert found.organization_id == "ke-5001-heimdal-barn"
