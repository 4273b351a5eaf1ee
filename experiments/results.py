"""A results folder: configuration, manifest, summary and Parquet tables of a run, the same bytes for the same run.

================  ======================================================================================================
``config.toml``    policy, seed, options and replication: all that is needed to run again
``manifest.json``  versions, machine, when, and hashes of inputs and outputs: the only file that differs between runs
``summary.json``   the figures that ``groupage run --json`` prints
``scenario/``      the inputs, as given
``*.parquet``      ``days loads stops legs shares costs emissions shipments promises bookings reservations transfers``
                   ``messages``
================  ======================================================================================================

``scope`` is ``after`` for what the policy led to and ``before`` for the same shipments without a pool.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from agents.messages import Message, Performative, Topic
from agents.records import body_bytes, body_from
from agents.transcript import LOOK_AHEAD, Round, Transcript
from experiments.result_schemas import SCHEMAS
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from agents.day import Day


class TableWriter:
    """Appends days to the Parquet tables of a results folder; one row group a day, so memory stays flat."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._writers = {
            name: pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd", version="2.6")
            for name, schema in SCHEMAS.items()
        }

    def add(self, tables: Mapping[str, list[dict[str, Any]]]) -> None:
        """Append rows by table name."""
        for name, rows in tables.items():
            if rows:
                self._writers[name].write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[name]))

    def close(self) -> None:
        """Finish all files."""
        for writer in self._writers.values():
            writer.close()


def read_table(folder: Path, name: str) -> pa.Table:
    """Read one table of a results folder.

    Raises
    ------
    InputError
        If the folder or file is not a results table.
    """
    path = folder / f"{name}.parquet"
    try:
        return pq.read_table(path, schema=SCHEMAS[name])
    except (OSError, pa.ArrowInvalid) as error:
        given = "missing" if not path.exists() else f"unreadable ({error})"
        raise InputError([Problem(str(path), "", given, "a results folder written by `groupage run`")]) from error


def message_rows(day: Day) -> list[dict[str, Any]]:
    """Every message of a day, bodies as Arrow IPC bytes."""
    return [
        {
            "day": day.day,
            "round": number,
            "direction": direction,
            "id": m.id,
            "performative": str(m.performative),
            "sender": m.sender,
            "receiver": m.receiver,
            "conversation": m.conversation,
            "topic": str(m.topic),
            "in_reply_to": m.in_reply_to,
            "reason": m.reason,
            "rows": len(m.body),
            "private_figures": m.private_figures if direction == "reply" else 0,
            "body": body_bytes(m.body) if m.body.num_columns else b"",
        }
        for transcript in (day.look_ahead, day.transcript)
        if transcript is not None
        for number, one in enumerate(transcript.rounds)
        for direction, messages in (("sent", one.sent), ("reply", one.replies))
        for m in messages
    ]


def read_transcripts(folder: Path, *, look_ahead: bool = False) -> dict[Any, Transcript]:
    """Read the recorded negotiations of a run, or the conversations before them, by day."""
    days = {row["day"]: row for row in read_table(folder, "days").to_pylist()}
    rounds: dict[Any, dict[int, dict[str, list[Message]]]] = {day: {} for day in days}
    for row in read_table(folder, "messages").to_pylist():
        if (row["conversation"] == LOOK_AHEAD) is not look_ahead:
            continue
        message = Message(
            id=row["id"],
            performative=Performative(row["performative"]),
            sender=row["sender"],
            receiver=row["receiver"],
            conversation=row["conversation"],
            topic=Topic(row["topic"]),
            in_reply_to=row["in_reply_to"],
            body=body_from(row["body"]),
            reason=row["reason"],
        )
        one = rounds[row["day"]].setdefault(row["round"], {"sent": [], "reply": []})
        one[row["direction"]].append(message)
    return {
        day: Transcript(
            days[day]["seed"],
            days[day]["market_digest"],
            days[day]["policy_digest"],
            tuple(Round(tuple(one[n]["sent"]), tuple(one[n]["reply"])) for n in sorted(one)),
        )
        for day, one in rounds.items()
        if one or not look_ahead
    }


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys and a final newline."""
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write ``config.toml``."""
    (folder / "config.toml").write_bytes(tomli_w.dumps(_without_none(config)).encode())


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return value


def write_manifest(folder: Path, inputs_sha256: str, command: Sequence[str], seconds: float) -> None:
    """Write ``manifest.json``: the only file with times, versions and machine in it."""
    names = ("groupage", "pyvrp", "mesa", "lightgbm", "mlforecast", "pandas", "numpy", "scipy", "pyarrow")
    outputs = {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "manifest.json" and "scenario" not in p.relative_to(folder).parts
    }
    write_json(
        folder / "manifest.json",
        {
            "command": list(command),
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "python": sys.version.split()[0],
            "platform": platform.platform(),
            "processor": platform.machine(),
            "cpus": os.cpu_count(),
            "versions": {name: version(name) for name in names},
            "inputs_sha256": inputs_sha256,
            "outputs_sha256": outputs,
        },
    )


def copy_scenario(source: Path, folder: Path) -> None:
    """Keep the inputs beside the results, so that a report or replay needs nothing else."""
    target = folder / "scenario"
    if target.resolve() == source.resolve():
        return
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix in {".toml", ".csv", ".parquet"}:
            shutil.copyfile(path, target / path.name)
