"""How the benchmark of the service reckons, and that what it sends is what an ERP could send."""

import asyncio

from benchmarks import service
from benchmarks import service_peers as peers
from groupage.v1 import orders_pb2
from server.checking import check
from server.services.orders import Orders
from server.store import Store
from server.viewer import Viewer, calls


def test_a_rate_is_over_the_time_from_the_first_to_the_last():
    """Clients that overlap do not count their time twice."""
    assert service.rate(100, [(10.0, 14.0), (11.0, 15.0)]) == 20.0


def test_both_stores_take_what_is_sent(tmp_path):
    """The same order passes the schema's rules, ours, and a session per call, which answer the same."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    assert set(peers.seed(url)) == set(peers.COMPANIES)
    store, answers = Store(url), []
    for number, servicer in enumerate((Orders(store), peers.SessionPerCall(store))):
        company = peers.COMPANIES[number]
        request = orders_pb2.CreateOrderRequest(
            parent=f"companies/{company}",
            order=peers.order(company, "1", 3),
            request_id="7f1e1b1e-5b0a-4d5e-9b8e-2d1f5f5f5f5f",
        )
        check(request)

        async def twice(servicer=servicer, company=company, request=request):
            calls(Viewer(company))
            return [await servicer.CreateOrder(request, None) for _ in range(2)]

        first, second = asyncio.run(twice())
        assert first == second
        answers.append(orders_pb2.Order.FromString(first) if isinstance(first, bytes) else first)
    store.close()
    ours, theirs = answers
    for field in ("name", "origins", "destination", "create_time", "update_time"):
        ours.ClearField(field)
        theirs.ClearField(field)
    assert ours == theirs
