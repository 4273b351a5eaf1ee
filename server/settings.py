"""Settings of the service: defaults that need no set-up, a TOML file, and the environment, which wins.

Every field can be given as ``GROUPAGE_FIELD``, one inside a table as ``GROUPAGE_TABLE__FIELD``:
``GROUPAGE_TLS__CERTIFICATE=/etc/groupage/server.pem``.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from groupage.errors import InputError, Problem
from server.durable.pace import Pace
from server.guard import MIB, Limits
from server.limits import Rate
from server.logs import LEVELS
from server.misset import PREFIX, strays, told, unread
from server.retention import Retention

CONFIG_VARIABLE = "GROUPAGE_CONFIG"
KEY_BYTES = 32


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tls(_Table):
    """TLS of the gRPC port.

    Attributes
    ----------
    certificate, key
        PEM files of the server's certificate, with its chain, and of its key.
    client_authorities
        PEM file of the authorities that client certificates come from; with it the addresses of `Settings.listen` turn
        away who presents none. Trust only authorities that issue a subject or SPIFFE URI to nobody but its owner.
    listen_without_client_certificate
        Further addresses, where clients prove themselves by a token alone.
    """

    certificate: Path
    key: Path
    client_authorities: Path | None = None
    listen_without_client_certificate: tuple[str, ...] = ()

    @field_validator("listen_without_client_certificate")
    @classmethod
    def _are_addresses(cls, listen: tuple[str, ...]) -> tuple[str, ...]:
        return _addresses(listen)


def _addresses(listen: tuple[str, ...]) -> tuple[str, ...]:
    for address in listen:
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isdigit() and int(port) < 65536):
            raise ValueError("expected HOST:PORT")
    return listen


class Log(_Table):
    """What is logged, on standard error."""

    level: str = "info"
    json_lines: bool | None = None  # JSON unless standard error is a terminal

    @field_validator("level")
    @classmethod
    def _known(cls, level: str) -> str:
        if level not in LEVELS:
            raise ValueError(f"expected one of {', '.join(LEVELS)}")
        return level

    def as_json(self) -> bool:
        """Whether lines are JSON: for machines, unless it is said, or a terminal reads."""
        return not sys.stderr.isatty() if self.json_lines is None else self.json_lines


class Quota(_Table):
    """What one participant may ask of one server; beyond, it is RATE_LIMITED."""

    messages_per_s: float = Field(2_000.0, gt=0)
    messages_burst: float = Field(10_000.0, gt=0)
    bytes_per_s: float = Field(64.0 * MIB, gt=0)
    bytes_burst: float = Field(256.0 * MIB, gt=0)
    failed_identities_per_s: float = Field(20.0, gt=0)
    failed_identities_burst: float = Field(100.0, gt=0)
    open_streams: int = Field(64, ge=1)
    call_timeout_s: float = Field(60.0, gt=0)

    def limits(self) -> Limits:
        """The same as the guard takes it."""
        return Limits(
            calls=Rate(self.messages_per_s, self.messages_burst),
            request_bytes=Rate(self.bytes_per_s, self.bytes_burst),
            failures=Rate(self.failed_identities_per_s, self.failed_identities_burst),
            most_streams=self.open_streams,
            unary_timeout_s=self.call_timeout_s,
        )


class WorkerTable(_Table):
    """How workers work; see `server.durable.pace.Pace`."""

    beat_s: float = Field(3.0, gt=0, le=10)
    dead_after_s: float = Field(15.0, gt=0, le=25, validate_default=True)
    concurrency: int = Field(200, ge=1, le=2_000)
    processes: int | None = Field(None, ge=1)
    reply_within_s: float = Field(30.0, gt=0)
    beside_server: int = Field(1, ge=0, le=64)

    @field_validator("dead_after_s")
    @classmethod
    def _hears_several_beats(cls, value: float, given: ValidationInfo) -> float:
        beat_s = given.data.get("beat_s", 0.0)  # absent where that itself is wrong
        if value < 3 * beat_s:
            raise ValueError(f"expected three times worker.beat_s, {3 * beat_s:g}, or more: one late beat is no death")
        return value

    def pace(self) -> Pace:
        """The same as a worker takes it."""
        return Pace(**self.model_dump(exclude={"beside_server"}))


class Settings(BaseSettings):
    """All settings.

    Attributes
    ----------
    data_dir
        Folder of everything that is not elsewhere: the SQLite files and the server's key.
    listen
        Addresses of the gRPC port, such as ``127.0.0.1:7443``; port 0 takes a free one.
    store_url
        ``sqlite:///path`` or ``postgresql+psycopg://user:password@host/name``; SQLite in `data_dir` by default.
    durable_url
        Where the workflows are kept: SQLite beside the store, or the store's PostgreSQL, by default.
    key_file
        The server's key, under which tokens are stored: 32 random bytes in hexadecimal, readable by nobody else. Made
        where it is missing. Replicas on one store share one.
    tls
        TLS; without it the server listens on loopback only.
    plaintext_beyond_loopback
        Listen elsewhere without TLS: for a proxy on the way that does it.
    reuse_port
        Let several servers of this machine listen on one port (``SO_REUSEPORT``); connections are spread over them.
    metrics_address, metrics_port
        Where Prometheus reads; port 0 turns it off.
    connection_age_s
        After this time a connection is asked to be made anew, so that changed certificates come to bear and load
        spreads; streams go on.
    drain_s
        How long a server that stops waits for what it works on.
    worker
        How workers work; ``beside_server`` is how many a server keeps beside itself, 0 where they run elsewhere.
    most_calls
        Calls under way at a time, streams included.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    data_dir: Path = Path("groupage-data")
    listen: tuple[str, ...] = ("127.0.0.1:7443",)
    store_url: SecretStr = SecretStr("")
    durable_url: SecretStr = SecretStr("")
    key_file: Path | None = None
    tls: Tls | None = None
    plaintext_beyond_loopback: bool = False
    reuse_port: bool = False
    metrics_address: str = "127.0.0.1"
    metrics_port: int = Field(9464, ge=0, le=65535)
    connection_age_s: float = Field(3600.0, gt=0)
    drain_s: float = Field(20.0, ge=0)
    most_calls: int = Field(10_000, ge=1)
    reflection: bool = True
    log: Log = Log()
    quota: Quota = Quota()
    worker: WorkerTable = WorkerTable()
    retention: Retention = Retention()

    @field_validator("store_url", "durable_url")
    @classmethod
    def _is_a_store(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value():
            try:
                driver = make_url(url.get_secret_value()).drivername
            except ArgumentError:
                driver = ""
            if driver not in ("sqlite", "postgresql+psycopg"):
                raise ValueError("expected sqlite:///path or postgresql+psycopg://user:password@host/name")
        return url

    @field_validator("listen")
    @classmethod
    def _are_addresses(cls, listen: tuple[str, ...]) -> tuple[str, ...]:
        return _addresses(listen)

    @model_validator(mode="after")
    def _speaks_plainly_at_home_only(self) -> Self:
        if self.tls is None and not self.plaintext_beyond_loopback:
            for address in self.listen:
                if not is_loopback(address):
                    raise ValueError(
                        f"listen has {address!r} and there is no TLS: tokens could be read on the way; expected a "
                        "loopback address, [tls], or plaintext_beyond_loopback = true behind a proxy that does TLS"
                    )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given first, then the environment, then the file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))

    @property
    def store(self) -> str:
        """Address of the store."""
        return self.store_url.get_secret_value() or f"sqlite:///{self.data_dir / 'store.sqlite'}"

    @property
    def durable(self) -> str:
        """Address of the workflows' database; on PostgreSQL they have a schema of their own in the store's."""
        given = self.durable_url.get_secret_value()
        if given or not self.store.startswith("sqlite"):
            return given or self.store
        return f"sqlite:///{Path(make_url(self.store).database or '').parent / 'durable.sqlite'}"

    def make_data_dir(self) -> None:
        """Make the data folder where it is missing, for nobody else to read.

        Raises
        ------
        InputError
            If it cannot be made.
        """
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            given = f"{self.data_dir}: {error.strerror}"
            raise InputError(
                [Problem("settings", "data_dir", given, "a folder, or a place where one can be made")]
            ) from None

    @property
    def key_path(self) -> Path:
        """File of the server's key."""
        return self.key_file or self.data_dir / "server.key"


def load(config: Path | None = None, **given: Any) -> Settings:
    """Read the settings.

    Parameters
    ----------
    config
        TOML file; by default the one that ``GROUPAGE_CONFIG`` names, if any.
    **given
        What the command line says; None is not given.

    Raises
    ------
    InputError
        With everything that is wrong, by field.
    """
    path = config or (Path(named) if (named := os.environ.get(CONFIG_VARIABLE)) else None)
    if path is not None and not path.is_file():
        raise InputError([Problem(str(path), "", "there is no such file", "a TOML file of settings")])

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    wrong = strays(Settings, os.environ)
    settings = None
    try:
        settings = FromFile(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        wrong += told(error, Settings, path, given)
    except SettingsError as error:  # a variable is no JSON
        wrong.append(unread(str(error)))
    except (ValueError, OSError) as error:  # the file is no TOML
        wrong.append(Problem(str(path or "environment"), "", str(error), "settings that can be read"))
    if wrong or settings is None:
        raise InputError(wrong)
    return settings


def is_loopback(address: str) -> bool:
    """Whether an address HOST:PORT can be reached from this machine only."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def server_key(path: Path) -> bytes:
    """Read the server's key; make one where there is none.

    Raises
    ------
    InputError
        If the file can be read by others, cannot be made, or holds no key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        if not path.exists():
            given = f"{path}: {error.strerror}"
            raise InputError([Problem("settings", "key_file", given, "a file that can be made or read")]) from None
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise InputError([Problem(str(path), "mode", f"{mode:04o}", "0600: nobody else may read the server's key")])
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, OSError):
        key = b""
    if len(key) < KEY_BYTES:
        raise InputError([Problem(str(path), "", "not a key", f"{KEY_BYTES} bytes or more in hexadecimal")])
    return key
