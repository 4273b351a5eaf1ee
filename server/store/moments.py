"""Points in time as the store keeps them: microseconds since 1970, UTC, whole numbers on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 of a point in time.

    Raises
    ------
    ValueError
        Of a time without a zone: SQLite would drop the zone silently, and what is not UTC is a defect.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone, expected an aware time")
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Point in time of microseconds since 1970, UTC."""
    return _EPOCH + timedelta(microseconds=us)


class Moment(TypeDecorator[datetime]):
    """Column of points in time; bulk inserts may hand over microseconds at once."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """Take an aware time, or microseconds."""
        return value if value is None or isinstance(value, int) else to_us(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back an aware time, UTC."""
        return None if value is None else from_us(value)
