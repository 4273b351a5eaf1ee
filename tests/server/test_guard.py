"""The guard over real gRPC: what a handler never sees, and what a caller never learns."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from grpc import aio
from prometheus_client import generate_latest

from groupage.v1 import orders_pb2, orders_service_pb2_grpc, synchronizations_pb2, synchronizations_service_pb2_grpc
from server.guard import Limits
from server.limits import Rate
from tests.server.probe import SECRET, UUID, Probe, bearer, refused, run, serving

SYNCHRONIZATION = "pools/rhine/synchronizations/"


def order(name: str) -> Any:
    return orders_pb2.GetOrderRequest(name=f"companies/acme/orders/{name}")


def watched(name: str) -> Any:
    return synchronizations_pb2.WatchSynchronizationRequest(name=SYNCHRONIZATION + name)


def chunk(**more: Any) -> Any:
    return orders_pb2.UploadOrdersRequest(request_id=UUID, parent="companies/acme", **more)


def with_stubs(test: Any, **options: Any) -> Any:
    """Run a test with a probe, both stubs and the metadata of a token of acme."""

    async def main() -> Any:
        async with serving(**options) as probe, probe.channel() as channel:
            orders = orders_service_pb2_grpc.OrdersStub(channel)
            synchronizations = synchronizations_service_pb2_grpc.SynchronizationsStub(channel)
            return await test(probe, channel, orders, synchronizations, bearer(probe.register.issue("acme")))

    return run(main())


def test_a_handler_knows_on_whose_behalf() -> None:
    """The company of the identity, and no other, is the caller of the handler."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        other = bearer(probe.register.issue("acme2"))
        for metadata, company in ((me, "acme"), (other, "acme2"), (me, "acme")):
            assert (await orders.GetOrder(order("a"), metadata=metadata)).external_ref == company

    with_stubs(test)


def test_a_handler_may_answer_with_bytes() -> None:
    """What the store answers is sent as it is, without parsing it first."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        assert (await orders.GetOrder(order("bytes"), metadata=me)).name == "from bytes"

    with_stubs(test)


@pytest.mark.parametrize("name", ["boom", "nonsense", "huge"])
def test_what_breaks_in_a_handler_is_an_incident(name: str, logged: Any) -> None:
    """An exception, an answer of a wrong type and one that is too large are INTERNAL_FAULT; only the log says why."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> str:
        reason, details = await refused(orders.GetOrder(order(name), metadata=me))
        assert reason == "INTERNAL_FAULT"
        return details["ErrorInfo"].metadata["incident_id"]

    incident_id = with_stubs(test)
    (line,) = [line for line in logged() if line.get("incident_id") == incident_id]
    assert line["method"] == "Orders/GetOrder"
    assert line["company"] == "acme"
    assert {"boom": SECRET, "nonsense": "TypeError", "huge": "16777216"}[name] in line["exception"]


def test_an_incident_in_a_stream_is_one_too(logged: Any) -> None:
    """An exception while a stream is read, of either direction, is caught after the first message as before it."""

    async def test(probe: Probe, channel: Any, orders: Any, synchronizations: Any, me: Any) -> None:
        assert (await refused(synchronizations.WatchSynchronization(watched("boom"), metadata=me)))[
            0
        ] == "INTERNAL_FAULT"
        assert probe.synchronizations.closed == 1
        total = channel.stream_unary(
            "/probe.Probe/Total", orders_pb2.GetOrderRequest.SerializeToString, orders_pb2.Order.FromString
        )
        assert (await refused(total(iter([order("a"), order("boom")]), metadata=me)))[0] == "INTERNAL_FAULT"
        assert (await total(iter([order("a"), order("b")]), metadata=me)).pallets == 2

    with_stubs(test)
    assert sum("incident_id" in line for line in logged()) == 2


def test_faults_are_told_in_all_kinds_of_calls() -> None:
    """A fault of a handler reaches its caller with reason and metadata, whether it was asked once or is streaming."""

    async def test(probe: Probe, channel: Any, orders: Any, synchronizations: Any, me: Any) -> None:
        reason, details = await refused(orders.GetOrder(order("missing"), metadata=me))
        assert reason == "RESOURCE_NOT_FOUND"
        assert details["ErrorInfo"].metadata["name"] == "companies/acme/orders/missing"
        call = synchronizations.WatchSynchronization(watched("fault"), metadata=me)
        assert (await call.read()) == synchronizations_pb2.WatchSynchronizationResponse()
        assert (await refused(call))[0] == "WATCHER_TOO_SLOW"

    with_stubs(test)


def test_bytes_that_are_no_message_are_malformed() -> None:
    """Whatever cannot be parsed is MALFORMED_REQUEST in all kinds of calls, and the parser's words stay inside."""

    async def test(probe: Probe, channel: Any, orders: Any, synchronizations: Any, me: Any) -> None:
        for junk in (b"\xff\xff\xff", b"\x0a\xff", b"\x0a\x02\xff\xfe", b"\x08"):
            one = channel.unary_unary("/groupage.v1.Orders/GetOrder")(junk, metadata=me)
            watching = channel.unary_stream("/groupage.v1.Synchronizations/WatchSynchronization")(junk, metadata=me)
            upload = channel.stream_stream("/groupage.v1.Orders/UploadOrders")(iter([junk]), metadata=me)
            total = channel.stream_unary("/probe.Probe/Total")(iter([junk]), metadata=me)
            for call in (one, watching, upload, total):
                assert (await refused(call))[0] == "MALFORMED_REQUEST"

    with_stubs(test)


def test_every_wrong_field_is_named() -> None:
    """A request that breaks rules is INVALID_FIELD with the path of each field, lists with their index."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        request = orders_pb2.CreateOrderRequest(request_id="no uuid", parent="companies/Acme")
        request.order.origins.append("companies/acme/sites/a")
        request.order.origins.append("elsewhere")
        reason, details = await refused(orders.CreateOrder(request, metadata=me))
        assert reason == "INVALID_FIELD"
        fields = {v.field: v.description for v in details["BadRequest"].field_violations}
        assert {"request_id", "parent", "order.pallets", "order.origins[1]", "order.window_open"} <= set(fields)
        assert all(fields.values())

    with_stubs(test)


def test_a_list_that_is_too_long_is_a_request_that_is_too_large() -> None:
    """More orders than a batch may have are REQUEST_TOO_LARGE, and the limit is told."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        request = orders_pb2.BatchCreateOrdersRequest(request_id=UUID, parent="companies/acme")
        for _ in range(1001):
            request.orders.add()
        reason, details = await refused(orders.BatchCreateOrders(request, metadata=me))
        assert reason == "REQUEST_TOO_LARGE"
        assert details["ErrorInfo"].metadata["limit"] == "orders: 1000"

    with_stubs(test)


def test_a_message_that_is_too_large_is_told_so() -> None:
    """A message beyond the limit is REQUEST_TOO_LARGE in a single call and in a stream."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        raw = b"\x0a" + b"x" * 5_000_000
        one = channel.unary_unary("/groupage.v1.Orders/CreateOrder")(raw, metadata=me)
        stream = channel.stream_stream("/groupage.v1.Orders/UploadOrders")(iter([raw]), metadata=me)
        for call in (one, stream):
            reason, details = await refused(call)
            assert reason == "REQUEST_TOO_LARGE"
            assert details["ErrorInfo"].metadata["limit"] == "4194304 bytes"

    with_stubs(test)


def test_lines_of_chunks_are_left_to_their_service() -> None:
    """A wrong line of a chunk reaches its service; what stands around the lines is checked, and their number."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        call = orders.UploadOrders(iter([chunk(orders=[orders_pb2.Order()])]), metadata=me)
        assert [r.request_id async for r in call] == [UUID]
        wrong = chunk(orders=[orders_pb2.Order()])
        wrong.request_id = "no uuid"
        for request, expected in (
            (wrong, ("INVALID_FIELD", ["request_id"])),
            (chunk(), ("INVALID_FIELD", ["orders"])),
            (chunk(orders=[orders_pb2.Order()] * 5001), ("REQUEST_TOO_LARGE", [])),
        ):
            reason, details = await refused(orders.UploadOrders(iter([request]), metadata=me))
            shown = details["BadRequest"].field_violations if "BadRequest" in details else []
            assert (reason, [violation.field for violation in shown]) == expected

    with_stubs(test)


def test_what_a_server_does_not_have_is_unimplemented() -> None:
    """A method that its service does not offer is UNIMPLEMENTED, and no incident."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        request = orders_pb2.ListOrdersRequest(parent="companies/acme")
        assert await refused(orders.ListOrders(request, metadata=me)) == ("UNIMPLEMENTED", {})
        other = channel.unary_unary("/groupage.v1.Orders/Nothing")(b"", metadata=me)
        assert (await refused(other))[0] == "UNIMPLEMENTED"

    with_stubs(test)


def test_a_suspended_company_reads_and_does_not_write() -> None:
    """Writes of a suspended company are COMPANY_SUSPENDED, also in streams; reads go on."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        probe.register.asleep.add("acme")
        assert (await orders.GetOrder(order("a"), metadata=me)).external_ref == "acme"
        assert (await refused(orders.CreateOrder(orders_pb2.CreateOrderRequest(), metadata=me)))[
            0
        ] == "COMPANY_SUSPENDED"
        assert (await refused(orders.UploadOrders(iter([chunk()]), metadata=me)))[0] == "COMPANY_SUSPENDED"

    with_stubs(test)


def test_who_asks_too_much_is_told_when_to_come_back() -> None:
    """Beyond its burst a company is RATE_LIMITED with the limit and a delay; another company is not."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        for _ in range(3):
            await orders.GetOrder(order("a"), metadata=me)
        reason, details = await refused(orders.GetOrder(order("a"), metadata=me))
        assert reason == "RATE_LIMITED"
        assert details["ErrorInfo"].metadata["limit"] == "0.001 messages per second"
        assert 0 < details["RetryInfo"].retry_delay.ToSeconds() <= 1000
        await orders.GetOrder(order("a"), metadata=bearer(probe.register.issue("other")))

    with_stubs(test, limits=Limits(calls=Rate(0.001, 3)))


def test_bytes_are_limited_too() -> None:
    """A company that sends more bytes than it may is RATE_LIMITED by them."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        await refused(orders.CreateOrder(orders_pb2.CreateOrderRequest(order_id="x" * 900), metadata=me))
        reason, details = await refused(
            orders.CreateOrder(orders_pb2.CreateOrderRequest(order_id="x" * 900), metadata=me)
        )
        assert reason == "RATE_LIMITED"
        assert details["ErrorInfo"].metadata["limit"] == "1 bytes per second"

    with_stubs(test, limits=Limits(request_bytes=Rate(1, 1000)))


def test_a_fast_stream_is_slowed_down_before_it_is_refused() -> None:
    """An upload beyond the rate is read more slowly and finishes; where it would take too long it is RATE_LIMITED."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> Any:
        call = orders.UploadOrders(iter([chunk(orders=[orders_pb2.Order()])] * 12), metadata=me)
        try:
            return len([r async for r in call])
        except aio.AioRpcError:
            again = orders.UploadOrders(iter([chunk(orders=[orders_pb2.Order()])]), metadata=me)
            return (await refused(again))[0]

    assert with_stubs(test, limits=Limits(calls=Rate(100, 2))) == 12
    assert with_stubs(test, limits=Limits(calls=Rate(0.01, 2))) == "RATE_LIMITED"


def test_open_streams_are_limited() -> None:
    """A company has only so many streams at a time; one that ends makes room."""

    async def test(probe: Probe, channel: Any, _: Any, synchronizations: Any, me: Any) -> None:
        open_ = [synchronizations.WatchSynchronization(watched("wait"), metadata=me) for _ in range(2)]
        for call in open_:
            await call.read()
        reason, details = await refused(synchronizations.WatchSynchronization(watched("wait"), metadata=me))
        assert reason == "RATE_LIMITED"
        assert details["ErrorInfo"].metadata["limit"] == "2 open streams"
        open_[0].cancel()
        while len(probe.guard.streams) == 2:
            await asyncio.sleep(0.01)
        await synchronizations.WatchSynchronization(watched("wait"), metadata=me).read()

    with_stubs(test, limits=Limits(most_streams=2))


def test_strangers_who_keep_trying_are_stopped_early() -> None:
    """After too many failed identities from an address even its good ones wait, without a look into the store."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        for _ in range(3):
            assert (await refused(orders.GetOrder(order("a"))))[0] == "UNAUTHENTICATED_CALLER"
        asked = probe.register.asked
        reason, details = await refused(orders.GetOrder(order("a"), metadata=me))
        assert reason == "RATE_LIMITED"
        assert details["RetryInfo"].retry_delay.ToMilliseconds() > 0
        assert probe.register.asked == asked

    with_stubs(test, limits=Limits(failures=Rate(0.001, 3)))


def test_the_callers_deadline_cancels_the_handler() -> None:
    """When a caller's time is over nothing goes on for it."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        reason, _ = await refused(orders.GetOrder(order("slow"), metadata=me, timeout=0.2))
        assert reason in {"DEADLINE_EXCEEDED", "CALL_TIMED_OUT"}
        while not probe.orders.cancelled:
            await asyncio.sleep(0.01)

    with_stubs(test)


def test_no_call_is_worked_on_for_ever() -> None:
    """A call without a deadline, or with a later one, is CALL_TIMED_OUT after the server's own."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> None:
        watcher = asyncio.create_task(probe.guard.watch(0.05))
        slow = [orders.GetOrder(order("slow"), metadata=me, timeout=timeout) for timeout in (None, 30, None)]
        assert [(await refused(call))[0] for call in slow] == ["CALL_TIMED_OUT"] * 3
        assert probe.orders.cancelled == 3
        assert (await orders.GetOrder(order("a"), metadata=me)).external_ref == "acme"
        watcher.cancel()

    with_stubs(test, limits=Limits(unary_timeout_s=0.2))


def test_draining_ends_streams_and_lets_answers_out() -> None:
    """A server that stops answers what it works on, ends streams with SERVER_DRAINING and refuses what is new."""

    async def test(probe: Probe, channel: Any, orders: Any, synchronizations: Any, me: Any) -> None:
        watching = synchronizations.WatchSynchronization(watched("wait"), metadata=me)
        uploading = orders.UploadOrders(metadata=me)
        slow = asyncio.ensure_future(orders.GetOrder(order("slow"), metadata=me))
        await watching.read()
        while not (
            len(probe.guard.streams) == 2
            and probe.metrics.registry.get_sample_value("groupage_open_calls", {"method": "Orders/GetOrder"})
        ):
            await asyncio.sleep(0.01)
        probe.guard.drain()
        for call in (watching, uploading):
            reason, details = await refused(call)
            assert reason == "SERVER_DRAINING"
            assert details["RetryInfo"].retry_delay.ToSeconds() == 1
        assert probe.synchronizations.closed == 1
        assert (await refused(orders.GetOrder(order("a"), metadata=me)))[0] == "SERVER_DRAINING"
        assert (await refused(synchronizations.WatchSynchronization(watched("wait"), metadata=me)))[
            0
        ] == "SERVER_DRAINING"
        probe.orders.release.set()
        assert (await slow).external_ref == "acme"
        assert len(probe.guard.streams) == 0

    with_stubs(test)


def test_a_reader_that_lags_is_drained_when_it_has_read() -> None:
    """A stream whose client does not read costs no more memory, and ends with SERVER_DRAINING once it reads on."""

    async def test(probe: Probe, channel: Any, _: Any, synchronizations: Any, me: Any) -> None:
        call = synchronizations.WatchSynchronization(watched("flood"), metadata=me)
        await call.read()
        before = -1
        while probe.synchronizations.produced != before:
            before = probe.synchronizations.produced
            await asyncio.sleep(0.3)
        assert before < 1000  # of 100 kB each: what the client has taken in, and what lies in buffers of the network
        probe.guard.drain()
        assert (await refused(call))[0] == "SERVER_DRAINING"
        assert probe.synchronizations.closed == 1

    with_stubs(test)


def test_a_watcher_that_takes_nothing_goes_on_anew() -> None:
    """Who reads nothing for longer than it may finds WATCHER_TOO_SLOW behind what waits for it; who reads is let be."""

    async def test(probe: Probe, channel: Any, _: Any, synchronizations: Any, me: Any) -> None:
        watcher = asyncio.create_task(probe.guard.watch(0.05))
        stalled, read = (synchronizations.WatchSynchronization(watched("flood"), metadata=me) for _ in range(2))
        await stalled.read()
        while not any(stream.fault for stream in probe.guard.streams):
            await read.read()
        assert [stream.fault.reason for stream in probe.guard.streams if stream.fault] == ["WATCHER_TOO_SLOW"]
        watcher.cancel()
        assert (await refused(stalled))[0] == "WATCHER_TOO_SLOW"
        assert len((await read.read()).events) == 1
        read.cancel()

    with_stubs(test, limits=Limits(stalled_s=1.0))


def test_reads_are_audited_and_writes_are_not() -> None:
    """Who read what, or tried to, goes to the sink with the names asked for; writes are the store's to log."""

    async def test(probe: Probe, channel: Any, orders: Any, synchronizations: Any, me: Any) -> None:
        await orders.GetOrder(order("a"), metadata=(*me, ("x-request-id", "trace-1")))
        await refused(orders.GetOrder(order("missing"), metadata=me))
        async for _ in synchronizations.WatchSynchronization(watched("three"), metadata=me):
            pass
        await refused(orders.CreateOrder(orders_pb2.CreateOrderRequest(parent="companies/acme"), metadata=me))
        seen = [(r.viewer.company, r.method, r.names, r.outcome) for r in probe.sink.reads]
        assert seen == [
            ("acme", "Orders/GetOrder", ("companies/acme/orders/a",), "OK"),
            ("acme", "Orders/GetOrder", ("companies/acme/orders/missing",), "RESOURCE_NOT_FOUND"),
            ("acme", "Synchronizations/WatchSynchronization", (SYNCHRONIZATION + "three",), "OK"),
        ]
        assert probe.sink.reads[0].request_id == "trace-1"
        assert probe.sink.reads[0].viewer.identity.startswith("token:")

    with_stubs(test)


def test_calls_are_counted_by_method_and_code() -> None:
    """Metrics tell methods, codes and reasons, and never a company."""

    async def test(probe: Probe, channel: Any, orders: Any, synchronizations: Any, me: Any) -> str:
        await orders.GetOrder(order("a"), metadata=me)
        await refused(orders.GetOrder(order("missing"), metadata=me))
        await refused(synchronizations.WatchSynchronization(watched("fault"), metadata=me))
        return generate_latest(probe.metrics.registry).decode()

    text = with_stubs(test)
    counted = 'groupage_calls_total{{code="{}",method="{}",reason="{}"}} 1.0'
    assert counted.format("OK", "Orders/GetOrder", "") in text
    assert counted.format("NOT_FOUND", "Orders/GetOrder", "RESOURCE_NOT_FOUND") in text
    assert counted.format("RESOURCE_EXHAUSTED", "Synchronizations/WatchSynchronization", "WATCHER_TOO_SLOW") in text
    assert 'groupage_open_calls{method="Orders/GetOrder"} 0.0' in text
    assert 'groupage_call_seconds_count{method="Orders/GetOrder"} 2.0' in text
    assert "acme" not in text


def test_log_lines_carry_the_request_id(logged: Any) -> None:
    """Every line of a call has its request id; one that is no id is replaced; a token is in none."""

    async def test(probe: Probe, channel: Any, orders: Any, _: Any, me: Any) -> str:
        await orders.GetOrder(order("a"), metadata=(*me, ("x-request-id", "trace-7")))
        await refused(orders.GetOrder(order("boom"), metadata=(*me, ("x-request-id", "no id; {}"))))
        return me[0][1].partition(" ")[2]

    token = with_stubs(test)
    calls = [line for line in logged() if line["event"] == "call ended"]
    assert [line["code"] for line in calls] == ["OK", "INTERNAL"]
    assert calls[0]["request_id"] == "trace-7"
    assert len(calls[1]["request_id"]) == 32
    assert token.rpartition("_")[0] not in str(logged())
