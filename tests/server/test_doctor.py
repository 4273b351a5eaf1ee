"""Doctor: what it finds, and that it changes nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trustme
from sqlalchemy import create_engine

from server.doctor import examine
from server.identity import key_id, new_token
from server.settings import Settings, Tls, server_key
from server.store import Store, identities
from server.store.tables import ExecutorRow
from tests.server import postgres
from tests.server.probe import issue, run
from tests.server.test_app import started


def found(settings: Settings) -> dict[str, tuple[str, str]]:
    """Findings by what was looked at; the worst of several."""
    worst: dict[str, tuple[str, str]] = {}
    order = {"ok": 0, "warning": 1, "failure": 2}
    for finding in examine(settings):
        if finding.what not in worst or order[finding.state] >= order[worst[finding.what][0]]:
            worst[finding.what] = (finding.state, finding.said)
    return worst


def at(folder: Path, **more: Any) -> Settings:
    return Settings(**{"data_dir": folder, "listen": ("127.0.0.1:0",), "metrics_port": 0, **more})


def test_an_empty_place_is_well_and_stays_empty(tmp_path: Path) -> None:
    """Before the first start nothing is wrong, and looking makes no file."""
    findings = found(at(tmp_path / "data"))
    assert {state for state, _ in findings.values()} == {"ok"}
    assert not (tmp_path / "data").exists()


def test_a_store_is_reached_whole_and_at_its_revision(store_url: str, tmp_path: Path) -> None:
    """A store of this release is ok, one that is to be upgraded a warning, one of a newer release a failure."""
    settings = at(tmp_path, store_url=store_url)
    Store(store_url).close()
    assert found(settings)["store"][0] == "ok"
    engine = create_engine(store_url)
    for revision, expected in (("9999", "failure"), (None, "warning")):
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM alembic_version")
            if revision:
                connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{revision}')")
        assert found(settings)["store"][0] == expected
    engine.dispose()


def test_a_store_that_cannot_be_reached_is_a_failure(tmp_path: Path) -> None:
    """A database that does not answer is told without its password, and the other checks go on."""
    settings = at(tmp_path, store_url="postgresql+psycopg://u:hush@127.0.0.1:1/x")
    findings = found(settings)
    assert findings["store"][0] == "failure"
    assert "hush" not in str(findings)
    assert "python" in findings


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    """A store's file with a page overwritten is a failure."""
    settings = at(tmp_path)
    Store(settings.store).close()
    path = tmp_path / "store.sqlite"
    raw = bytearray(path.read_bytes())
    raw[4096 * 10 : 4096 * 40] = os.urandom(4096 * 30)
    path.write_bytes(raw)
    assert "failure" in {state for what, (state, _) in found(settings).items() if "store" in what}


def test_a_key_that_others_can_read_is_a_failure(tmp_path: Path) -> None:
    """The server's key is read with the same rules as at a start."""
    settings = at(tmp_path)
    server_key(settings.key_path)
    assert found(settings)["server's key"][0] == "ok"
    settings.key_path.chmod(0o644)
    assert found(settings)["key"][0] == "failure"


def test_tokens_of_another_key_and_ones_that_end_soon_are_told(tmp_path: Path) -> None:
    """Tokens that this server refuses, since another key made them, are a failure; ones that end soon a warning."""
    settings = at(tmp_path)
    own = server_key(settings.key_path)
    store = Store(settings.store)

    def add(key: bytes, **more: Any) -> None:
        token_id, _, mac = new_token(key)
        store.transact(
            lambda tx: identities.add_token(tx, token_id=token_id, mac=mac, key_id=key_id(key), company="a", **more)
        )

    add(own)
    assert found(settings)["tokens"] == ("ok", "1 good ones")
    add(own, expires_at=datetime.now(UTC) + timedelta(days=2))
    assert found(settings)["tokens"][0] == "warning"
    add(b"x" * 32)
    assert found(settings)["tokens"][0] == "failure"
    store.close()


def test_silent_workers_are_told(tmp_path: Path) -> None:
    """Workers whose heartbeat is old are counted; where none is alive it is a warning."""
    settings = at(tmp_path)
    store = Store(settings.store)
    now = datetime.now(UTC)

    def beat(name: str, seen_at: datetime) -> None:
        row = {"id": name, "host": "", "version": "", "started_at": now, "seen_at": seen_at, "fenced": False}
        store.transact(lambda tx: tx.connection.execute(ExecutorRow.__table__.insert().values(**row)))

    assert found(settings)["workers"] == ("ok", "0 alive")
    elsewhere = at(tmp_path, worker={"beside_server": 0})
    assert found(elsewhere)["workers"] == ("warning", "0 alive; groupage worker starts one")
    beat("a", now - timedelta(minutes=2))
    assert found(settings)["workers"] == ("warning", "0 alive, 1 silent for more than 30 s")
    beat("b", now)
    assert found(settings)["workers"] == ("ok", "1 alive, 1 silent for more than 30 s")
    store.close()


@pytest.mark.parametrize(("days", "state"), [(100.0, "ok"), (10.0, "warning"), (-1.0, "failure")])
def test_certificates_that_end_are_told(tmp_path: Path, days: float, state: str) -> None:
    """A certificate that ends within three weeks is a warning, one that has ended a failure."""
    made = issue(trustme.CA(), common_name="server", days=days)
    (tmp_path / "server.pem").write_bytes(made.chain)
    (tmp_path / "key.pem").write_bytes(made.key)
    (tmp_path / "key.pem").chmod(0o600)
    settings = at(tmp_path / "data", tls=Tls(certificate=tmp_path / "server.pem", key=tmp_path / "key.pem"))
    assert found(settings)["certificate CN=server"][0] == state


def test_a_key_that_is_anothers_is_a_failure(tmp_path: Path) -> None:
    """A TLS key that does not belong to the certificate, and files that are none, are failures."""
    ca = trustme.CA()
    (tmp_path / "server.pem").write_bytes(issue(ca).chain)
    (tmp_path / "key.pem").write_bytes(issue(ca).key)
    settings = at(tmp_path / "data", tls=Tls(certificate=tmp_path / "server.pem", key=tmp_path / "key.pem"))
    assert found(settings)["tls"][0] == "failure" or "key" in found(settings)["tls"][1]
    (tmp_path / "server.pem").write_text("nothing")
    assert found(settings)["tls"][0] == "failure"


def test_ports_tell_who_listens(tmp_path: Path) -> None:
    """A port is free, or used by a server of ours that is well, or by somebody else, which is a warning."""

    async def main() -> None:
        store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
        async with started(store, listen=("127.0.0.1:0",)) as app:
            address = f"127.0.0.1:{app.ports['127.0.0.1:0']}"
            findings = await asyncio.to_thread(found, at(tmp_path, listen=(address,)))
            assert findings[f"port {address}"] == ("ok", "a server serves there")
        store.close()

    run(main())
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        assert found(at(tmp_path, listen=(address,)))[f"port {address}"][0] == "warning"
    assert found(at(tmp_path, listen=(address,)))[f"port {address}"] == ("ok", "free")
    assert found(at(tmp_path, listen=("nowhere.invalid:1",), plaintext_beyond_loopback=True))[
        "port nowhere.invalid:1"
    ] == ("failure", "no such host")


@pytest.mark.parametrize("clients", [False, True])
def test_ports_with_tls_tell_whose_certificate_is_shown(tmp_path: Path, clients: bool) -> None:
    """A server of an own authority, under another name than its address, is well; who shows another certificate is not.

    So it is where clients need a certificate of their own.
    """
    ca = trustme.CA()
    for name in ("server", "renewed"):
        made = issue(ca, common_name=name)
        (tmp_path / f"{name}.pem").write_bytes(made.chain)
        (tmp_path / f"{name}.key").write_bytes(made.key)
        (tmp_path / f"{name}.key").chmod(0o600)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def tls(name: str) -> Tls:
        more = {"client_authorities": tmp_path / "ca.pem"} if clients else {}
        return Tls(certificate=tmp_path / f"{name}.pem", key=tmp_path / f"{name}.key", **more)

    async def main() -> None:
        store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
        async with started(store, listen=("127.0.0.1:0",), tls=tls("server")) as app:
            address = f"127.0.0.1:{app.ports['127.0.0.1:0']}"
            for name, state in (("server", "ok"), ("renewed", "warning")):
                findings = await asyncio.to_thread(found, at(tmp_path, listen=(address,), tls=tls(name)))
                assert findings[f"port {address}"][0] == state, findings
        store.close()

    run(main())


def test_looking_does_not_upgrade(tmp_path: Path) -> None:
    """A store without tables has none after it was looked at."""
    settings = at(tmp_path)
    sqlite3.connect(tmp_path / "store.sqlite").close()
    (tmp_path / "store.sqlite").touch()
    assert found(settings)["store"][0] == "warning"
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


def test_a_role_above_row_level_security_is_told(tmp_path: Path, pg_socket: str) -> None:
    """The service's own role is bound by it; of a superuser, or a table without it, the report says so."""
    url = postgres.create(pg_socket, "examined")
    Store(url).close()
    settings = at(tmp_path, store_url=url)
    assert found(settings)["row-level security"][0] == "ok"
    state, said = found(at(tmp_path, store_url=url.replace("//groupage@", "//admin@")))["row-level security"]
    assert (state, "BYPASSRLS" in said) == ("warning", True)
    with psycopg.connect(host=pg_socket, dbname="examined", user="groupage") as connection:
        connection.execute("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY")
    assert found(settings)["row-level security"] == ("warning", "off for orders")
