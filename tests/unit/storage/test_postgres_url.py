"""Addresses of PostgreSQL databases: what is taken, and what is shown of them."""

import pytest

from fhir_service.storage.postgres_url import is_postgres, postgres_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:s%2Fcret@db.local:5433/hub", "postgresql://me@db.local:5433/hub"),
        ("postgres://db/hub", "postgresql://db/hub"),
        ("postgresql://me@/hub?host=/run/pg", "postgresql://me@/hub?host=/run/pg"),
        ("postgresql:///?dbname=hub&user=me&password=cret", "postgresql:///?dbname=hub&user=me"),
        ("postgresql://a%40b:cret@[::1]/hub?sslmode=require", "postgresql://a%40b@[::1]/hub?sslmode=require"),
    ],
)
def test_password_is_never_shown(url: str, shown: str) -> None:
    parsed = postgres_url(url)
    assert parsed.shown == shown
    assert "cret" not in f"{parsed!r} {parsed}"
    assert parsed.dsn == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db",
        "postgresql://db/",
        "postgresql://db:port/hub",
        "postgresql://db:0/hub",
        "postgresql://[::1/hub",
        "postgresql+asyncpg://db/hub",
        "postgresql://db/hub?options=-cfsync%3Doff",
        "postgresql://db/hub?sslmode",
    ],
)
def test_address_that_cannot_be_used_is_told_without_repeating_it(url: str) -> None:
    assert is_postgres(url)
    with pytest.raises(ValueError, match="postgresql://USER:PASSWORD@HOST") as told:
        postgres_url(url)
    assert url not in str(told.value)
