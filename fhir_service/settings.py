"""Configuration, read from the environment once.

Each field is `KNUTEPUNKT_` and its name in capitals: `KNUTEPUNKT_HTTP`, `KNUTEPUNKT_DATABASE`, ...; the options of
`knutepunkt serve` win over them.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self, TypeAlias

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fhir_service.resources import SERVED, served_types
from fhir_service.rules import CHILDREN
from fhir_service.rules import Settings as Municipal
from profiles import names
from profiles.code_systems import codes

ANY_ORIGIN = "*"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?", re.ASCII)
"""As browsers write them.  https://fetch.spec.whatwg.org/#origin-header"""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


Days: TypeAlias = Annotated[int, Field(ge=1, le=3650)]
Months: TypeAlias = Annotated[int, Field(ge=1, le=120)]


_BY_CODE: Mapping[str, tuple[Callable[[], Collection[str]], str, str]] = {
    "child_days": (lambda: CHILDREN, "sub-step", '{"draft-plan": 90}'),
    "meeting_names": (
        lambda: sorted(codes(names.MEETING_KIND)),
        "kind of meeting",
        '{"samarbeidsmote": "Oppstartsmøte"}',
    ),
}
"""Settings with a value for some codes: the codes that there are, what they are, an example."""


class Mode(StrEnum):
    """Decision 13."""

    DEV = "dev"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Frozen; made once at start and passed down."""

    model_config = SettingsConfigDict(env_prefix="KNUTEPUNKT_", frozen=True)

    http: str = "127.0.0.1:8000"
    """host:port"""
    mllp: str = "127.0.0.1:2575"
    """host:port, or empty: no MLLP"""
    database: str = "sqlite:///var/knutepunkt.db"
    """Relative to the folder it is started in; `knutepunkt inbox` started there finds the same file."""
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that serve together; more than one on PostgreSQL only."""
    mode: Mode = Mode.DEV
    base_url: str | None = None
    """Address of the FHIR endpoint as clients see it; default `http://<http>/fhir`."""
    routes: Path | None = None
    """JSON file with inboxes beside those of the municipalities (`profiles.routing.with_more`)."""
    endpoints: Path | None = None
    """JSON file with what is agreed with each sender (`adapters.endpoints`)."""
    export_folder: Path | None = None
    """Where the files of bulk exports lie; default `exports` beside the SQLite file, `var/exports` on PostgreSQL.

    Processes that share a database share this folder.
    """
    served_types: Annotated[tuple[str, ...], NoDecode] = SERVED
    """What the FHIR endpoint offers (decision 33): `Patient,Task,Observation`, or a JSON array of the names."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may use the FHIR endpoint: `https://app.example.no,https://other.no`; `*` in mode dev."""
    answer_days: Days = 28
    """Days from the receipt of a need, or of a complaint that is upheld, to its answer (decisions 5 and 6)."""
    review_months_child: Months = 6
    review_months_adult: Months = 12
    """The longest time to the next review of a plan (decision 6)."""
    child_days: Annotated[dict[str, Days], NoDecode] = {}
    """Deadlines of sub-steps (workflow.md 4.3) that are others here: a JSON object, `{"draft-plan": 90}`."""
    oral_consent: bool = True
    """Whether consent that is not in writing counts (decision 6)."""
    formal_decision: Annotated[str, Field(max_length=200)] = ""
    """The legal basis by which decisions are formal (enkeltvedtak), for the letter: `pbrl-2-5-b`, or in words; empty:
    they are none (decision 6)."""
    meeting_names: Annotated[dict[str, Annotated[str, Field(min_length=1, max_length=100)]], NoDecode] = {}
    """What kinds of meetings are called here: a JSON object, `{"samarbeidsmote": "Oppstartsmøte"}` (decision 6)."""
    infer_need: bool = False
    """Whether a long stay that ends without a notice of need opens a case by itself (decision 14)."""
    infer_need_days: Days = 14
    """How long that stay must have been."""
    refuse_wrong_numbers: bool = False
    """Whether a national number with wrong check digits is refused over REST as it is in messages (ADR 0019)."""
    referential_integrity: bool = True
    """Whether what a client refers to here must exist, and what is referred to stays."""
    audit_reads: bool = True
    """Whether reads and refusals are kept in the audit log; it may be off in mode dev only (decision 25)."""
    audit_durable: bool = False
    """Whether the audit log of reads waits for the disk, as everything else does (SR-2)."""
    max_body_bytes: int = 10_000_000
    log_json: bool = False

    @field_validator("served_types", "cors_origins", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        if given.lstrip().startswith("["):
            try:
                return json.loads(given)
            except ValueError as problem:
                raise ValueError("expected names with commas between them, or a JSON array of names") from problem
        return [name.strip() for name in given.split(",") if name.strip()]

    @field_validator(*_BY_CODE, mode="before")
    @classmethod
    def _by_code(cls, given: object, field: ValidationInfo) -> object:
        there_are, what, example = _BY_CODE[str(field.field_name)]
        if isinstance(given, str):
            try:
                given = json.loads(given)
            except ValueError as problem:
                raise ValueError(f"expected a JSON object by code, e.g. {example}") from problem
        unknown = [code for code in given if code not in there_are()] if isinstance(given, dict) else ()
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no {what}; known are: {', '.join(there_are())}")
        return given

    @field_validator("served_types")
    @classmethod
    def _are_types(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return served_types(given)

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for origin in given:
            if origin != ANY_ORIGIN and not _ORIGIN.fullmatch(origin):
                raise ValueError(f"expected origins such as https://app.example.no, without a path: {origin!r} is none")
        return given

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.workers > 1 and self.database.startswith("sqlite:"):
            raise ValueError(
                "one process alone serves a SQLite file: give --database postgresql://..., or leave out --workers"
            )
        return self

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if ANY_ORIGIN in self.cors_origins and self.mode is not Mode.DEV:
            raise ValueError("name the origins of cors_origins: * is for mode dev only")
        if not self.audit_reads and self.mode is not Mode.DEV:
            raise ValueError("audit_reads is off: reads are kept in the audit log in every mode but dev")
        if self.mode is Mode.PRODUCTION:
            raise ValueError("production needs authentication, which this version does not have yet: use mode dev")
        for name, address in (("http", self.http), ("mllp", self.mllp)):
            if address and host_port(address)[0] not in LOOPBACK:
                raise ValueError(f"mode dev has no authentication and listens on loopback only: {name}={address}")
        return self

    @property
    def exports_in(self) -> Path:
        """The folder of the files of bulk exports."""
        if self.export_folder is not None:
            return self.export_folder
        file = self.database.removeprefix("sqlite:///").partition("?")[0]
        return Path("var" if file == self.database else Path(file).parent) / "exports"

    @property
    def municipal(self) -> Municipal:
        """What rules know of these settings."""
        return Municipal(**{one.name: getattr(self, one.name) for one in fields(Municipal)})

    @property
    def fhir_base(self) -> str:
        """Base of absolute addresses, without a slash at the end."""
        return (self.base_url or f"http://{self.http}/fhir").rstrip("/")


def host_port(address: str) -> tuple[str, int]:
    """`127.0.0.1:8000` -> (`127.0.0.1`, 8000). Raises ValueError with what is expected."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address!r} is not HOST:PORT, e.g. 127.0.0.1:8000")
    return host, int(port)
