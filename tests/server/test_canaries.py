"""Nobody gets a byte that is another's: marks in all records, and every method called by everybody about everything."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections import defaultdict
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import uvloop
from sqlmodel import select

from groupage.v1 import companies_pb2, members_pb2, negotiation_pb2
from server.export_files import CONTACTS, FILES
from server.store import Reading, Store
from server.store.tables import OrderRow, Record
from server.viewer import SYSTEM
from tests.server.canaries import COMPANIES, POOLS, foreign
from tests.server.hostile import FORGED, INSIDE, NOBODY, OPERATOR, REVOKED, Answer, Site, methods, planted
from tests.server.wellformed import Drawing

DRAWS = 3
# Files of an export that have no marks: who carries nothing, or has asked for no change.
NOTHING_OF = {
    "acme": ("carried_shipments",),
    "acme2": ("carried_shipments",),
    "swift": ("change_requests",),
    "bolt": ("carried_shipments",),
}
STRANGERS = (NOBODY, REVOKED, FORGED)
# What the contract lets even the operator not see: what an owner expects to send, and what being late costs it.
OWNERS_ONLY = {
    *(
        ("demand", ""),
        ("forecast_model", ""),
        ("order", "stakes"),
        ("vehicle_type", "rates"),
        ("vehicle_type", "call_up"),
    ),
    *(("blobs", ""), ("export", "sha256")),  # an export has all of that
    *(("hub", "rates"), ("tariff", "contract"), ("tariff", "margin_percent"), ("tariff_public", "margin_percent")),
}


def run(main: Any, seconds: float = 300) -> Any:
    """Run as the server runs."""
    return uvloop.run(asyncio.wait_for(main, seconds))


def names_of(site: Site, *owners: str) -> dict[str, list[str]]:
    """Names of what some own, by collection."""
    found: dict[str, list[str]] = defaultdict(list)
    for (owner, collection), names in site.world.names.items():
        if owner in owners:
            found[collection] += names
    return found


def others(who: str) -> list[str]:
    """Everybody else, and the pools that somebody is not in."""
    pools = [f"pools/{p}" for p, (members, _) in POOLS.items() if who not in members]
    return [c for c in COMPANIES if c != who] + pools


async def tried(
    site: Site, who: str, about: dict[str, list[str]], seed: int, wait_s: float = 0.12
) -> dict[str, list[tuple[Any, Answer]]]:
    """Call every method with requests that keep the schema's rules, about resources of some names."""
    rng = np.random.default_rng(seed)
    drawing = Drawing(rng, about, {"filter": [""], "page_token": [""]})
    made: dict[str, list[tuple[Any, Answer]]] = {}
    for path, method in methods(site.app.names).items():
        for _ in range(DRAWS):
            request = drawing.request(method.request)
            raw = [request.SerializeToString()]
            if path.endswith("/Converse"):
                raw = opened(site, about, raw)
            made.setdefault(path, []).append((raw, await site.call(who, method, raw, wait_s=wait_s)))
    return made


def opened(site: Site, about: dict[str, list[str]], then: list[bytes]) -> list[bytes]:
    """A conversation that begins as it should."""
    first = negotiation_pb2.ConverseRequest(request_id="7f1e1b1e-5b0a-4d5e-9b8e-2d1f5f5f5f5f")
    first.open.company, first.open.agent = about["companies"][0], "agent 1"
    first.open.roles.append(companies_pb2.ROLE_SHIPPER)
    return [first.SerializeToString(), *then]


def leaked(site: Site, who: str, asked: list[bytes], answer: Answer) -> list[Any]:
    """Marks of others in an answer, apart from those that the caller has sent itself."""
    sent = set().union(*(site.world.canaries.found(raw) for raw in asked))
    return foreign(who, answer.marks(site.world.canaries) - sent)


@pytest.mark.parametrize("who", COMPANIES)
def test_nobody_reads_another(store: Store, who: str) -> None:
    """No method gives a company a byte of another's, whatever names it asks about, its own or foreign ones."""

    async def main() -> None:
        async with planted(store) as site:
            mine = [who, *(f"pools/{p}" for p, (members, _) in POOLS.items() if who in members)]
            before = rows_of(store, who)
            for seed, about in enumerate((names_of(site, *others(who)), names_of(site, *mine))):
                for path, calls in (await tried(site, who, about, seed)).items():
                    for asked, answer in calls:
                        assert leaked(site, who, asked, answer) == [], (path, asked, answer)
                        assert answer.code not in ("UNKNOWN", "INTERNAL"), (path, asked, answer)
                        assert not [word for word in INSIDE if word in answer.raw], (path, asked, answer)
            assert rows_of(store, who) == before

    run(main())


def rows_of(store: Store, but: str) -> dict[str, int]:
    """Versions of all records and orders of other companies."""

    def look(session: Reading) -> dict[str, int]:
        rows = [*session.exec(select(Record.name, Record.version, Record.company))]
        rows += session.exec(select(OrderRow.name, OrderRow.version, OrderRow.company))
        return {name: version for name, version, company in rows if company not in (None, but)}

    return store.look(SYSTEM, look)


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_get_nothing(store: Store, who: str) -> None:
    """Without an identity that is good, every method says the same, and no more."""

    async def main() -> None:
        async with planted(store) as site:
            made = await tried(site, who, names_of(site, "acme", "pools/rhine"), 1, wait_s=60)
            said = {(a.code, a.reason, a.text) for calls in made.values() for _, a in calls}
            assert len(said) == 1
            assert next(iter(said))[:2] == ("UNAUTHENTICATED", "UNAUTHENTICATED_CALLER")
            for calls in made.values():
                assert not [a for _, a in calls if a.messages or a.marks(site.world.canaries)]

    run(main())


def test_the_operator_sees_no_forecast(store: Store) -> None:
    """The operator sees everything but what only an owner knows: its demand, its forecasts, its stakes."""

    async def main() -> None:
        async with planted(store) as site:
            seen = set()
            for company in COMPANIES:
                pools = [f"pools/{p}" for p, (members, _) in POOLS.items() if company in members]
                for calls in (await tried(site, OPERATOR, names_of(site, company, *pools), 2)).values():
                    for asked, answer in calls:
                        sent = set().union(*(site.world.canaries.found(raw) for raw in asked))
                        seen |= answer.marks(site.world.canaries) - sent
                        assert answer.code not in ("UNKNOWN", "INTERNAL"), (asked, answer)
            kinds = {(m.kind, m.path.split(".")[0]) for m in seen}
            assert not {(k, p) for k, p in kinds if (k, "") in OWNERS_ONLY or (k, p) in OWNERS_ONLY}
            assert {"company", "site", "vehicle_type", "order", "proposal"} <= {k for k, _ in kinds}

    run(main())


@pytest.mark.parametrize("who", COMPANIES)
def test_an_export_shows_what_the_services_show(store: Store, who: str) -> None:
    """Every file, made by the server and read over the wire, has marks of its company and of nobody else's."""

    async def main() -> None:
        async with planted(store) as site:
            found = site.world.canaries.found
            by_name = {path.rpartition(".")[2]: m for path, m in methods(site.app.names).items()}

            async def call(method: str, **fields: Any) -> Any:
                asked = by_name[method].request(**fields).SerializeToString()
                answer = await site.call(who, by_name[method], [asked], wait_s=30)
                assert answer.code == "OK", (method, answer)
                return answer

            pool = next(p for p, (members, _) in POOLS.items() if who in members)
            member = f"pools/{pool}/members/{who}"
            made = (await call("Pools/ExportMember", name=member, request_id=str(uuid4()))).messages[0]
            done = (await call("Operations/WaitOperation", name=made.name)).messages[0]
            exported = members_pb2.ExportMemberResponse()
            assert done.response.Unpack(exported)
            assert {f.kind for f in exported.files} == {*FILES, CONTACTS}
            for file in exported.files:
                read = await call("Pools/ReadExport", name=member, file_id=file.file_id)
                whole = b"".join(part.data for part in read.messages)
                assert hashlib.sha256(whole).hexdigest() == file.sha256
                marks = found(whole)
                assert foreign(who, marks) == [], file.kind
                assert bool(marks) == (file.kind not in NOTHING_OF.get(who, ())), file.kind
                for line in whole.splitlines():
                    json.loads(line)

    run(main())


def without(answer: Answer, name: str) -> tuple[Any, ...]:
    """An answer, apart from the name that was asked for."""
    told = [answer.status] if answer.status is not None else []
    # Of a conversation what it was told of what it said; how much else came by then is a matter of time.
    said = [m for m in answer.messages if hasattr(m, "receipt")]
    told += [m.receipt.status for m in said if m.HasField("receipt")]
    count = -1 if said else len(answer.messages)
    known = tuple(status.SerializeToString().replace(name.encode(), b"*") for status in told)
    return answer.code, answer.text.replace(name, "*"), answer.reason, count, known


def renamed(message: Any, name: str, other: str) -> Any:
    """A message with another name wherever a name stands."""
    for field, value in message.ListFields():
        if field.cpp_type == field.CPPTYPE_MESSAGE:
            if not (field.message_type.GetOptions().map_entry):
                for one in value if field.is_repeated else [value]:
                    renamed(one, name, other)
        elif field.cpp_type == field.CPPTYPE_STRING and field.type == field.TYPE_STRING:
            if field.is_repeated:
                value[:] = [v.replace(name, other) for v in value]
            else:
                setattr(message, field.name, value.replace(name, other))
    return message


@pytest.mark.parametrize("who", ["acme", "swift", "bolt"])
def test_what_is_not_one_s_own_is_not_there(store: Store, who: str) -> None:
    """What exists and may not be known, and what does not exist, give the same status, text and details.

    Each method is asked twice, alike to the byte but for an id: once that of another's resource, once one of the same
    length that nothing has. Names of all fields are exchanged, not only of those that say what is asked about.
    """

    async def main() -> int:
        compared = 0
        async with planted(store) as site:
            hidden = names_of(site, *others(who))
            mine = names_of(site, who)
            for path, method in methods(site.app.names).items():
                drawing = Drawing(np.random.default_rng(5), hidden, {"filter": [""], "page_token": [""]})
                for collection, names in list(hidden.items()) * DRAWS:
                    if collection in ("companies", "pools", "members", "consents"):
                        continue  # fellows are known by name where they are shown; strangers are asked about below
                    drawing.names = {**mine, collection: names[-1:]}
                    request = drawing.request(method.request)
                    known = names[-1].removesuffix("/shipment").rpartition("/")[2].encode()
                    if known not in request.SerializeToString():
                        continue
                    compared += 1
                    if "validate_only" in request.DESCRIPTOR.fields_by_name:
                        request.validate_only = True  # so that the second finds what the first found
                    other = type(request)()
                    other.CopyFrom(request)
                    renamed(other, known.decode(), "z" * len(known))
                    if "request_id" in other.DESCRIPTOR.fields_by_name:
                        other.request_id = request.request_id[:-4] + "0000"
                    answers = []
                    for one in (request, other):
                        raw = [one.SerializeToString()]
                        raw = opened(site, mine, raw) if path.endswith("/Converse") else raw
                        answers.append(
                            await site.call(who, method, raw, wait_s=0.4 if method.client_streaming else 0.1)
                        )
                    there, gone = answers
                    if method.server_streaming or there.code == "OK":
                        assert not foreign(
                            who,
                            there.marks(site.world.canaries) - site.world.canaries.found(request.SerializeToString()),
                        )
                    assert without(there, known.decode()) == without(gone, "z" * len(known)), (path, request)
        return compared

    assert run(main()) > 100


def test_a_namesake_s_names_are_strangers_too(store: Store) -> None:
    """`acme` and `acme2` are two: names are compared by segment, not by how they begin."""

    async def main() -> None:
        async with planted(store) as site:
            for who, other in (("acme", "acme2"), ("acme2", "acme")):
                for path, calls in (await tried(site, who, names_of(site, other), 9)).items():
                    for asked, answer in calls:
                        assert leaked(site, who, asked, answer) == [], (path, answer)

    run(main())


def test_tokens_of_pages_open_nothing(store: Store) -> None:
    """A page token of one caller, sent by another with the same request, gives nothing that the other may not see."""

    async def main() -> int:
        tokens = 0
        async with planted(store) as site:
            for path, method in methods(site.app.names).items():
                if "page_token" not in method.request.DESCRIPTOR.fields_by_name:
                    continue
                for owner in ("acme2", "swift"):
                    own = [owner, *(f"pools/{p}" for p, (members, _) in POOLS.items() if owner in members)]
                    drawing = Drawing(
                        np.random.default_rng(3), names_of(site, *own), {"filter": [""], "page_token": [""]}
                    )
                    request = drawing.request(method.request)
                    request.page_size = 1
                    first = await site.call(owner, method, [request.SerializeToString()])
                    following = first.messages[0].next_page_token if first.messages else ""
                    tokens += bool(following)
                    for token in (following, forged(following)):
                        request.page_token = token
                        for who in ("acme", "bolt", OPERATOR if "Demand" in path else "acme"):
                            asked = [request.SerializeToString()]
                            answer = await site.call(who, method, asked)
                            if who != OPERATOR:
                                assert leaked(site, who, asked, answer) == [], path
                            assert answer.code not in ("INTERNAL", "UNKNOWN", "UNAVAILABLE"), (path, answer)
        return tokens

    assert run(main()) >= 10


def forged(token: str) -> str:
    """A page token for the same request that begins before everything."""
    if not token:
        return ""
    digest, last = json.loads(base64.urlsafe_b64decode(token))
    return base64.urlsafe_b64encode(json.dumps([digest, [] if isinstance(last, str) else ""]).encode()).decode()


def test_filters_ask_only_about_what_is_shown(store: Store) -> None:
    """A filter over fields that a caller is not shown finds nothing by them."""

    async def main() -> None:
        async with planted(store) as site:
            for path, method in methods(site.app.names).items():
                if "filter" not in method.request.DESCRIPTOR.fields_by_name:
                    continue
                for parent in ("companies/swift", "pools/elbe", "-"):
                    for text in (
                        'display_name = "x*"',
                        'state != "NOPE"',
                        'gln : "*"',
                        'zone : "*"',
                        "create_time > 0",
                    ):
                        request = method.request(filter=text)
                        if "parent" in request.DESCRIPTOR.fields_by_name:
                            request.parent = parent
                        asked = [request.SerializeToString()]
                        for who in ("acme", "acme2", "bolt"):
                            answer = await site.call(who, method, asked)
                            assert leaked(site, who, asked, answer) == [], (path, text)
                            assert answer.code not in ("INTERNAL", "UNKNOWN"), (path, text, answer)

    run(main())
