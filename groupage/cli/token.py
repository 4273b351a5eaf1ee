"""``groupage token`` and ``groupage client-certificate``: who may call the service."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groupage.cli.console import err, out, print_json
from groupage.cli.service import Config, DataDir, opened
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from server.store import Store
    from server.store.identities import ClientCertificateRow, TokenRow

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

app = typer.Typer(no_args_is_help=True, help="Bearer tokens: make, list, rotate and revoke them.")
certificates = typer.Typer(no_args_is_help=True, help="Client certificates: say whose they are.")

Company = Annotated[
    str | None, typer.Argument(metavar="[COMPANY]", help="Id of the company, such as acme; none for the operator.")
]
Operator = Annotated[bool, typer.Option("--operator", help="Speaks for the operator, who sees everything.")]
ExpiresDays = Annotated[
    float | None, typer.Option("--expires-days", min=0.0, help="How many days it is good for. [default: until revoked]")
]
Note = Annotated[str, typer.Option("--note", help="What it is for.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("new")
def new(
    company: Company = None,
    operator: Operator = False,
    expires_days: ExpiresDays = None,
    note: Note = "",
    config: Config = None,
    data_dir: DataDir = None,
    json_output: Json = False,
) -> None:
    """Make a token and print it once: it is kept nowhere and cannot be shown again."""
    whose = _whose(company, operator)
    with opened(config, data_dir, make=True) as (settings, store):
        from server.identity import key_id, new_token
        from server.settings import server_key
        from server.store.identities import add_token

        key = server_key(settings.key_path)
        token_id, token, mac = new_token(key)
        expires = _expiry(expires_days)
        store.transact(
            lambda tx: add_token(
                tx,
                token_id=token_id,
                mac=mac,
                key_id=key_id(key),
                company=whose,
                operator=operator,
                note=note,
                expires_at=expires,
            )
        )
        _warn_of_unknown(store, whose)
    _show_token(token_id, token, whose, json_output)


@app.command("list")
def list_(config: Config = None, data_dir: DataDir = None, json_output: Json = False) -> None:
    """List all tokens, without their secrets."""
    with opened(config, data_dir) as (_, store):
        from server.store.identities import tokens
        from server.viewer import SYSTEM

        rows = store.look(SYSTEM, tokens)
    if json_output:
        print_json({"tokens": [{**_told(row), "successor": row.successor} for row in rows]})
        return
    for row in rows:
        out.print(f"{row.id}  {_line(row)}", markup=False, soft_wrap=True)


@app.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(help="Id of the token: what stands between gpg_ and the next _.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Revoke a token for good; servers refuse it within seconds, and end its streams."""
    with opened(config, data_dir) as (_, store):
        from server.store.identities import revoke_token

        if not store.transact(lambda tx: revoke_token(tx, token_id)):
            raise InputError(
                [Problem("token", "id", repr(token_id), "a token that is not revoked: groupage token list")]
            )
    out.print(f"{token_id} is revoked", markup=False)


@app.command("rotate")
def rotate(
    token_id: Annotated[str, typer.Argument(help="Id of the token that shall be replaced.")],
    overlap_hours: Annotated[float, typer.Option(min=0.0, help="For how long the old one goes on.")] = 24.0,
    expires_days: ExpiresDays = None,
    config: Config = None,
    data_dir: DataDir = None,
    json_output: Json = False,
) -> None:
    """Make a token that takes the place of another, which goes on for a while so that systems can change over."""
    with opened(config, data_dir) as (settings, store):
        from server.identity import key_id, new_token
        from server.settings import server_key
        from server.store.identities import TokenRow, add_token, succeed_token

        key = server_key(settings.key_path)
        fresh_id, token, mac = new_token(key)

        def replace(tx: Any) -> str | None:
            old = tx.reading().get(TokenRow, token_id)
            if not succeed_token(tx, token_id, fresh_id, timedelta(hours=overlap_hours)):
                return None
            add_token(
                tx,
                token_id=fresh_id,
                mac=mac,
                key_id=key_id(key),
                company=old.company,
                operator=old.operator,
                note=old.note,
                expires_at=_expiry(expires_days),
            )
            return str(old.company)

        company = store.transact(replace)
        if company is None:
            raise InputError(
                [Problem("token", "id", repr(token_id), "a token that is not revoked: groupage token list")]
            )
    _show_token(fresh_id, token, company, json_output)


@certificates.command("add")
def add(
    company: Company = None,
    operator: Operator = False,
    spiffe: Annotated[str | None, typer.Option(help="SPIFFE URI, such as spiffe://acme.example/erp.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Distinguished name as in RFC 4514, such as CN=erp,O=Acme.")
    ] = None,
    fingerprint: Annotated[str | None, typer.Option(help="SHA-256 of the certificate, hexadecimal.")] = None,
    file: Annotated[Path | None, typer.Option(help="PEM file: maps just this certificate, by its fingerprint.")] = None,
    expires_days: ExpiresDays = None,
    note: Note = "",
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Say whose a client certificate is, by exactly one of SPIFFE URI, subject and fingerprint."""
    whose = _whose(company, operator)
    given = [(k, v) for k, v in (("spiffe", spiffe), ("subject", subject), ("fingerprint", fingerprint)) if v]
    with opened(config, data_dir, make=True) as (_, store):
        from server.identity import Certificate
        from server.store.identities import add_certificate

        if file is not None:
            try:
                given.append(("fingerprint", Certificate.of(file.read_bytes()).fingerprint))
            except (OSError, ValueError):
                raise InputError([Problem(str(file), "", "no certificate", "a PEM file of one")]) from None
        if len(given) != 1:
            raise InputError(f"{len(given)} ways to know the certificate were given, expected one")
        ((kind, value),) = given
        if kind == "fingerprint":
            value = value.replace(":", "").lower()
            if not re.fullmatch(r"[0-9a-f]{64}", value):
                raise InputError([Problem("--fingerprint", "", repr(value), "64 hexadecimal digits")])
        if kind == "spiffe" and not value.startswith("spiffe://"):
            raise InputError([Problem("--spiffe", "", repr(value), "a URI that begins with spiffe://")])
        mapping_id = store.transact(
            lambda tx: add_certificate(
                tx,
                kind=kind,
                value=value,
                company=whose,
                operator=operator,
                note=note,
                expires_at=_expiry(expires_days),
            )
        )
        _warn_of_unknown(store, whose)
    out.print(f"{mapping_id}: {kind} {value} is {whose or 'the operator'}", markup=False, soft_wrap=True)


@certificates.command("list")
def list_certificates(config: Config = None, data_dir: DataDir = None, json_output: Json = False) -> None:
    """List whose which client certificates are."""
    with opened(config, data_dir) as (_, store):
        from server.store.identities import certificates as mapped
        from server.viewer import SYSTEM

        rows = store.look(SYSTEM, mapped)
    if json_output:
        print_json({"client_certificates": [{**_told(r), "kind": r.kind, "value": r.value} for r in rows]})
        return
    for row in rows:
        out.print(f"{row.id}  {row.kind} {row.value}  {_line(row)}", markup=False, soft_wrap=True)


@certificates.command("revoke")
def revoke_mapping(
    mapping_id: Annotated[str, typer.Argument(help="Id of the mapping: groupage client-certificate list.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Revoke a mapping for good; a revoked fingerprint also outweighs what the certificate's subject is mapped to."""
    with opened(config, data_dir) as (_, store):
        from server.store.identities import revoke_certificate

        if not store.transact(lambda tx: revoke_certificate(tx, mapping_id)):
            raise InputError([Problem("client certificate", "id", repr(mapping_id), "a mapping that is not revoked")])
    out.print(f"{mapping_id} is revoked", markup=False)


def _whose(company: str | None, operator: bool) -> str:
    if company is None and not operator:
        raise InputError("no company was given, expected its id, or --operator")
    if company is not None and not _ID.fullmatch(company):
        raise InputError([Problem("company", "", repr(company), "1 to 63 of a-z, 0-9 and -, as in companies/acme")])
    return company or ""


def _expiry(days: float | None) -> datetime | None:
    if days == 0:
        raise InputError([Problem("--expires-days", "", "0", "more than 0: such a token is good for nothing")])
    return None if days is None else datetime.now(UTC) + timedelta(days=days)


def _warn_of_unknown(store: "Store", company: str) -> None:
    from server.store.tables import Record
    from server.viewer import SYSTEM

    if company and store.look(SYSTEM, lambda session: session.get(Record, f"companies/{company}")) is None:
        told = f"companies/{company} is not there yet: the operator creates it with Network.CreateCompany"
        err.print(told, markup=False, soft_wrap=True)


def _show_token(token_id: str, token: str, company: str, json_output: bool) -> None:
    if json_output:
        print_json({"id": token_id, "token": token, "company": company})
        return
    typer.echo(token)
    err.print(f"token {token_id} of {company or 'the operator'}; it is not shown again", markup=False)


def _told(row: "TokenRow | ClientCertificateRow") -> dict[str, Any]:
    times = {"created_at": row.created_at, "expires_at": row.expires_at, "revoked_at": row.revoked_at}
    said = {"id": row.id, "company": row.company, "operator": row.operator, "note": row.note}
    return {**said, **{key: value and value.isoformat(timespec="seconds") for key, value in times.items()}}


def _line(row: "TokenRow | ClientCertificateRow") -> str:
    told = _told(row)
    state = "revoked " + told["revoked_at"] if told["revoked_at"] else ""
    if not state and row.expires_at is not None:
        state = ("expired " if row.expires_at <= datetime.now(UTC) else "until ") + told["expires_at"]
    whose = (row.company or "-") + (" operator" if row.operator else "")
    return "  ".join(filter(None, (whose, f"made {told['created_at']}", state, row.note)))
