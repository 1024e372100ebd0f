"""`postgresql://user:password@host:port/database`: checked, and shown without its password."""

from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

SCHEMES = ("postgresql://", "postgres://")
EXPECTED = (
    "The database must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with what is special in them percent-encoded; "
    "for a Unix socket postgresql://USER@/DATABASE?host=/FOLDER/OF/THE/SOCKET"
)
_PARAMETERS = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile")


@dataclass(frozen=True, slots=True, repr=False)
class PostgresUrl:
    """Where the database is. Neither `str` nor `repr` tells the password."""

    dsn: str

    @property
    def shown(self) -> str:
        """The address for people and logs."""
        parts = urlsplit(self.dsn)
        user = f"{quote(unquote(parts.username))}@" if parts.username else ""
        place = parts.netloc.rpartition("@")[2]
        kept = [f"{name}={v}" for name, values in parse_qs(parts.query).items() for v in values if name != "password"]
        return f"postgresql://{user}{place}{parts.path}{'?' if kept else ''}{'&'.join(kept)}"

    def __repr__(self) -> str:
        return self.shown


def is_postgres(url: str) -> bool:
    """Whether the URL names a PostgreSQL database; `postgresql+driver://` does as well, and is refused."""
    return url.startswith(("postgresql:", "postgres:", "postgresql+"))


def postgres_url(url: str) -> PostgresUrl:
    """Check a URL. Raises ValueError that says what is expected, and not what was given."""
    try:
        parts = urlsplit(url)
        named = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        fine = url.startswith(SCHEMES) and bool(parts.path.strip("/") or "dbname" in named) and parts.port != 0
    except ValueError:
        fine, named = False, {}
    if not fine or not named.keys() <= set(_PARAMETERS):
        raise ValueError(EXPECTED)
    return PostgresUrl(url)
