"""What is wrong with this machine, these settings or this store: looked at, and nothing changed."""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import socket
import ssl
import stat
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from groupage.errors import GroupageError
from server.identity import key_id
from server.settings import is_loopback, server_key
from server.store import identities, migrate
from server.store.tables import ExecutorRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine
    from sqlalchemy.engine import Connection

    from server.settings import Settings, Tls

OK, WARNING, FAILURE = "ok", "warning", "failure"
LOW_BYTES = 1024**3
EXPIRY_SOON = timedelta(days=21)
CLOCKS_APART = timedelta(seconds=2)
ALIVE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what
        Which thing.
    state
        `OK`, `WARNING` (it runs, and somebody should look), or `FAILURE`.
    said
        How it is, and what would be right.
    """

    what: str
    state: str
    said: str


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; one thing that cannot be looked at keeps nobody from the others."""
    found: list[Finding] = []
    for check in (_python, _data_dir, _disk, _key, _tls, _ports, _store, _clock):
        try:
            found += check(settings)
        except GroupageError as error:
            found.append(Finding(check.__name__.strip("_"), FAILURE, str(error)))
        except DBAPIError as error:
            found.append(Finding(check.__name__.strip("_"), FAILURE, " ".join(str(error.orig).split())))
        except Exception as error:
            found.append(Finding(check.__name__.strip("_"), FAILURE, f"{type(error).__name__}: {error}"))
    return found


def _python(_: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", OK if sys.version_info >= (3, 11) else FAILURE, f"{version}, 3.11 or newer is needed")
    for name in ("dbos", "psycopg", "uvloop"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            yield Finding(f"package {name}", FAILURE, f"{error}; pip install 'groupage[service]'")


def _data_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.exists():
        yield Finding("data folder", OK, f"{folder} is made at the first start")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("data folder", FAILURE, f"{folder} cannot be written to")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    open_ = mode & 0o077
    yield Finding(
        "data folder", WARNING if open_ else OK, f"{folder} has mode {mode:04o}" + ", 0700 is better" * bool(open_)
    )


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    yield Finding("disk", OK if free >= LOW_BYTES else WARNING, f"{free / 1024**3:.1f} GiB free at {folder}")


def _key(settings: Settings) -> Iterator[Finding]:
    if not settings.key_path.exists():
        yield Finding("server's key", OK, f"{settings.key_path} is made at the first start")
        return
    server_key(settings.key_path)
    yield Finding("server's key", OK, f"{settings.key_path}")


def _tls(settings: Settings) -> Iterator[Finding]:
    tls = settings.tls
    if tls is None:
        beyond = [address for address in settings.listen if not is_loopback(address)]
        said = f"none; {', '.join(beyond)} relies on a proxy" if beyond else "none, on loopback only"
        yield Finding("tls", WARNING if beyond else OK, said)
        return
    certificates = x509.load_pem_x509_certificates(tls.certificate.read_bytes())
    key: Any = serialization.load_pem_private_key(tls.key.read_bytes(), None)
    if key.public_key() != certificates[0].public_key():
        yield Finding("tls", FAILURE, f"{tls.key} is not the key of {tls.certificate}")
    if stat.S_IMODE(tls.key.stat().st_mode) & 0o077:
        yield Finding("tls", WARNING, f"{tls.key} can be read by others, 0600 is better")
    for certificate in certificates:
        yield _expiry(f"certificate {certificate.subject.rfc4514_string()}", certificate)
    if tls.client_authorities is not None:
        for authority in x509.load_pem_x509_certificates(tls.client_authorities.read_bytes()):
            yield _expiry(f"client authority {authority.subject.rfc4514_string()}", authority)


def _expiry(what: str, certificate: x509.Certificate) -> Finding:
    now, end = datetime.now(UTC), certificate.not_valid_after_utc
    if now < certificate.not_valid_before_utc:
        return Finding(what, FAILURE, f"valid from {certificate.not_valid_before_utc:%Y-%m-%d} only")
    state = FAILURE if end <= now else WARNING if end - now < EXPIRY_SOON else OK
    return Finding(what, state, f"{'expired' if end <= now else 'valid until'} {end:%Y-%m-%d}")


def _ports(settings: Settings) -> Iterator[Finding]:
    further = settings.tls.listen_without_client_certificate if settings.tls else ()
    for address in (*settings.listen, *further):
        yield Finding(f"port {address}", *_port(address, partial(_health, settings, address)))
    if settings.metrics_port:
        metrics = f"{settings.metrics_address}:{settings.metrics_port}"
        yield Finding(f"port {metrics}", *_port(metrics, lambda: (OK, "in use, by metrics if a server runs")))


def _port(address: str, used: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    host, _, port = address.rpartition(":")
    if port == "0":
        return OK, "any that is free"
    try:
        (family, kind, protocol, _, place), *_ = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind, protocol) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(place)
    except socket.gaierror:
        return FAILURE, "no such host"
    except PermissionError:
        return FAILURE, "not allowed to listen there"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return used()
        return FAILURE, error.strerror or str(error)
    return OK, "free"


def _health(settings: Settings, address: str) -> tuple[str, str]:
    """Ask whoever listens whether it is a server of ours, and well."""
    if settings.tls is not None:
        return _certified(settings.tls, address)
    channel = grpc.insecure_channel(address)
    with channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=3)
        except grpc.RpcError as error:
            return WARNING, f"in use, and whoever listens does not answer as a server of ours: {error.code().name}"
    serving = answer.status == health_pb2.HealthCheckResponse.SERVING
    return (OK, "a server serves there") if serving else (FAILURE, "a server is there, and not well: see its log")


def _certified(tls: Tls, address: str) -> tuple[str, str]:
    """See whose certificate whoever listens shows; whether it is trusted is looked at where it is issued."""
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=3) as plain,
            context.wrap_socket(plain) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
    except OSError as error:
        return WARNING, f"in use, and whoever listens does not speak TLS: {error.strerror or error}"
    own = x509.load_pem_x509_certificates(tls.certificate.read_bytes())[0]
    if shown != own.public_bytes(serialization.Encoding.DER):
        return WARNING, f"in use, and whoever listens shows another certificate than {tls.certificate}"
    return OK, f"who listens there has {tls.certificate}"


def _store(settings: Settings) -> Iterator[Finding]:
    url = make_url(settings.store)
    shown = url.render_as_string()
    if url.drivername == "sqlite" and not Path(url.database or "").exists():
        yield Finding("store", OK, f"{shown} is made at the first start")
        return
    engine = _engine(settings)
    try:
        with engine.connect() as connection:
            have, newest = migrate.current(connection), migrate.newest()
            if have == newest:
                yield Finding("store", OK, f"{shown} answers, at revision {have}")
            elif have is None or have in migrate.revisions():
                yield Finding("store", WARNING, f"{shown} is at revision {have}; the next start brings it to {newest}")
            else:
                yield Finding("store", FAILURE, f"{shown} is at revision {have}, of a newer release than this one")
                return
            if url.drivername == "sqlite":
                (said,) = connection.exec_driver_sql("PRAGMA quick_check(1)").one()
                yield Finding("store's file", OK if said == "ok" else FAILURE, "whole" if said == "ok" else "damaged")
            elif have == newest:
                yield _row_security(connection)
            names = set(inspect(connection).get_table_names())
        if {"tokens", "executors"} <= names:
            with Session(engine) as session:
                yield from _tokens(settings, session)
                yield from _executors(settings, session)
    finally:
        engine.dispose()


def _row_security(connection: Connection) -> Finding:
    """Whether the database itself filters rows: superusers, and who may go around it, are filtered by nothing."""
    asked = "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    role, above = connection.execute(text(asked)).one()
    asked = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace "
        "AND relname <> 'alembic_version' AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname"
    )
    bare = [name for (name,) in connection.execute(text(asked))]
    if above:
        said = f"role {role} goes around it; one without SUPERUSER and BYPASSRLS is filtered a second time"
    elif bare:
        said = f"off for {', '.join(bare[:5])}"
    else:
        said = f"on for all tables, and binds role {role}"
    return Finding("row-level security", WARNING if above or bare else OK, said)


def _engine(settings: Settings) -> Engine:
    if settings.store.startswith("sqlite"):
        return create_engine(settings.store)
    return create_engine(settings.store, connect_args={"connect_timeout": 5, "options": "-c groupage.operator=on"})


def _tokens(settings: Settings, session: Session) -> Iterator[Finding]:
    row, now = identities.TokenRow, datetime.now(UTC)
    tokens = session.exec(select(row).where(col(row.revoked_at).is_(None))).all()
    good = [t for t in tokens if t.expires_at is None or t.expires_at > now]
    yield Finding("tokens", OK, f"{len(good)} good ones")
    if good and settings.key_path.exists():
        own = key_id(server_key(settings.key_path))
        strange = [t.id for t in good if t.key_id != own]
        if strange:
            yield Finding(
                "tokens", FAILURE, f"{len(strange)} were made under another server's key and are refused here"
            )
    soon = [t.id for t in good if t.expires_at is not None and not t.successor and t.expires_at - now < EXPIRY_SOON]
    if soon:
        yield Finding("tokens", WARNING, f"expire soon, without a successor: {', '.join(soon[:5])}")


def _executors(settings: Settings, session: Session) -> Iterator[Finding]:
    now = datetime.now(UTC)
    rows = session.exec(select(ExecutorRow).where(col(ExecutorRow.fenced).is_(False))).all()
    alive = [r for r in rows if now - r.seen_at < ALIVE]
    silent = len(rows) - len(alive)
    said = f"{len(alive)} alive" + f", {silent} silent for more than {ALIVE.seconds} s" * bool(silent)
    # A server starts its own, unless it is told not to.
    lacking = not alive and not settings.worker.beside_server
    said += "; groupage worker starts one" * lacking
    yield Finding("workers", WARNING if lacking or (silent and not alive) else OK, said)


def _clock(settings: Settings) -> Iterator[Finding]:
    now = datetime.now(UTC)
    # Deadlines and expiry hang on it; this program was not made before.
    if now.year < 2026:
        yield Finding("clock", FAILURE, f"says {now:%Y-%m-%d}")
        return
    if settings.store.startswith("sqlite"):
        yield Finding("clock", OK, f"{now:%Y-%m-%d %H:%M:%S} UTC")
        return
    engine = _engine(settings)
    try:
        with engine.connect() as connection:
            began = time.time()
            theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            apart = abs(theirs.timestamp() - (began + time.time()) / 2)
    finally:
        engine.dispose()
    far = apart > CLOCKS_APART.total_seconds()
    yield Finding("clock", WARNING if far else OK, f"{apart:.2f} s apart from the database's")
