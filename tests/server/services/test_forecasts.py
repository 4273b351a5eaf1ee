import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from google.type import date_pb2
from sqlmodel import select

from agents.policy import Choice, Policy
from forecasting.model_archive import unpack_model
from groupage.v1 import companies_pb2, demand_pb2, forecasts_pb2, members_pb2, policies_pb2, pools_pb2, rulebooks_pb2
from server import forecast_models, lanes, pooled, pools, training
from server.services.forecasts import Forecasts
from server.services.network import Network
from server.services.operations import Operations
from server.services.orders import Orders
from server.services.pools import Pools
from server.store import Store, paging
from server.store.tables import BlobRow
from server.viewer import SYSTEM, Viewer
from server.wire.policies import policy_message
from tests.server.calling import OPERATOR, call, company, fresh_id, reason

Model = forecasts_pb2.ForecastModel
TODAY = datetime.now(UTC).date()
DAYS = 70
# A figure that no other company's answer may hold, in any form.
CANARY = 98765.4375


@pytest.fixture
def world(store):
    """Two companies with their services; what is trained is trained at once, in the test's own thread."""

    class World:
        base, network, orders, forecasts = store, Network(store), Orders(store), Forecasts(store)
        operations = Operations(store)

    for key in ("acme", "acme2"):
        company(World.network, key)
    yield World
    World.forecasts.close()


BEGIN, CHILD = training.begin, training.Child


@pytest.fixture(scope="module")
def trainer():
    """A process that trains, for all tests but those about the process."""
    child = training.Child()
    yield child
    child.close()


@pytest.fixture(autouse=True)
def shared_process(monkeypatch, trainer):
    """Training happens in another process as ever; it is not begun anew for each."""
    monkeypatch.setattr(training, "Child", lambda: SimpleNamespace(call=trainer.call, close=lambda: None))


@pytest.fixture
def own_process(monkeypatch, shared_process):
    """Each training has a process of its own, as it has in a server."""
    monkeypatch.setattr(training, "Child", CHILD)


@pytest.fixture(autouse=True)
def by_hand(monkeypatch):
    """Trainings do not begin by themselves; the names of those that would have."""
    begun = []
    monkeypatch.setattr(training, "begin", lambda store, operation, silent=None: begun.append(operation))
    return begun


def day_of(day):
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def demand(world, key="acme", days=DAYS, zone="37", product="steel", last=None, figure=None, **fields):
    """Report daily demand up to yesterday, with a weekly shape."""
    last = last or TODAY - timedelta(days=1)
    records = []
    for back in range(days):
        day = last - timedelta(days=back)
        pallets = figure if figure is not None else 5.0 + 2 * day.weekday() + (back * 7919 % 5)
        records.append(demand_pb2.DemandRecord(zone=zone, product=product, day=day_of(day), pallets=pallets, **fields))
    call(world.orders, key, "SubmitDemand", parent=f"companies/{key}", records=records)


def train(world, key="acme", name="seasonal_naive", run=True, **fields):
    strategy = policies_pb2.Strategy(name=name)
    for param, value in fields.pop("params", {}).items():
        strategy.params[param].integer = value
    operation = call(
        world.forecasts, key, "TrainForecastModel", parent=f"companies/{key}", forecaster=strategy, **fields
    )
    if run:
        training.run(world.base, operation.name)
    return operation


def ended(world, operation, key="acme"):
    return call(world.operations, key, "GetOperation", name=operation.name)


def trained(world, operation, key="acme"):
    """The model that an operation ended with."""
    done = ended(world, operation, key)
    assert done.done, done
    model = Model()
    assert done.response.Unpack(model), done.error
    return model


def lane(world, name="37-steel", key="acme", **fields):
    return call(world.forecasts, key, "GetLaneForecast", name=f"companies/{key}/laneForecasts/{name}", **fields)


def test_a_trained_model_forecasts_each_lane_with_its_accuracy(world, by_hand):
    """From the first day without known demand, quantiles in order, and how folds gone by fared."""
    demand(world)
    demand(world, zone="Köln West", product="")
    operation = train(world, "acme", "moving_average", forecast_model_id="m1")
    assert by_hand == [operation.name]
    model = trained(world, operation)
    assert (model.name, model.state, model.series) == ("companies/acme/forecastModels/m1", Model.READY, 2)
    assert (model.first_day, model.last_day) == (
        day_of(TODAY - timedelta(days=DAYS)),
        day_of(TODAY - timedelta(days=1)),
    )
    assert not model.pooled_learning
    assert call(world.forecasts, "acme", "GetForecastModel", name=model.name) == model
    told = lane(world)
    assert (told.zone, told.product, told.forecast_model) == ("37", "steel", model.name)
    assert len(told.days) == 14
    assert told.days[0].day == day_of(TODAY)
    for day in told.days:
        levels = [q.level for q in day.quantiles]
        pallets = [q.pallets for q in day.quantiles]
        assert levels == [0.1, 0.5, 0.9]
        assert pallets == sorted(pallets)
        assert 5 <= day.mean_pallets <= 21
    accuracy = told.accuracy
    assert accuracy.tested_days == 56
    assert 0 < accuracy.mean_absolute_error_pallets < 12
    assert accuracy.absolute_error_percent == pytest.approx(
        100 * accuracy.mean_absolute_error_pallets * 56 / demanded(56), rel=1e-9
    )
    assert 0 <= accuracy.coverage_80_percent <= 100
    assert accuracy.HasField("skill_percent")


def demanded(days):
    past = [(back, TODAY - timedelta(days=1 + back)) for back in range(days)]
    return sum(5.0 + 2 * day.weekday() + (back * 7919 % 5) for back, day in past)


def test_lanes_are_listed_in_pages_by_name_and_filter(world):
    """Each lane once, over as many pages as it takes; other levels and days as asked."""
    for zone in ("10", "20", "30"):
        demand(world, zone=zone, product="")
    train(world)
    parent = "companies/acme"
    first = call(world.forecasts, "acme", "ListLaneForecasts", parent=parent, page_size=2)
    rest = call(
        world.forecasts, "acme", "ListLaneForecasts", parent=parent, page_size=2, page_token=first.next_page_token
    )
    assert [f.zone for f in (*first.lane_forecasts, *rest.lane_forecasts)] == ["10", "20", "30"]
    assert not rest.next_page_token
    one = call(
        world.forecasts,
        "acme",
        "ListLaneForecasts",
        parent=parent,
        filter='zone="20"',
        horizon_days=3,
        levels=[0.75, 0.25],
    )
    (only,) = one.lane_forecasts
    assert [q.level for q in only.days[0].quantiles] == [0.25, 0.75]
    assert len(only.days) == 3


def test_pages_have_room_in_an_answer(world, monkeypatch):
    """Days with many levels are large: such lanes come in pages of fewer, as operations do, and all of them come."""
    for zone in ("10", "20", "30"):
        demand(world, zone=zone, product="")
    operations = sorted(train(world, name="moving_average").name for _ in range(2))
    monkeypatch.setattr(paging, "MOST_BYTES", 1)
    token, pages = "", []
    while token or not pages:
        answer = call(world.forecasts, "acme", "ListLaneForecasts", parent="companies/acme", page_token=token)
        pages.append([f.zone for f in answer.lane_forecasts])
        token = answer.next_page_token
    assert pages == [["10"], ["20"], ["30"]]
    first = call(world.operations, "acme", "ListOperations", name="operations")
    rest = call(world.operations, "acme", "ListOperations", name="operations", page_token=first.next_page_token)
    assert [[o.name for o in page.operations] for page in (first, rest)] == [[name] for name in operations]
    assert not rest.next_page_token


def test_too_little_history_an_unknown_forecaster_and_a_second_training_are_refused(world):
    """Each with its reason; validate_only says the same and leaves nothing."""
    demand(world, days=27)
    parent = "companies/acme"
    with pytest.raises(Exception, match="too little") as caught:
        train(world)
    assert caught.value.metadata == {"days": "27", "needed_days": "28"}
    demand(world)
    for wrong in (
        policies_pb2.Strategy(name="crystal_ball"),
        policies_pb2.Strategy(name="oracle"),
        policies_pb2.Strategy(name="moving_average", params={"periods": policies_pb2.Parameter(integer=0)}),
        policies_pb2.Strategy(name="lightgbm", params={"trees": policies_pb2.Parameter(integer=10**9)}),
    ):
        given = {"parent": parent, "forecaster": wrong}
        assert reason(world.forecasts, "acme", "TrainForecastModel", **given) == "POLICY_INVALID"
    train(world, validate_only=True, run=False)
    assert not call(world.forecasts, "acme", "ListForecastModels", parent=parent).forecast_models
    running = train(world, run=False)
    assert reason(world.forecasts, "acme", "TrainForecastModel", parent=parent) == "OPERATION_RUNNING"
    (model,) = call(world.forecasts, "acme", "ListForecastModels", parent=parent).forecast_models
    assert model.state == Model.TRAINING
    assert reason(world.forecasts, "acme", "DeleteForecastModel", name=model.name) == "OPERATION_RUNNING"
    demand(world, "acme2")
    train(world, "acme2")
    training.run(world.base, running.name)
    assert trained(world, running).state == Model.READY


def test_the_newest_model_counts_until_it_is_deleted(world):
    """Then the one before does, and without any there is no forecast; what a deleted one held is gone."""
    demand(world)
    assert reason(world.forecasts, "acme", "ListLaneForecasts", parent="companies/acme") == "MODEL_MISSING"
    old = trained(world, train(world))
    new = trained(world, train(world, name="moving_average"))
    assert lane(world).forecast_model == new.name
    call(world.forecasts, "acme", "DeleteForecastModel", name=new.name, etag=new.etag)
    assert lane(world).forecast_model == old.name
    call(world.forecasts, "acme", "DeleteForecastModel", name=old.name)
    assert reason(world.forecasts, "acme", "ListLaneForecasts", parent="companies/acme") == "MODEL_MISSING"
    assert world.base.look(SYSTEM, lambda session: session.exec(select(BlobRow)).all()) == []


def test_new_demand_is_in_the_next_forecast_without_training(world):
    """The forecast begins after what is known now; what was made for the old state is not told again."""
    demand(world, last=TODAY - timedelta(days=8))
    train(world, name="moving_average", params={"periods": 7})
    before = lane(world)
    again = lane(world)
    assert again == before
    assert before.days[0].day == day_of(TODAY - timedelta(days=7))
    demand(world, days=7, figure=400.0)
    after = lane(world)
    assert after.days[0].day == day_of(TODAY)
    assert after.days[0].mean_pallets > 5 * before.days[0].mean_pallets


def test_a_model_learns_up_to_its_last_day_only(world):
    """What came later is not in it, whatever it was: the same model as without."""
    last = TODAY - timedelta(days=10)
    demand(world, last=last)
    first = trained(world, train(world, name="moving_average"))
    demand(world, days=9, figure=CANARY)
    second = trained(world, train(world, name="moving_average", last_day=day_of(last)))
    assert (first.last_day, second.last_day) == (day_of(last), day_of(last))
    assert content(world, first) == content(world, second)


def content(world, model):
    return world.base.look(SYSTEM, lambda session: forecast_models.content_of(session, model.name))


def test_days_without_a_record_are_without_demand_and_promotions_are_known_ahead(world):
    """A record every fifth day is four of nothing; a promotion later on does not move the first day to forecast."""
    last = TODAY - timedelta(days=1)
    records = [
        demand_pb2.DemandRecord(zone="37", product="rare", day=day_of(last - timedelta(days=5 * step)), pallets=7.0)
        for step in range(40)
    ]
    ahead = TODAY + timedelta(days=5)
    records.append(demand_pb2.DemandRecord(zone="37", product="rare", day=day_of(ahead), promotion=True))
    call(world.orders, "acme", "SubmitDemand", parent="companies/acme", records=records)
    train(world, name="moving_average", params={"periods": 28})
    told = lane(world, "37-rare")
    assert told.days[0].day == day_of(TODAY)
    assert np.mean([day.mean_pallets for day in told.days]) == pytest.approx(7 / 5, abs=0.3)
    frame = lanes.frame_of(world.base.look(SYSTEM, lambda s: lanes.rows_of(s, "acme")), TODAY)
    assert frame.loc[frame["promotion"] > 0, "ds"].dt.date.tolist() == [ahead]


def test_what_is_told_of_days_to_come_is_no_demand(world):
    """A mistyped year moves neither the first day to forecast nor the last to learn from."""
    demand(world)
    wrong = demand_pb2.DemandRecord(zone="37", product="steel", day=date_pb2.Date(year=9999, month=1, day=1), pallets=1)
    old = demand_pb2.DemandRecord(zone="37", product="steel", day=date_pb2.Date(year=1, month=1, day=1), pallets=1)
    call(world.orders, "acme", "SubmitDemand", parent="companies/acme", records=[wrong, old])
    model = trained(world, train(world))
    assert (model.first_day, model.last_day) == (
        day_of(TODAY - timedelta(days=DAYS)),
        day_of(TODAY - timedelta(days=1)),
    )
    assert lane(world).days[0].day == day_of(TODAY)


def test_nobody_else_sees_anything_and_no_figure_of_one_is_in_an_answer_to_another(world):
    """Others, the operator too, are told that there is nothing; a canary moves no byte of another's model."""
    demand(world)
    plain = trained(world, train(world))
    before = content(world, plain), lane(world)
    demand(world, "acme2", zone="99", product="secret", figure=CANARY)
    operation = train(world, "acme2")
    theirs = trained(world, operation, "acme2")
    again = trained(world, train(world))
    assert content(world, again) == before[0]
    after = lane(world)
    assert (after.days, after.accuracy) == (before[1].days, before[1].accuracy)
    for viewer in (Viewer("acme"), OPERATOR):
        for method, name in (
            ("GetForecastModel", theirs.name),
            ("DeleteForecastModel", theirs.name),
            ("GetLaneForecast", "companies/acme2/laneForecasts/99-secret"),
        ):
            assert reason(world.forecasts, viewer, method, name=name) == "RESOURCE_NOT_FOUND"
        for method in ("ListForecastModels", "ListLaneForecasts", "TrainForecastModel"):
            assert reason(world.forecasts, viewer, method, parent="companies/acme2") == "RESOURCE_NOT_FOUND"
        assert reason(world.operations, viewer, "GetOperation", name=operation.name) == "RESOURCE_NOT_FOUND"
        listed = call(world.operations, viewer, "ListOperations", name="operations")
        assert operation.name not in [o.name for o in listed.operations]
    shown = call(world.forecasts, "acme", "ListLaneForecasts", parent="companies/acme")
    assert {f.zone for f in shown.lane_forecasts} == {"37"}
    assert lane(world, "99-secret", "acme2").days[0].mean_pallets == pytest.approx(CANARY)


def test_a_killed_training_process_is_begun_again_and_gives_the_same_model(world, own_process):
    """kill -9 while it learns: the operation ends with the model that it would have had anyhow."""
    demand(world)
    straight = trained(world, train(world, name="lightgbm", params={"trees": 5}))
    operation = train(world, name="lightgbm", params={"trees": 5}, run=False)
    pids = []

    def kill_first(child):
        pids.append(child.process.pid)
        if len(pids) == 1:
            os.kill(child.process.pid, signal.SIGKILL)

    training.run(world.base, operation.name, kill_first)
    assert len(set(pids)) == 2
    assert content(world, trained(world, operation)) == content(world, straight)


def test_a_training_begins_by_itself_and_once(world, own_process, monkeypatch):
    """In the background, whatever asks for it again meanwhile; the operation tells when it is done."""
    demand(world)
    started = []
    child = training.Child
    monkeypatch.setattr(training, "Child", lambda: started.append(1) or child())
    operation = train(world, run=False)
    for _ in range(3):
        BEGIN(world.base, operation.name)
    for _ in range(3):
        done = call(world.operations, "acme", "WaitOperation", name=operation.name)
    assert done.done
    assert trained(world, operation).state == Model.READY
    assert len(started) == 1
    while training._waiting:
        time.sleep(0.05)


def test_a_process_ends_with_the_server_that_started_it():
    """A server that is killed leaves nobody behind that computes for it."""
    program = (
        "import time\nfrom server.children import Child\n"
        "if __name__ == '__main__':\n    print(Child().process.pid, flush=True)\n    time.sleep(600)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with server:
        pid = int(server.stdout.readline())
        os.kill(pid, 0)
        server.kill()
    for _ in range(400):
        if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it goes on")


def test_a_training_whose_process_always_dies_fails_in_the_end(world, own_process):
    """With an incident id and no text of an exception; the next training may begin."""
    demand(world)
    operation = train(world, run=False)
    training.run(world.base, operation.name, lambda child: child.process.kill())
    done = ended(world, operation)
    assert done.error.code == 13
    (model,) = call(world.forecasts, "acme", "ListForecastModels", parent="companies/acme").forecast_models
    assert model.state == Model.FAILED
    assert trained(world, train(world)).state == Model.READY


@pytest.mark.parametrize("ahead_s", [-3600, 0, 3600])
def test_a_training_that_a_crash_left_is_resumed_by_whoever_finds_it_and_by_nobody_before(world, monkeypatch, ahead_s):
    """While its server is heard of nobody takes it, however the clocks of the two differ; afterwards one does.

    What the first still brings is refused then.
    """
    demand(world)
    operation = train(world, run=False)
    first = world.base.transact(lambda tx: training._claim(tx, operation.name))
    training.run(world.base, operation.name)
    assert not ended(world, operation).done
    watch, begun = [1_000.0], []
    monkeypatch.setattr(training, "monotonic", lambda: watch[0])
    monkeypatch.setattr(training, "begin", lambda store, operation, silent: begun.append((operation, silent)))
    others = datetime.now(UTC) + timedelta(seconds=ahead_s)

    def look(after_s):
        watch[0] += after_s
        with monkeypatch.context() as there:
            there.setattr(Store, "now", staticmethod(lambda: others))
            return training.resume(world.base)

    def claim(sign):
        return world.base.transact(lambda tx: training._claim(tx, operation.name, sign))

    assert look(0) == 0
    for _ in range(3):
        world.base.transact(lambda tx: training._beat(tx, operation.name, first, 0.5))
        assert look(0.9 * training.LEFT_AFTER_S) == 0
    assert look(0.9 * training.LEFT_AFTER_S) == 0
    assert look(0.2 * training.LEFT_AFTER_S) == 1
    world.base.transact(lambda tx: training._beat(tx, operation.name, first, 0.6))
    assert claim(begun[-1][1]) is None  # heard of after all
    assert look(0) == 0
    assert look(1.1 * training.LEFT_AFTER_S) == 1
    assert [name for name, _ in begun] == [operation.name] * 2
    second = claim(begun[-1][1])
    assert second is not None
    stale = training.learning.Learned(b"stale", 9, False)
    world.base.transact(lambda tx: training._finish(tx, operation.name, first, stale))
    assert not ended(world, operation).done
    world.base.transact(lambda tx: training._let_go(tx, operation.name, second))
    training.run(world.base, operation.name)
    model = trained(world, operation)
    world.base.transact(lambda tx: training._finish(tx, operation.name, second, stale))
    assert content(world, model) != b"stale"
    assert look(2 * training.LEFT_AFTER_S) == 0


def test_the_same_request_again_trains_once(world, by_hand):
    """It is answered with the same operation, and there is one model."""
    demand(world)
    given = {"parent": "companies/acme", "request_id": fresh_id()}
    one, two = (call(world.forecasts, "acme", "TrainForecastModel", **given) for _ in range(2))
    assert one == two
    assert len(call(world.forecasts, "acme", "ListForecastModels", parent="companies/acme").forecast_models) == 1


def test_models_learn_from_fellows_only_by_rulebook_and_consent(world, monkeypatch):
    """Not from a company outside the pool, nor where the rulebook says nothing of it; and keep none of their days."""
    pool = SimpleNamespace(pools=Pools(world.base), base=world.base)
    company(world.network, "swift")
    call(pool.pools, OPERATOR, "CreatePool", pool_id="rhine", pool=pools_pb2.Pool(display_name="Rhine"))
    for key in ("acme", "acme2", "swift"):
        invite(pool, key)
    demand(world)
    demand(world, "acme2", zone="99", product="secret", figure=CANARY, last=TODAY - timedelta(days=5))
    demand(world, "swift", zone="98", product="hidden")

    def fellows(key):
        return world.base.look(SYSTEM, lambda session: pooled.fellows(session, key))

    def learn():
        operation = train(world, name="lightgbm", params={"trees": 5})
        return trained(world, operation)

    alone = learn()
    in_force(pool, monkeypatch, companies=("acme", "acme2"))
    assert [fellows(key) for key in ("acme", "acme2", "swift")] == [[], [], []]
    assert content(world, learn()) == content(world, alone)
    later(pool, monkeypatch, hours=3)
    book = in_force(
        pool, monkeypatch, seconds=4 * 3600, visibility=rulebooks_pb2.Visibility(pooled_learning=True), wait=5
    )
    assert book.version == 2
    assert [fellows(key) for key in ("acme", "acme2", "swift")] == [["acme2"], ["acme"], []]
    together = learn()
    assert (together.pooled_learning, together.series, alone.pooled_learning) == (True, 1, False)
    kept = content(world, together)
    assert kept != content(world, alone)
    state, training_facts = unpack_model(kept)
    assert state.spec["history"]["series"] == ["37-steel"]
    assert set(training_facts["accuracy"]) == {"37-steel"}
    for array in state.arrays.values():
        assert not np.isclose(array, CANARY).any()
    assert {f.zone for f in lanes_of(world)} == {"37"}
    assert trained(world, train(world)).pooled_learning is False  # repeats each series by itself, with nothing to learn


def lanes_of(world):
    return call(world.forecasts, "acme", "ListLaneForecasts", parent="companies/acme").lane_forecasts


def invite(world, key):
    member = members_pb2.Member(company=f"companies/{key}", roles=[companies_pb2.ROLE_SHIPPER])
    call(world.pools, OPERATOR, "InviteMember", parent="pools/rhine", member=member)


def later(world, monkeypatch, **time):
    """Let time pass, for the store."""
    at = datetime.now(UTC) + timedelta(**time)
    monkeypatch.setattr(Store, "now", staticmethod(lambda: at))
    world.base.transact(pools.advance_all)


def in_force(world, monkeypatch, companies=("acme", "acme2"), seconds=3600, wait=2, **fields):
    """Propose a rulebook, let some consent, and let its time come."""
    book = rulebooks_pb2.Rulebook(
        policy=policy_message(Policy(name="rhine", protocol=Choice(name="contract_net"))), exit_notice_days=9, **fields
    )
    book.liability.terms_uri, book.liability.terms_sha256 = "https://example.org/terms", "0" * 64
    book.effective_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=seconds))
    made = call(world.pools, OPERATOR, "CreateRulebook", parent="pools/rhine", rulebook=book)
    for key in companies:
        call(world.pools, key, "AcceptRulebook", name=made.name, digest=made.digest)
    later(world, monkeypatch, hours=wait)
    return made


def test_lane_ids_are_names_and_differ_where_series_do():
    """Whatever zones and products are called."""
    pairs = [("37", "steel"), ("37", ""), ("37-steel", ""), ("37 steel", ""), ("Köln", ""), ("KÖLN", ""), ("東京", "")]
    pairs += [("a" * 40, "b" * 100), ("a" * 40, "b" * 99), ("37", "Steel"), ("", "37")]
    ids = [lanes.lane_id(*pair) for pair in pairs]
    assert len(set(ids)) == len(pairs)
    for key in ids:
        assert key == lanes.lane_id(*pairs[ids.index(key)])
        assert lanes.re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", key), key


def test_the_engine_gets_paths_of_the_model_that_counts(world):
    """As many as asked, of every lane; nothing where there is no model."""
    demand(world)

    def look(paths):
        return world.base.look(
            SYSTEM, lambda session: forecast_models.forecast_of(session, "acme", TODAY, 5, paths=paths)
        )

    assert look(50) is None
    train(world)
    found = look(50)
    assert (found.series, found.first_day, found.paths.shape) == (("37-steel",), TODAY, (1, 5, 50))
    assert np.all(found.paths >= 0)
