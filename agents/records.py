"""Values of the engine as JSON and back, exactly: messages, transcripts, settlements, markets.

A value is written with the name of its class under ``$`` and all its fields, so that a record can be read without
knowing what it holds; lists are tuples, and a mapping with words for keys is an object. A field that a record lacks has
its default: records of an older release can be read by a newer one, whose fields are added with defaults. Never pickle:
reading a record runs nothing that the record brings.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import numpy as np
import pyarrow as pa

from agents.lookahead.outlook import Ahead, Held, PoolDay
from agents.market import Market
from agents.messages import EMPTY_BODY, Exchange, Message, Performative, Topic
from agents.policy import Policy
from agents.promise import Promise
from agents.reservations import Good, Reserved
from agents.settlement import Booking, Evidence, Left, LeftStatus, Leg, Load, Reservation, Settlement, Transfer
from agents.synchronize import Synchronization
from agents.transcript import Round, Transcript
from groupage.errors import InputError
from logistics.fleet import Body, CallUp, Carrier, Certificate, OperatingCosts, VehicleType
from logistics.hubs import Hub, HubCosts
from logistics.network import Network
from logistics.routing.problem import Stop
from logistics.shipments import Handling, Shipment, Stakes, Temperature
from logistics.sites import OpeningHours, Site, SiteKind
from logistics.tariffs import DedicatedTariff, GroupageBracket, GroupageTariff, Incumbent, PublicTariffs

KIND = "$"
_COMPRESSION = 1  # message bodies are small and many

CLASSES: dict[str, type[Any]] = {
    c.__name__: c
    for c in (
        *(Message, Exchange, Round, Transcript, Settlement, Synchronization, Evidence, Leg, Load, Stop, Booking, Left),
        *(Reservation, Transfer, Promise, Reserved, Market, Shipment, Handling, Stakes, Site, OpeningHours, Carrier),
        *(Certificate, VehicleType, OperatingCosts, CallUp, Hub, HubCosts, PublicTariffs, GroupageTariff),
        *(GroupageBracket, DedicatedTariff, Incumbent, Ahead, Held, PoolDay),
    )
}
_ENUMS: dict[str, type[Enum]] = {
    c.__name__: c for c in (Performative, Topic, LeftStatus, Good, Temperature, SiteKind, Body)
}


def body_bytes(body: pa.Table) -> bytes:
    """Arrow IPC bytes of a message body."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, body.schema) as writer:
        writer.write_table(body.combine_chunks())
    return bytes(sink.getvalue().to_pybytes())


def body_from(data: bytes | None) -> pa.Table:
    """Message body of Arrow IPC bytes; none give an empty body."""
    if not data:
        return EMPTY_BODY
    with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
        return reader.read_all()


def to_json(value: Any, classes: Mapping[str, type[Any]] = CLASSES) -> Any:
    """Turn a value into what `json` writes.

    Parameters
    ----------
    classes
        Dataclasses by name that may be written.

    Raises
    ------
    TypeError
        If there is something in it that no record holds.
    """
    if value is None or isinstance(value, bool | np.bool_):
        return value if value is None else bool(value)
    if isinstance(value, Enum):
        if type(value).__name__ not in _ENUMS:
            return _words_only(value)
        return {KIND: type(value).__name__, "is": value.value}
    if isinstance(value, str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else {KIND: "float", "is": repr(float(value))}
    if dataclasses.is_dataclass(value) and classes.get(type(value).__name__) is type(value):
        fields = {f.name: to_json(getattr(value, f.name), classes) for f in dataclasses.fields(value) if f.init}
        return {KIND: type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return _mapping(value, classes)
    if isinstance(value, tuple | list):
        return [to_json(v, classes) for v in value]
    return {KIND: _name_of(value), "is": _WRITERS[_name_of(value)](value, classes)}


def _mapping(value: Mapping[Any, Any], classes: Mapping[str, type[Any]]) -> Any:
    if all(isinstance(k, str) for k in value) and KIND not in value:
        return {str(k): to_json(v, classes) for k, v in value.items()}
    return {KIND: "map", "is": [[to_json(k, classes), to_json(v, classes)] for k, v in value.items()]}


def _words_only(value: Enum) -> Any:
    if isinstance(value, str):
        return str(value.value)
    raise TypeError(f"{value!r} is of {type(value).__name__}, expected what a record holds")


def _name_of(value: Any) -> str:
    for name, kind in _KINDS.items():
        if isinstance(value, kind):
            return name
    raise TypeError(f"{type(value).__name__} is not written, expected what a record holds")


# In order: a datetime is a date.
_KINDS: Mapping[str, type[Any]] = {
    "datetime": datetime,
    "date": date,
    "timedelta": timedelta,
    "set": frozenset,
    "table": pa.Table,
    "network": Network,
    "policy": Policy,
}
_WRITERS: Mapping[str, Callable[[Any, Mapping[str, type[Any]]], Any]] = {
    "datetime": lambda v, _: _moment_text(v),
    "date": lambda v, _: v.isoformat(),
    "timedelta": lambda v, _: [v.days, v.seconds, v.microseconds],
    "set": lambda v, c: sorted((to_json(x, c) for x in v), key=lambda x: json.dumps(x, sort_keys=True)),
    "table": lambda v, _: _text(body_bytes(v)) if v.num_columns else "",
    "network": lambda v, _: {
        "sites": list(v.site_ids),
        "distance_km": _text(np.ascontiguousarray(v.distance_km, "<f8").tobytes()),
        "duration_min": _text(np.ascontiguousarray(v.duration_min, "<f8").tobytes()),
    },
    "policy": lambda v, _: v.model_dump(mode="json"),
}


def _moment_text(value: datetime) -> str:
    if value.utcoffset() is None:
        raise TypeError(f"{value.isoformat()} has no time zone, expected UTC")
    return value.astimezone(UTC).isoformat()


def _text(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, _COMPRESSION)).decode()


def _bytes(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text, validate=True))


def _network(value: Mapping[str, Any]) -> Network:
    n = len(value["sites"])
    km, minutes = (
        np.frombuffer(_bytes(value[name]), "<f8").reshape(n, n).astype(np.float64)
        for name in ("distance_km", "duration_min")
    )
    return Network(tuple(value["sites"]), km, minutes)


def from_json(value: Any, classes: Mapping[str, type[Any]] = CLASSES, where: str = "record") -> Any:
    """Turn what `json` reads back into the value that `to_json` was given.

    Raises
    ------
    InputError
        If it is no such record; says where.
    """
    if isinstance(value, list):
        return tuple(from_json(v, classes, where) for v in value)
    if not isinstance(value, dict):
        return value
    kind = value.get(KIND)
    if kind is None:
        return {k: from_json(v, classes, where) for k, v in value.items()}
    where = f"{where}.{kind}"
    try:
        if kind in classes:
            return _dataclass(classes[kind], value, classes, where)
        return _plain(kind, value["is"], classes, where)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, zlib.error, pa.ArrowException) as error:
        raise InputError(f"{where} cannot be read ({type(error).__name__}: {error}), expected a record") from error


def _dataclass(cls: type[Any], value: Mapping[str, Any], classes: Mapping[str, type[Any]], where: str) -> Any:
    known = {f.name for f in dataclasses.fields(cls) if f.init}
    strangers = sorted(value.keys() - known - {KIND})
    if strangers:
        raise InputError(f"{where} has {', '.join(strangers)}, expected the fields {', '.join(sorted(known))}")
    return cls(**{k: from_json(v, classes, f"{where}.{k}") for k, v in value.items() if k != KIND})


def _plain(kind: str, value: Any, classes: Mapping[str, type[Any]], where: str) -> Any:
    if kind in _ENUMS:
        return _ENUMS[kind](value)
    if kind == "map":
        return {from_json(k, classes, where): from_json(v, classes, where) for k, v in value}
    if kind == "set":
        return frozenset(from_json(v, classes, where) for v in value)
    reader = _READERS.get(kind)
    if reader is None:
        raise InputError(f"{where} is not known, expected a kind of value that records hold")
    return reader(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "float": float,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "timedelta": lambda v: timedelta(*v),
    "table": lambda v: body_from(_bytes(v) if v else None),
    "network": _network,
    "policy": Policy.model_validate,
}


def dumps(value: Any, classes: Mapping[str, type[Any]] = CLASSES) -> str:
    """Write a value as one line of JSON; the same value, the same text."""
    return json.dumps(to_json(value, classes), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(text: str | bytes, classes: Mapping[str, type[Any]] = CLASSES) -> Any:
    """Read a value that `dumps` wrote.

    Raises
    ------
    InputError
        If it is no such record.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"a record is not JSON ({error}), expected what was written") from error
    return from_json(value, classes)
