"""Bargains per second, and what comes out: ``python -m benchmarks.bargaining [--quick] [--json FILE]``.

Two parties with opposed but different tastes settle three issues of ten levels, 1,000 outcomes, within 100 rounds. The
same bargains are made in compiled code, by a plain Python loop with an object for every message, and by the library's
own messages, in which numpy picks the offers; outcomes must agree. Keys ``agreed_share.<first>.<second>``,
``gain_share...`` and ``nash_share...``: share of bargains that end in agreement, what the first side gains of the most
that it could, and the product of the two gains as a share of the largest.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from agents.bargaining import Bargain, Bargainer, Issues, Side, Utterance, bargain, converse
from agents.concession import CONCESSION
from benchmarks.common import options, report

ISSUES = Issues(("price", "day", "window"), (10, 10, 10))
ROUNDS = 100
Talk = tuple[Side, Side]


class PlainBargainer(Bargainer):
    """Looks through the outcomes in plain Python."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.worth = self.side.worth.tolist()
        self.outcomes = [tuple(row) for row in self.issues.points.tolist()]

    def choose(self, target: float, heard: Utterance | None) -> int:
        chosen, nearest, most = -1, 0, 0.0
        last = None if heard is None else self.outcomes[heard.outcome]
        for k, worth in enumerate(self.worth):
            if worth >= target:
                apart = 0 if last is None else sum(abs(a - b) for a, b in zip(self.outcomes[k], last, strict=True))
                if chosen < 0 or apart < nearest or (apart == nearest and worth > most):
                    chosen, nearest, most = k, apart, worth
        return chosen


def sides(seed: int, first: str, second: str) -> Talk:
    """One party likes low levels and the other high ones, and they weigh the issues differently; gains of 0 to 1."""
    rng = np.random.default_rng(seed)
    made = []
    for name, rising in ((first, False), (second, True)):
        weights = rng.dirichlet(np.ones(3))
        tables = [w * np.sort(np.append(rng.uniform(0, 1, 8), (0.0, 1.0))) for w in weights]
        worth = ISSUES.worth([t if rising else t[::-1] for t in tables])
        made.append(Side(worth, CONCESSION[name](), reserve=float(rng.uniform(0.1, 0.4)), discount=0.999))
    return made[0], made[1]


def in_messages(kind: type[Bargainer]) -> Callable[[Talk], Bargain]:
    def run(talk: Talk) -> Bargain:
        return converse(ISSUES, (kind(talk[0], ISSUES, ROUNDS, False), kind(talk[1], ISSUES, ROUNDS, True)))

    return run


def compiled(talk: Talk) -> Bargain:
    return bargain(ISSUES, *talk, ROUNDS)


def per_second(run: Callable[[Talk], Bargain], talks: list[Talk]) -> tuple[float, list[Bargain]]:
    # New sides for every run, so that nothing worked out before is at hand.
    fresh = [tuple(Side(s.worth, s.strategy, s.reserve, s.discount) for s in talk) for talk in talks]
    start = time.perf_counter()
    done = [run((first, second)) for first, second in fresh]
    return len(talks) / (time.perf_counter() - start), done


def speed(measures: dict[str, float], count: int) -> None:
    names = sorted(CONCESSION)
    talks = [sides(k, names[k % 4], names[k // 4 % 4]) for k in range(count)]
    compiled(talks[0])
    measures["bargains_per_s"], done = per_second(compiled, talks)
    measures["offers_a_bargain"] = float(np.mean([len(b.offers) for b in done]))
    for label, kind in (("plain_python", PlainBargainer), ("numpy_messages", Bargainer)):
        some = talks[: max(16, count // 10)]
        rate, same = per_second(in_messages(kind), some)
        assert all(a.outcome == b.outcome and (a.offers == b.offers).all() for a, b in zip(same, done, strict=False))
        measures[f"{label}_per_s"] = rate
        # The same bargains, timed again side by side.
        measures[f"times_faster_than_{label}"] = per_second(compiled, some)[0] / rate


def outcomes(measures: dict[str, float], count: int) -> None:
    for first in sorted(CONCESSION):
        for second in sorted(CONCESSION):
            agreed, gains, products = [], [], []
            for seed in range(count):
                one, other = sides(seed, first, second)
                found = compiled((one, other))
                # Most that either could have is with the other no worse off than without a deal.
                gain = (one.worth - one.reserve).clip(0), (other.worth - other.reserve).clip(0)
                agreed.append(found.outcome is not None)
                gains.append(one.gain(found) / gain[0][other.worth >= other.reserve].max())
                products.append(one.gain(found) * other.gain(found) / (gain[0] * gain[1]).max())
            measures[f"agreed_share.{first}.{second}"] = float(np.mean(agreed))
            measures[f"gain_share.{first}.{second}"] = float(np.mean(gains))
            measures[f"nash_share.{first}.{second}"] = float(np.mean(products))


def main() -> None:
    given = options(__doc__.splitlines()[0])
    measures: dict[str, float] = {}
    speed(measures, 160 if given.quick else 3_200)
    outcomes(measures, 20 if given.quick else 200)
    report("Alternating offers", measures, ("groupage", "numpy", "numba"), given.json)


if __name__ == "__main__":
    main()
