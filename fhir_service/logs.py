"""Logging: one line an event, keys only; no text of an exception, as it may quote what was sent (SR-35)."""

import logging
import sys
import traceback
from pathlib import Path

import structlog
from structlog.types import EventDict, WrappedLogger


def configure(*, as_json: bool) -> None:
    """Log to stderr, for people or as JSON lines."""
    shown: structlog.types.Processor
    shown = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            frames_only,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def frames_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its type and where it was raised."""
    given = event.pop("exc_info", None)
    failure = sys.exception() if given is True else given
    return {**event, **told(failure)} if isinstance(failure, BaseException) else event


def told(failure: BaseException) -> dict[str, object]:
    """What may be logged about an exception: its type and the innermost frames."""
    frames = traceback.extract_tb(failure.__traceback__)[-8:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"failure": type(failure).__name__, "at": where}
