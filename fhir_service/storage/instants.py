"""Times as the tables have them: microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000


def micros(at: datetime) -> int:
    """A time with a zone -> microseconds since 1970 UTC."""
    return (at - EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """Microseconds since 1970 -> time in UTC."""
    return EPOCH + timedelta(microseconds=at)
