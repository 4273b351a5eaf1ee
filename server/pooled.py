"""Whose series a company's model may learn from besides its own: by rulebook and recorded consent, and no other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sqlmodel import select

from groupage.v1 import consents_pb2, members_pb2, pools_pb2, rulebooks_pb2
from server import lanes
from server.learning import OTHERS
from server.pools import CONSENT, MEMBER, POOL
from server.store.tables import Record

if TYPE_CHECKING:
    from datetime import date

    from server.store import Reading

_TAKES_PART = tuple(members_pb2.Member.State.Name(s) for s in (members_pb2.Member.ACTIVE, members_pb2.Member.LEAVING))


def fellows(session: Reading, company: str) -> list[str]:
    """Companies that share a pool with this one whose rulebook in force lets models learn from all, if both agreed.

    The session reads for the service.
    """
    found: set[str] = set()
    for pool in _pools_of(session, company):
        record = session.get(Record, f"pools/{pool}")
        message = pools_pb2.Pool.FromString(record.body) if record is not None and record.kind == POOL.kind else None
        book_row = session.get(Record, message.rulebook) if message is not None and message.rulebook else None
        if message is None or message.state == pools_pb2.Pool.CLOSED or book_row is None:
            continue
        book = rulebooks_pb2.Rulebook.FromString(book_row.body)
        if book.state != rulebooks_pb2.Rulebook.IN_FORCE or not book.visibility.pooled_learning:
            continue
        agreed = _consented(session, book_row.name, book.digest) & _members(session, f"pools/{pool}")
        if company in agreed:
            found |= agreed
    return sorted(found - {company})


def _pools_of(session: Reading, company: str) -> list[str]:
    query = select(Record.pool).where(
        Record.kind == MEMBER.kind,
        Record.company == company,
        Record.state.in_(_TAKES_PART),  # type: ignore[attr-defined]
    )
    return sorted({pool for pool in session.exec(query) if pool})


def _members(session: Reading, pool: str) -> set[str]:
    query = select(Record.company).where(
        Record.kind == MEMBER.kind,
        Record.parent == pool,
        Record.state.in_(_TAKES_PART),  # type: ignore[attr-defined]
    )
    return {company for company in session.exec(query) if company}


def _consented(session: Reading, rulebook: str, digest: str) -> set[str]:
    """Who agreed to exactly this text."""
    query = select(Record).where(Record.kind == CONSENT.kind, Record.parent == rulebook)
    rows = [(r.company, consents_pb2.Consent.FromString(r.body)) for r in session.exec(query)]
    return {company for company, answer in rows if company and answer.consented and answer.digest == digest}


def with_fellows(session: Reading, company: str, own: pd.DataFrame, last: date) -> pd.DataFrame:
    """Add the known demand of fellows up to a day; the session reads for the service.

    What a fellow has not told yet up to that day is unknown, not without demand.
    """
    frames = [own.assign(censored=False)]
    for number, fellow in enumerate(fellows(session, company)):
        frame = lanes.frame_of(lanes.rows_of(session, fellow, last), last)
        if frame is None:
            continue
        past = lanes.past_of(frame).assign(censored=False)
        untold = pd.date_range(past["ds"].max() + pd.Timedelta(days=1), pd.Timestamp(last), unit="s")
        series = past.drop_duplicates("unique_id")
        later = series.loc[series.index.repeat(len(untold))].assign(
            ds=np.tile(untold.to_numpy(), len(series)), y=0.0, promotion=0.0, censored=True
        )
        both = pd.concat([past, later.astype(past.dtypes.to_dict())], ignore_index=True)
        frames.append(both.assign(unique_id=f"{OTHERS}{number}-" + both["unique_id"]))
    return pd.concat(frames, ignore_index=True)
