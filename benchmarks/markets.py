"""Whether settlements keep their promises: ``python -m benchmarks.markets [--quick] [--json FILE]``.

10,000 random markets of up to 4 factories and 10 shipments, each through one protocol, one sharing rule and one bidding
strategy. Pairs of protocol and rule are dealt like shuffled decks of cards, so that each comes up as often as the
others, and at least 100 times; a combinatorial auction pays as asked, by VCG and core-selecting in turn. In every
settlement nobody is worse off, money balances to the cent (under VCG the operator may add what owners may not pay, and
it is shown), every shipment is carried once or named with a reason, and capacities, windows and eligibility hold: by
`agents.verify`, and again by the tests' own arithmetic. What fails is printed with its seed.

Keys: ``markets.count``, ``.pairs``, ``.failures``, ``.least_per_pair``, ``.cpu_s``, by protocol
``markets.cpu_ms.<protocol>`` (processor time of a market) and ``markets.pooled_percent.<protocol>`` (markets in which
something was pooled, of all markets), and by payment rule of auctions ``markets.applied_percent.<rule>`` (auctions that
paid by it, of those that paid anything) and ``markets.subsidised.<rule>`` (auctions in which the operator added
something).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np
from rich.console import Console
from rich.table import Table

from agents.policy import Choice
from agents.protocols.combinatorial_auction import PAYMENTS
from agents.registry import built_in, create
from agents.synchronize import synchronize
from benchmarks.common import options, report
from tests.agents.markets import policy, small_market
from tests.agents.protocols.promises import check_promises

MARKETS, QUICK_MARKETS = 10_000, 300
PER_PAIR = 100  # at least, in the full run
PAYING = "combinatorial_auction"  # the protocol with payment rules of its own
BATCH = 25  # markets that a process takes at a time


@dataclass(frozen=True, slots=True)
class Draw:
    """A market's seed and what it goes through; ``payments`` is how an auction pays, empty for other protocols."""

    seed: int
    protocol: str
    sharing: str
    bidding: str
    payments: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a market; ``failure`` is empty where every promise was kept.

    Attributes
    ----------
    as_asked
        Whether an auction paid as asked instead of by its rule.
    subsidy_cents
        What the operator added.
    """

    draw: Draw
    pooled: int
    cpu_s: float
    failure: str = ""
    as_asked: bool = False
    subsidy_cents: int = 0


def pairs() -> list[tuple[str, str]]:
    """Every built-in protocol with every built-in sharing rule."""
    return list(product(sorted(built_in("protocols")), sorted(built_in("sharing"))))


def dealt(markets: int, first_seed: int = 0) -> Iterator[Draw]:
    """Draw what each market goes through: all pairs once in a drawn order, again in another, and so on.

    Auctions pay by another rule each time that all pairs have been dealt.
    """
    deck, bids = pairs(), sorted(built_in("bidding"))
    for number in range(markets):
        cycle, place = divmod(number, len(deck))
        rng = np.random.default_rng((first_seed, cycle))
        protocol, sharing = deck[rng.permutation(len(deck))[place]]
        payments = PAYMENTS[cycle % len(PAYMENTS)] if protocol == PAYING else ""
        yield Draw(first_seed + number, protocol, sharing, bids[number % len(bids)], payments)


def negotiated(draw: Draw) -> Outcome:
    """Negotiate one market and judge its settlement."""
    started = time.process_time()
    pooled, failure, as_asked, subsidy = 0, "", False, 0
    try:
        small = small_market(draw.seed)
        parties = small.parties(create("bidding", Choice(name=draw.bidding)))
        params = {"payments": draw.payments} if draw.payments else {}
        protocol = Choice(name=draw.protocol, params=params)
        chosen = policy(draw.protocol, draw.sharing).model_copy(update={"protocol": protocol})
        settlement = synchronize(small.market, parties, chosen, draw.seed).settlement
        pooled, subsidy = len(settlement.pooled), settlement.evidence.subsidy_cents
        as_asked = any(
            note.startswith(f"paid as asked instead of by {draw.payments}:") for note in settlement.evidence.notes
        )
        check_promises(small, settlement, subsidised=draw.payments == "vcg")
    except (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        failure = f"{type(error).__name__} in {where.name} (line {where.lineno}): {str(error) or where.line}"
    return Outcome(draw, pooled, time.process_time() - started, failure, as_asked, subsidy)


def judged(draws: Sequence[Draw], processes: int) -> Iterator[Outcome]:
    """Negotiate all markets in processes of their own; outcomes come in the order of the draws."""
    # Spawn: forking a process that holds solver and Arrow threads can hang.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(negotiated, draws, chunksize=BATCH)


def measures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Figures of many markets."""
    counts = Counter((o.draw.protocol, o.draw.sharing) for o in outcomes)
    out = {
        "markets.count": len(outcomes),
        "markets.pairs": len(counts),
        "markets.failures": sum(bool(o.failure) for o in outcomes),
        "markets.least_per_pair": min(counts.values(), default=0),
        "markets.cpu_s": sum(o.cpu_s for o in outcomes),
    }
    for protocol in sorted({o.draw.protocol for o in outcomes}):
        own = [o for o in outcomes if o.draw.protocol == protocol]
        out[f"markets.cpu_ms.{protocol}"] = 1000 * sum(o.cpu_s for o in own) / len(own)
        out[f"markets.pooled_percent.{protocol}"] = 100 * sum(o.pooled > 0 for o in own) / len(own)
    for rule in sorted({o.draw.payments for o in outcomes} - {""}):
        paid = [o for o in outcomes if o.draw.payments == rule and o.pooled]
        out[f"markets.subsidised.{rule}"] = sum(o.subsidy_cents > 0 for o in paid)
        if paid:
            out[f"markets.applied_percent.{rule}"] = 100 * sum(not o.as_asked for o in paid) / len(paid)
    return out


def counts_table(outcomes: Sequence[Outcome]) -> Table:
    """Markets by protocol and sharing rule."""
    counts: Mapping[tuple[str, str], int] = Counter((o.draw.protocol, o.draw.sharing) for o in outcomes)
    protocols = sorted({protocol for protocol, _ in counts})
    table = Table(title="Markets by protocol and sharing rule", title_justify="left")
    table.add_column("")
    for protocol in protocols:
        table.add_column(protocol, justify="right")
    for sharing in sorted({sharing for _, sharing in counts}):
        table.add_row(sharing, *(str(counts[protocol, sharing]) for protocol in protocols))
    return table


def main() -> None:
    """Negotiate, judge and report; exit code 1 where a promise was broken."""
    given: argparse.Namespace = options(__doc__ or "")
    os.environ["OMP_NUM_THREADS"] = "1"  # before the processes start: one thread each
    markets = QUICK_MARKETS if given.quick else max(MARKETS, PER_PAIR * len(pairs()))
    outcomes = list(judged(list(dealt(markets)), os.cpu_count() or 1))
    console = Console()
    Console(width=200).print(counts_table(outcomes))  # a column for every protocol, however narrow the screen
    for o in outcomes:
        if o.failure:
            drawn = [o.draw.protocol, o.draw.payments, o.draw.sharing, o.draw.bidding]
            console.print(f"seed {o.draw.seed}, {', '.join(filter(None, drawn))}: {o.failure}", markup=False)
    report("Random markets", measures(outcomes), ("groupage", "pyvrp", "scipy"), given.json)
    sys.exit(1 if any(o.failure for o in outcomes) else 0)


if __name__ == "__main__":
    main()
