"""Commands for identities: what they print, keep and refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from typer.testing import CliRunner

from groupage.cli.app import app
from groupage.errors import InputError
from server.identity import Certificate, token_mac
from server.settings import server_key
from server.store import Store, identities
from server.viewer import SYSTEM


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command on a data folder of its own; gives what it printed, or raises what it raised."""
    monkeypatch.delenv("GROUPAGE_CONFIG", raising=False)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments, "--data-dir", str(tmp_path / "data")])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def stored(tmp_path: Path, fn: Any) -> Any:
    store = Store(f"sqlite:///{tmp_path / 'data' / 'store.sqlite'}")
    try:
        return store.look(SYSTEM, fn)
    finally:
        store.close()


def test_a_new_token_is_printed_once_and_kept_as_its_hmac(command: Any, tmp_path: Path) -> None:
    """Standard output is the token alone; the store has its HMAC under the server's key, and no list shows it."""
    token = command("token", "new", "acme", "--note", "the ERP", "--expires-days", "2").strip()
    _, token_id, secret = token.split("_", 2)
    (row,) = stored(tmp_path, identities.tokens)
    assert (row.id, row.company, row.operator, row.note) == (token_id, "acme", False, "the ERP")
    assert row.mac == token_mac(server_key(tmp_path / "data" / "server.key"), token)
    assert timedelta(days=1.9) < row.expires_at - datetime.now(UTC) < timedelta(days=2)
    for listed in (command("token", "list"), command("token", "list", "--json")):
        assert token_id in listed
        assert secret not in listed
    assert secret.encode() not in (tmp_path / "data" / "store.sqlite").read_bytes()


def test_the_operator_has_tokens_too(command: Any, tmp_path: Path) -> None:
    """An operator's token belongs to no company, unless one is given; without either it is refused."""
    told = json.loads(command("token", "new", "--operator", "--json"))
    assert told["company"] == ""
    command("token", "new", "hub-one", "--operator")
    assert [(r.company, r.operator) for r in stored(tmp_path, identities.tokens)] == [("", True), ("hub-one", True)]
    with pytest.raises(InputError, match="no company was given"):
        command("token", "new")


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "list"),
        ("token", "list", "--json"),
        ("token", "revoke", "x"),
        ("token", "rotate", "x"),
        ("client-certificate", "list"),
        ("client-certificate", "revoke", "x"),
    ],
)
def test_where_no_store_is_none_is_made(command: Any, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Who lists or revokes in a wrong place is told which, and how a store is made there; nothing is."""
    words = r"data/store\.sqlite: there is no store, expected one that groupage serve or groupage token new made"
    with pytest.raises(InputError, match=words):
        command(*arguments)
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "store.sqlite").touch()
    with pytest.raises(InputError, match="there is no store"):
        command(*arguments)
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["store.sqlite"]
    assert (tmp_path / "data" / "store.sqlite").stat().st_size == 0


def test_the_first_identity_makes_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens and certificates may be there before the service is; that there was no store is told once."""
    monkeypatch.delenv("GROUPAGE_CONFIG", raising=False)
    for number, arguments in enumerate((("token", "new"), ("client-certificate", "add", "--subject", "CN=a"))):
        folder = tmp_path / str(number)
        command = [*arguments, "--operator", "--data-dir", str(folder)]
        told = [CliRunner().invoke(app, command).stderr for _ in range(2)]
        assert f"there was no store; a new one is sqlite:///{folder}/store.sqlite" in told[0].replace("\n", "")
        assert "no store" not in told[1]


@pytest.mark.parametrize("company", ["Acme", "companies/acme", "-acme", "acme-", "", "a" * 64, "acme/..", "~operator"])
def test_a_company_is_named_by_its_id(command: Any, company: str) -> None:
    """What can be no segment of a resource name gets no identity."""
    with pytest.raises((InputError, AssertionError), match=r"company|No such option"):
        command("token", "new", company)


def test_a_token_is_rotated_and_revoked(command: Any, tmp_path: Path) -> None:
    """A rotated token ends after the overlap and names its successor; a revoked one stays revoked."""
    first = json.loads(command("token", "new", "acme", "--json"))["id"]
    second = json.loads(command("token", "rotate", first, "--overlap-hours", "3", "--json"))
    assert second["company"] == "acme"
    old, new = stored(tmp_path, identities.tokens)
    assert (old.successor, new.id) == (second["id"], second["id"])
    assert timedelta(hours=2.9) < old.expires_at - datetime.now(UTC) < timedelta(hours=3)
    assert new.expires_at is None
    command("token", "rotate", first, "--overlap-hours", "5")
    assert stored(tmp_path, lambda s: identities.token_of(s, first)).expires_at == old.expires_at
    command("token", "revoke", first)
    for arguments in (("revoke", first), ("rotate", first), ("revoke", "nothing"), ("rotate", "nothing")):
        with pytest.raises(InputError, match="expected a token that is not revoked"):
            command("token", *arguments)
    assert "revoked" in command("token", "list").splitlines()[0]


def test_client_certificates_are_mapped_and_revoked(command: Any, tmp_path: Path) -> None:
    """A certificate is mapped by exactly one of URI, subject, fingerprint and file, as it is asked for later."""
    own = trustme.CA().issue_cert("acme.example")
    own.cert_chain_pems[0].write_to_path(str(tmp_path / "acme.pem"))
    certificate = Certificate.of((tmp_path / "acme.pem").read_bytes())
    colons = ":".join(certificate.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    command("client-certificate", "add", "acme", "--spiffe", "spiffe://acme.example/erp")
    command("client-certificate", "add", "acme", "--subject", certificate.subject)
    command("client-certificate", "add", "acme", "--file", str(tmp_path / "acme.pem"))
    command("client-certificate", "add", "acme", "--fingerprint", colons)
    found = stored(tmp_path, lambda session: identities.certificates_of(session, certificate.keys()))
    assert [(r.kind, r.value) for r in found] == [
        ("subject", certificate.subject),
        ("fingerprint", certificate.fingerprint),
        ("fingerprint", certificate.fingerprint),
    ]
    assert len(command("client-certificate", "list").splitlines()) == 4
    command("client-certificate", "revoke", found[0].id)
    with pytest.raises(InputError, match="expected a mapping that is not revoked"):
        command("client-certificate", "revoke", found[0].id)
    listed = json.loads(command("client-certificate", "list", "--json"))["client_certificates"]
    assert [row["id"] for row in listed if row["revoked_at"]] == [found[0].id]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "0 ways"),
        (("--spiffe", "spiffe://a", "--subject", "CN=a"), "2 ways"),
        (("--spiffe", "https://a"), "expected a URI that begins with spiffe"),
        (("--fingerprint", "abc"), "expected 64 hexadecimal digits"),
        (("--file", "nothing.pem"), "expected a PEM file of one"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(command: Any, given: tuple[str, ...], said: str) -> None:
    """Neither nothing nor two things map a certificate, nor what could never be one's."""
    with pytest.raises(InputError, match=said):
        command("client-certificate", "add", "acme", *given)


def test_doctor_backup_and_restore_are_commands(command: Any, tmp_path: Path) -> None:
    """The three do what they say from the command line, and tell it as JSON."""
    command("token", "new", "acme")
    (tmp_path / "data" / "config.toml").write_text('listen = ["127.0.0.1:0"]\nmetrics_port = 0\n')
    config = ("--config", str(tmp_path / "data" / "config.toml"))
    findings = json.loads(command("doctor", *config, "--json"))["findings"]
    assert {f["state"] for f in findings} <= {"ok", "warning"}
    assert {"what": "tokens", "state": "ok", "said": "1 good ones"} in findings
    saved = json.loads(command("backup", str(tmp_path / "saved"), "--json"))
    assert saved["rows"]["tokens"] == 1
    (tmp_path / "data").rename(tmp_path / "lost")
    assert json.loads(command("restore", str(tmp_path / "saved"), "--json"))["rows"] == saved["rows"]
    assert len(command("token", "list").splitlines()) == 1
