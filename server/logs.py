"""Structured logs: one JSON object a line for machines, or coloured text for people at a terminal."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structlog.typing import EventDict, Processor

LEVELS = ("debug", "info", "warning", "error")


class Bound(Protocol):
    """What log lines are written for, such as a call."""

    def logged(self) -> Mapping[str, Any]:
        """Fields that every line of it carries."""


# Asked only when a line is written: binding fields for each call would cost more than counting it.
context: ContextVar[Bound | None] = ContextVar("context", default=None)


def _merge_context(_: Any, __: str, event: EventDict) -> EventDict:
    bound = context.get()
    return event if bound is None else {**bound.logged(), **event}


def configure(level: str = "info", *, json: bool = True, stream: TextIO | None = None) -> None:
    """Send what this process logs, by structlog or by the standard library, to one stream in one form.

    Every line has the time (UTC), the level, the logger, and of the call that it is written for ``request_id``,
    ``method`` and ``company``.

    Parameters
    ----------
    level
        Least severe level that is written; one of `LEVELS`.
    json
        JSON lines; else text for people.
    stream
        Standard error by default.

    Raises
    ------
    ValueError
        If there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"log level is {level!r}, expected one of {', '.join(LEVELS)}")
    out = stream or sys.stderr
    shared: list[Processor] = [
        _merge_context,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    # Tracebacks never show local variables: tokens and other people's figures stand in them.
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        else [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        # Lines below the level cost nothing.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Below, gRPC logs what the guard answers and logs itself.
    for quiet in ("grpc", "alembic"):
        logging.getLogger(quiet).setLevel(max(logging.WARNING, root.level))
