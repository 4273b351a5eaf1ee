"""Settings: defaults that need nothing, one file, the environment above it, and errors that name the field."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from groupage.errors import InputError
from server.misset import strays
from server.retention import Retention
from server.settings import Log, Quota, Settings, Tls, WorkerTable, is_loopback, load, server_key


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GROUPAGE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_need_no_set_up() -> None:
    """Without a file the service keeps SQLite files in a folder, and listens on this machine only."""
    settings = load()
    assert settings.store == "sqlite:///groupage-data/store.sqlite"
    assert settings.durable == "sqlite:///groupage-data/durable.sqlite"
    assert all(is_loopback(address) for address in settings.listen)
    assert is_loopback(f"{settings.metrics_address}:{settings.metrics_port}")


def test_what_is_given_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value is taken from the command line, else the environment, else the file; tables are merged field by field."""
    file = tmp_path / "groupage.toml"
    file.write_text(
        "metrics_port = 1\ndrain_s = 1.0\nmost_calls = 1\n[quota]\nopen_streams = 1\nmessages_per_s = 5.0\n"
    )
    monkeypatch.setenv("GROUPAGE_CONFIG", str(file))
    monkeypatch.setenv("GROUPAGE_METRICS_PORT", "2")
    monkeypatch.setenv("GROUPAGE_DRAIN_S", "2")
    monkeypatch.setenv("GROUPAGE_QUOTA__OPEN_STREAMS", "2")
    settings = load(metrics_port=3, drain_s=None)
    assert (settings.metrics_port, settings.drain_s, settings.most_calls) == (3, 2.0, 1)
    assert (settings.quota.open_streams, settings.quota.messages_per_s) == (2, 5.0)
    assert settings.quota.limits().calls.per_s == 5.0


def test_every_wrong_field_is_named_at_once(tmp_path: Path) -> None:
    """All that is wrong is told by file and field; addresses of stores, which hold passwords, are not shown."""
    file = tmp_path / "groupage.toml"
    file.write_text(
        'store_url = "mysql://user:secret@host/x"\nmetrics_port = 70000\nlistn = ["x"]\n[log]\nlevel = "loud"\n'
    )
    with pytest.raises(InputError) as caught:
        load(file)
    assert sorted(p.column for p in caught.value.problems) == ["listn", "log.level", "metrics_port", "store_url"]
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(load(store_url="postgresql+psycopg://user:secret@host/x"))
    for text in ("a = = 3", "listen = ["):
        file.write_text(text)
        with pytest.raises(InputError, match="settings that can be read"):
            load(file)
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "nothing.toml")


def test_what_is_wrong_is_told_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it was given, what was given, what would be right; in our words, each value with its own field."""
    file = tmp_path / "groupage.toml"
    file.write_text(
        'data_dirr = "x"\nlisten = ["0.0.0.0"]\ndrain_s = -1\n[worker]\ndead_after_s = 90\n'
        '[tls]\ncertificate = "a.pem"\n[quota]\nopen_streams = "many"\n'
    )
    monkeypatch.setenv("GROUPAGE_METRICS_PORT", "99999")
    monkeypatch.setenv("GROUPAGE_QUOTA__BYTES_PER_S", "0")
    with pytest.raises(InputError) as caught:
        load(file, log={"level": "loud"})
    assert set(str(caught.value).splitlines()) == {
        f"{file}: data_dirr is 'x', expected no such field; perhaps data_dir is meant",
        f"{file}: listen is ['0.0.0.0'], expected HOST:PORT",
        f"{file}: drain_s is -1, expected 0 or more",
        f"{file}: worker.dead_after_s is 90, expected at most 25",
        f"{file}: tls.key is missing, expected a value",
        f"{file}: quota.open_streams is 'many', expected a whole number",
        "GROUPAGE_METRICS_PORT: metrics_port is '99999', expected at most 65535",
        "GROUPAGE_QUOTA__BYTES_PER_S: quota.bytes_per_s is '0', expected more than 0",
        "command line: log.level is 'loud', expected one of debug, info, warning, error",
    }
    monkeypatch.delenv("GROUPAGE_METRICS_PORT")
    monkeypatch.delenv("GROUPAGE_QUOTA__BYTES_PER_S")
    with pytest.raises(InputError, match=r"^settings: listen has '0.0.0.0:1' and there is no TLS: .*, expected a loop"):
        load(listen=("0.0.0.0:1",))
    monkeypatch.setenv("GROUPAGE_LISTEN", "127.0.0.1:1")
    with pytest.raises(InputError, match=r"^GROUPAGE_LISTEN: '127.0.0.1:1', expected JSON"):
        load()


@pytest.mark.parametrize("table", ["beat_s = 10", "beat_s = 2\ndead_after_s = 5"])
def test_a_worker_is_not_dead_by_one_late_beat(tmp_path: Path, table: str) -> None:
    """A pace at which nobody could tell the living from the dead is refused, with what would be right."""
    file = tmp_path / "groupage.toml"
    file.write_text(f"[worker]\n{table}\n")
    with pytest.raises(InputError, match=r"worker\.dead_after_s is .*, expected three times worker\.beat_s, (30|6)"):
        load(file)
    file.write_text("[worker]\nbeat_s = 2\ndead_after_s = 6\n")
    assert load(file).worker.pace().dead_after_s == 6.0


def test_a_misspelt_variable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a misspelt field of the file is: by its name, without what it holds, together with all else that is wrong."""
    monkeypatch.setenv("GROUPAGE_STORE_URI", "postgresql+psycopg://user:secret@host/x")
    with pytest.raises(InputError, match=r"GROUPAGE_STORE_URI: names no setting.*perhaps GROUPAGE_STORE_URL is meant"):
        load()
    monkeypatch.setenv("groupage_quotas__open_streams", "2")
    monkeypatch.setenv("GROUPAGE_QUOTA__OPN_STREAMS", "2")
    monkeypatch.setenv("GROUPAGE_DRAIN_S__X", "2")
    monkeypatch.setenv("GROUPAGE_XYZZY", "2")
    monkeypatch.setenv("GROUPAGE_METRICS_PORT", "-1")
    with pytest.raises(InputError) as caught:
        load()
    right = "expected GROUPAGE_ and a setting's name"
    assert sorted(str(caught.value).splitlines()) == [
        f"GROUPAGE_DRAIN_S__X: names no setting, {right}; perhaps GROUPAGE_DRAIN_S is meant",
        "GROUPAGE_METRICS_PORT: metrics_port is '-1', expected 0 or more",
        "GROUPAGE_QUOTA__OPN_STREAMS: quota.opn_streams is '2', expected no such field; "
        "perhaps quota.open_streams is meant",
        f"GROUPAGE_STORE_URI: names no setting, {right}; perhaps GROUPAGE_STORE_URL is meant",
        f"GROUPAGE_XYZZY: names no setting, {right}",
        f"groupage_quotas__open_streams: names no setting, {right}; perhaps GROUPAGE_QUOTA__OPEN_STREAMS is meant",
    ]
    monkeypatch.setenv("GROUPAGE_LISTEN", "127.0.0.1:1")
    with pytest.raises(InputError, match=r"GROUPAGE_XYZZY(.|\n)*GROUPAGE_LISTEN: '127.0.0.1:1', expected JSON"):
        load()


def test_variables_that_are_no_settings_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that guides and examples use, and those by which Kubernetes tells of a service that is called groupage."""
    root = Path(__file__).resolve().parents[2]
    pages = [root / "README.md", *(root / "docs").rglob("*.md"), *(root / "examples").rglob("*.py")]
    pages += [*(root / "tests").rglob("*.py"), *(root / "examples" / "erp" / "node").glob("*.mjs")]
    named = {name for page in pages if page != Path(__file__) for name in _variables(page.read_text(encoding="utf-8"))}
    assert {"GROUPAGE_TOKEN", "GROUPAGE_CA", "GROUPAGE_KILL_ROUNDS", "GROUPAGE_METRICS_PORT"} <= named
    assert not {p.where for p in strays(Settings, dict.fromkeys(named, "x"))}
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_GRPC", "PORT_7443_TCP", "PORT_7443_TCP_ADDR"):
        monkeypatch.setenv(f"GROUPAGE_{name}", "x")
        monkeypatch.setenv(f"GROUPAGE_DATABASE_{name}", "x")
    monkeypatch.setenv("GROUPAGE_PORT", "tcp://10.0.0.1:7443")
    load()
    monkeypatch.setenv("GROUPAGE_PORT", "7443")
    with pytest.raises(InputError, match="GROUPAGE_PORT: names no setting"):
        load()


def _variables(text: str) -> set[str]:
    """Variables of ours that a text names, but for the two that stand for any."""
    found = re.findall(r"(?<![A-Z_])GROUPAGE_[A-Z][A-Z_]*(?![A-Z_a-z0-9{])", text)
    return set(found) - {"GROUPAGE_FIELD", "GROUPAGE_TABLE__FIELD"}


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder or a key where there can be none is a wrong setting, and no fault of the program's."""
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match=r"data_dir is .*, expected a folder"):
            load(data_dir=wrong).make_data_dir()
    with pytest.raises(InputError, match=r"key_file is .*, expected a file"):
        server_key(tmp_path / "file" / "server.key")
    with pytest.raises(InputError, match="not a key"):
        server_key(tmp_path)


def test_tokens_do_not_go_over_a_network_in_the_clear() -> None:
    """An address beyond loopback needs TLS, or somebody who says that a proxy does it."""
    for address in ("0.0.0.0:1", "[::]:1", "10.1.2.3:1", "groupage.example:1"):
        with pytest.raises(InputError, match="there is no TLS"):
            load(listen=(address,))
        load(listen=(address,), plaintext_beyond_loopback=True)
        load(listen=(address,), tls={"certificate": "a.pem", "key": "b.pem"})
    for address in ("127.0.0.1:1", "[::1]:1", "localhost:1", "127.9.9.9:1"):
        load(listen=(address,))
    for address in ("50551", "host:", "host:x", ":1", "host:70000"):
        with pytest.raises(InputError, match="expected HOST:PORT"):
            load(listen=(address,))


def test_postgresql_keeps_the_workflows_too() -> None:
    """On PostgreSQL the workflows are in the store's database, unless it is said otherwise."""
    url = "postgresql+psycopg://user@host/name"
    assert load(store_url=url).durable == url
    assert load(store_url=url, durable_url="sqlite:///x").durable == "sqlite:///x"


def test_the_key_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    """The server's key is random, readable by its owner only, and stays the same; no other file does for one."""
    path = tmp_path / "data" / "server.key"
    key = server_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert server_key(path) == key
    assert server_key(tmp_path / "other.key") != key
    path.chmod(0o640)
    with pytest.raises(InputError, match="0640, expected 0600"):
        server_key(path)
    path.chmod(0o600)
    for text in ("", "no key", "abcd"):
        path.write_text(text)
        with pytest.raises(InputError, match="32 bytes or more in hexadecimal"):
            server_key(path)


def test_the_page_lists_every_setting_with_its_default() -> None:
    """The reference names every field there is, and no other, and the defaults that it shows are the defaults."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    shown = {}
    for fields, defaults in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", page, re.MULTILINE):
        names = re.findall(r"`([^`]+)`", fields)
        # A default that is told in words is not compared.
        literal = re.fullmatch(r"`[^`]+`(, `[^`]+`)*", defaults)
        values = re.findall(r"`([^`]+)`", defaults) if literal else [None] * len(names)
        shown.update(zip(names, values, strict=True))
    settings, tables = load(), {"tls": Tls, "log": Log, "quota": Quota, "worker": WorkerTable, "retention": Retention}
    there = {name: getattr(settings, name) for name in type(settings).model_fields if name not in tables}
    for table, kind in tables.items():
        there |= {f"{table}.{name}": field.default for name, field in kind.model_fields.items()}
    assert set(shown) == set(there)
    for name, text in shown.items():
        if text is not None:
            value = there[name]
            assert text == (value if isinstance(value, str) else json.dumps(value, default=str).strip('"')), name
