"""Identities over real TLS: who gets in, as whom, and until when."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from grpc import aio

from groupage.v1 import orders_pb2, orders_service_pb2_grpc, synchronizations_pb2, synchronizations_service_pb2_grpc
from server.faults import Fault
from server.identity import MOST_CACHED, Certificate, Identities, StoredToken, new_token, token_mac
from tests.server.probe import KEY, Register, bearer, client_channel, issue, refused, run, server_credentials, serving

SPIFFE = "spiffe://groupage/companies/"


async def who(channel: Any, *metadata: tuple[str, str]) -> str:
    """The company that the server takes a caller for, or the reason why it does not let it in."""
    stub = orders_service_pb2_grpc.OrdersStub(channel)
    try:
        order = await stub.GetOrder(orders_pb2.GetOrderRequest(name="companies/x/orders/a"), metadata=metadata)
    except aio.AioRpcError:
        request = stub.GetOrder(orders_pb2.GetOrderRequest(name="companies/x/orders/a"), metadata=metadata)
        return (await refused(request))[0]
    return order.external_ref


@contextlib.asynccontextmanager
async def calling(probe: Any, ca: trustme.CA, certificate: Any) -> AsyncIterator[Any]:
    async with client_channel(probe.address, ca, certificate) as channel:
        yield channel


def test_a_token_is_one_companys() -> None:
    """A token proves its company; without one, with another scheme, or with anything changed, nobody is proven."""

    async def main() -> None:
        async with serving() as probe, probe.channel() as channel:
            token = probe.register.issue("acme")
            assert await who(channel, *bearer(token)) == "acme"
            assert await who(channel, ("authorization", f"bearer {token}")) == "acme"
            head, _, tail = token.rpartition("_")
            other = probe.register.issue("rival")
            wrong = [
                "",
                token,
                f"Basic {token}",
                f"Bearer  {token}",
                f"Bearer {token} ",
                f"Bearer {token}x",
                f"Bearer {token[:-1]}",
                f"Bearer {head}_{'A' * 43}",
                f"Bearer {head}_{tail.swapcase()}",
                # The id of the one with the secret of the other.
                f"Bearer {head[:20]}_{other[21:]}",
                "Bearer gpg_aaaaaaaaaaaaaaaa_" + "A" * 43,
                "Bearer ",
            ]
            for value in wrong:
                assert await who(channel, ("authorization", value)) == "UNAUTHENTICATED_CALLER", value
            assert await who(channel) == "UNAUTHENTICATED_CALLER"

    run(main())


def test_a_stored_token_cannot_be_sent() -> None:
    """What is stored of a token is an HMAC under the server's key: without it, it neither is a token nor tests one."""
    token_id, token, mac = new_token(KEY)
    assert token.startswith(f"gpg_{token_id}_")
    assert mac == token_mac(KEY, token)
    assert mac != token_mac(b"another key of at least 32 bytes!", token)
    assert token.encode() not in mac
    assert len({new_token(KEY)[1] for _ in range(100)}) == 100


def test_a_short_key_is_refused() -> None:
    """The server's key has 32 bytes or more."""
    with pytest.raises(ValueError, match="has 5 bytes, expected 32"):
        Identities(Register(), b"short")


def test_names_are_compared_in_full() -> None:
    """acme, acme2, acm, and acme in capitals are four companies, as tokens and as certificates."""

    async def main() -> None:
        ca = trustme.CA()
        async with serving(credentials=server_credentials(ca)) as probe:
            names = ("acme", "acme2", "acm", "ACME", "acme/..", "")
            for name in names[:-1]:
                probe.register.map("spiffe", SPIFFE + name, f"is-{name}")
            for name in names:
                async with calling(probe, ca, issue(ca, uris=(SPIFFE + name,))) as channel:
                    expected = f"is-{name}" if name else "UNAUTHENTICATED_CALLER"
                    assert await who(channel) == expected
            async with calling(probe, ca, issue(ca, uris=(SPIFFE + "acme3",))) as channel:
                assert await who(channel) == "UNAUTHENTICATED_CALLER"

    run(main())


def test_a_certificate_is_mapped_by_uri_subject_or_fingerprint() -> None:
    """Each of the three maps a certificate to its company, each in full, a subject with everything escaped."""

    async def main() -> None:
        ca = trustme.CA()
        by_subject = issue(ca, common_name="erp", organization="Acme, Ltd/CN=rival")
        looks_alike = issue(ca, common_name="rival", organization="Acme, Ltd/CN=erp")
        pinned, twin = issue(ca, common_name="same"), issue(ca, common_name="same")
        async with serving(credentials=server_credentials(ca)) as probe:
            probe.register.map("spiffe", SPIFFE + "one", "one")
            probe.register.map("subject", Certificate.of(by_subject.chain).subject, "two")
            probe.register.map("fingerprint", Certificate.of(pinned.chain).fingerprint, "three")
            for certificate, expected in (
                (issue(ca, uris=(SPIFFE + "one",)), "one"),
                (by_subject, "two"),
                (looks_alike, "UNAUTHENTICATED_CALLER"),
                (pinned, "three"),
                (twin, "UNAUTHENTICATED_CALLER"),
                (issue(ca, uris=(SPIFFE + "one", SPIFFE + "two")), "UNAUTHENTICATED_CALLER"),
                (issue(ca, uris=("https://groupage/companies/one",)), "UNAUTHENTICATED_CALLER"),
            ):
                async with calling(probe, ca, certificate) as channel:
                    assert await who(channel) == expected

    run(main())


def test_a_certificate_of_another_authority_does_not_connect() -> None:
    """A certificate that the server's authorities did not issue, one that is expired, and none at all get no answer."""

    async def main() -> None:
        ca, stranger = trustme.CA(), trustme.CA()
        async with serving(credentials=server_credentials(ca)) as probe:
            probe.register.map("spiffe", SPIFFE + "acme", "acme")
            for certificate in (
                issue(stranger, uris=(SPIFFE + "acme",)),
                issue(ca, uris=(SPIFFE + "acme",), days=-1),
                None,
            ):
                async with calling(probe, ca, certificate) as channel:
                    assert await who(channel) == "UNAVAILABLE"
            assert probe.register.asked == 0

    run(main())


def test_a_connection_does_not_outlive_its_certificate() -> None:
    """On a connection that was made in time, calls after the certificate's end are refused."""

    async def main() -> None:
        ca = trustme.CA()
        time = [datetime.now(UTC)]
        async with serving(credentials=server_credentials(ca), now=lambda: time[0]) as probe:
            probe.register.map("spiffe", SPIFFE + "acme", "acme")
            async with calling(probe, ca, issue(ca, uris=(SPIFFE + "acme",), days=1)) as channel:
                assert await who(channel) == "acme"
                time[0] += timedelta(days=1, seconds=1)
                assert await who(channel) == "UNAUTHENTICATED_CALLER"

    run(main())


def test_a_certificate_and_a_token_must_be_the_same_companys() -> None:
    """Who presents both is let in as the company of both; a token that leaked is of no use to another company."""

    async def main() -> None:
        ca = trustme.CA()
        async with serving(credentials=server_credentials(ca)) as probe:
            probe.register.map("spiffe", SPIFFE + "acme", "acme")
            own, other = probe.register.issue("acme"), probe.register.issue("rival")
            operator = probe.register.issue("acme", operator=True)
            async with calling(probe, ca, issue(ca, uris=(SPIFFE + "acme",))) as channel:
                assert await who(channel) == "acme"
                assert await who(channel, *bearer(own)) == "acme"
                for token in (other, operator, "gpg_aaaaaaaaaaaaaaaa_" + "A" * 43):
                    assert await who(channel, *bearer(token)) == "UNAUTHENTICATED_CALLER"
            async with calling(probe, ca, issue(ca, uris=(SPIFFE + "unknown",))) as channel:
                assert await who(channel, *bearer(own)) == "UNAUTHENTICATED_CALLER"

    run(main())


def test_mappings_that_contradict_each_other_let_nobody_in() -> None:
    """A certificate that is mapped to two companies is nobody's."""

    async def main() -> None:
        ca = trustme.CA()
        certificate = issue(ca, uris=(SPIFFE + "acme",), common_name="acme")
        async with serving(credentials=server_credentials(ca)) as probe:
            probe.register.map("spiffe", SPIFFE + "acme", "acme")
            probe.register.map("subject", Certificate.of(certificate.chain).subject, "rival")
            async with calling(probe, ca, certificate) as channel:
                assert await who(channel) == "UNAUTHENTICATED_CALLER"

    run(main())


def test_a_revoked_fingerprint_outweighs_its_subject() -> None:
    """One stolen certificate can be revoked while others of the same subject go on."""

    async def main() -> None:
        ca = trustme.CA()
        stolen, good = issue(ca, uris=(SPIFFE + "acme",)), issue(ca, uris=(SPIFFE + "acme",))
        async with serving(credentials=server_credentials(ca)) as probe:
            probe.register.map("spiffe", SPIFFE + "acme", "acme")
            fingerprint = Certificate.of(stolen.chain).fingerprint
            probe.register.map("fingerprint", fingerprint, "acme", revoked_at=datetime.now(UTC))
            for certificate, expected in ((stolen, "UNAUTHENTICATED_CALLER"), (good, "acme")):
                async with calling(probe, ca, certificate) as channel:
                    assert await who(channel) == expected

    run(main())


def test_revoked_and_expired_identities_are_refused() -> None:
    """A token that is revoked, expired or rotated out is refused; the one that took its place is not."""

    async def main() -> None:
        now = datetime.now(UTC)
        async with serving(now=lambda: now) as probe, probe.channel() as channel:
            revoked = probe.register.issue("acme", revoked_at=now)
            expired = probe.register.issue("acme", expires_at=now)
            rotated = probe.register.issue("acme", expires_at=now + timedelta(hours=1))
            successor = probe.register.issue("acme")
            seen = [await who(channel, *bearer(t)) for t in (revoked, expired, rotated, successor)]
            assert seen == ["UNAUTHENTICATED_CALLER", "UNAUTHENTICATED_CALLER", "acme", "acme"]

    run(main())


def test_an_answer_is_remembered_for_its_lifetime_and_no_longer() -> None:
    """Within its lifetime an identity costs no look into the store; after it, revocation acts; failures as well."""

    async def main() -> None:
        time, register = [0.0], Register()
        identities = Identities(register, KEY, lifetime_s=2, clock=lambda: time[0])
        token = register.issue("acme")
        presented = (f"Bearer {token}", b"")
        for _ in range(5):
            assert (await identities.identify(*presented)).viewer.company == "acme"
        assert register.asked == 1
        (token_id,) = register.tokens
        old = register.tokens[token_id]
        register.tokens[token_id] = StoredToken(old.id, "acme", False, old.mac, revoked_at=datetime.now(UTC))
        time[0] = 1.9
        assert (await identities.identify(*presented)).viewer.company == "acme"
        time[0] = 2.0
        for _ in range(5):
            with pytest.raises(Fault, match="client certificate or token"):
                await identities.identify(*presented)
        assert register.asked == 2

    run(main())


def test_many_callers_of_one_identity_share_a_look() -> None:
    """A hundred calls that come together look into the store once, and one that gives up spoils none of the others."""

    async def main() -> None:
        register = Register()
        gate = asyncio.Event()
        slow = register.token

        async def token(token_id: str) -> Any:
            await gate.wait()
            return await slow(token_id)

        register.token = token  # type: ignore[method-assign]
        identities = Identities(register, KEY)
        header = f"Bearer {register.issue('acme')}"
        tasks = [asyncio.create_task(identities.identify(header, b"")) for _ in range(100)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        gate.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert {caller.viewer.company for caller in done[1:]} == {"acme"}
        assert register.asked == 1

    run(main())


def test_unknown_tokens_do_not_fill_the_memory() -> None:
    """However many made-up tokens come, what is remembered of them stays within a bound."""

    async def main() -> None:
        identities = Identities(Register(), KEY)
        for i in range(MOST_CACHED + 50):
            with pytest.raises(Fault):
                await identities.identify(f"Bearer gpg_{i:016d}_{'A' * 43}", b"")
        assert len(identities._known) == MOST_CACHED
        assert not identities._asking

    run(main())


def test_a_store_that_is_away_lets_nobody_in_and_is_not_remembered(logged: Any) -> None:
    """An identity that cannot be looked up is an error that tells nothing, and the next call looks again."""

    async def main() -> None:
        async with serving(lifetime_s=60) as probe, probe.channel() as channel:
            token = probe.register.issue("acme")
            probe.register.down = True
            assert await who(channel, *bearer(token)) == "INTERNAL_FAULT"
            probe.register.down = False
            assert await who(channel, *bearer(token)) == "acme"

    run(main())


def test_revocation_ends_streams_too() -> None:
    """A stream whose identity was revoked ends within seconds, though nothing is sent on it; others go on."""

    async def main() -> None:
        async with serving() as probe, probe.channel() as channel:
            watcher = asyncio.create_task(probe.guard.watch(0.05))
            stub = synchronizations_service_pb2_grpc.SynchronizationsStub(channel)
            request = synchronizations_pb2.WatchSynchronizationRequest(name="pools/rhine/synchronizations/wait")
            calls = []
            for company in ("acme", "rival"):
                call = stub.WatchSynchronization(request, metadata=bearer(probe.register.issue(company)))
                await call.read()
                calls.append(call)
            ((token_id, old), _) = probe.register.tokens.items()
            probe.register.tokens[token_id] = StoredToken(
                old.id, old.company, False, old.mac, revoked_at=datetime.now(UTC)
            )
            assert (await refused(calls[0]))[0] == "UNAUTHENTICATED_CALLER"
            await asyncio.sleep(0.2)
            assert not calls[1].done()
            watcher.cancel()

    run(main())
