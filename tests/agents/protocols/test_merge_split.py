"""Merge and split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.protocols.merge_split import ALL_SPLITS, ALL_UNIONS, NEAR, Costs, Group, Wanted, merge_and_split

Tried = list[tuple[tuple[Group, ...], bool]]


def formed(
    players: str,
    costs: Mapping[Group, Costs] | Callable[[Group], Costs | None],
    agree: Callable[[tuple[Group, ...]], bool] = lambda groups: True,
    largest: int = 10,
    affinity: Callable[[Group, Group], float] | None = None,
) -> tuple[tuple[Group, ...], list[Group], Tried]:
    """Drive a search; returns the partition, the groups asked about in order, and the changes with their answers."""
    look = costs if callable(costs) else costs.get
    search = merge_and_split(players, largest, affinity)
    asked: list[Group] = []
    tried: Tried = []
    answer: Costs | bool | None = None
    while True:
        try:
            wanted: Wanted = search.send(answer)
        except StopIteration as end:
            return end.value, asked, tried
        if wanted.change:
            answer = agree(wanted.groups)
            tried.append((wanted.groups, answer))
        else:
            asked.append(wanted.groups[0])
            answer = look(wanted.groups[0])


def groups_of(players: str) -> Iterator[Group]:
    for size in range(1, len(players) + 1):
        yield from map(frozenset, combinations(players, size))


def partitions(members: list[str]) -> Iterator[list[Group]]:
    if not members:
        yield []
        return
    first, *rest = members
    for size in range(len(rest) + 1):
        for others in combinations(rest, size):
            left = [p for p in rest if p not in others]
            for more in partitions(left):
                yield [frozenset([first, *others]), *more]


def improves(before: list[Group], after: list[Group], costs: Mapping[Group, Costs]) -> bool:
    """Whether nobody loses and somebody gains."""
    if any(g not in costs for g in after):
        return False
    now = {p: c for g in before for p, c in costs[g].items()}
    then = {p: c for g in after for p, c in costs[g].items()}
    return all(then[p] <= now[p] for p in now) and then != now


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, dict[Group, Costs]]:
    """What the members of every group would pay; ties are common, and some groups cannot be."""
    players = "abcde"[: draw(st.integers(1, 5))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cohesion = draw(st.sampled_from([0.0, 5.0, 20.0]))
    costs: dict[Group, Costs] = {}
    for group in groups_of(players):
        if len(group) == 1 or rng.random() < 0.9:
            most = 100 - cohesion * (len(group) - 1)
            costs[group] = {p: int(rng.integers(most - 30, most + 1)) for p in sorted(group)}
    return players, costs


@given(table=tables())
@settings(max_examples=300, deadline=None)
def test_stable(table: tuple[str, dict[Group, Costs]]) -> None:
    """At the end no groups want to merge and none wants to split in two, by all collections and all splits."""
    players, costs = table
    found, _, _ = formed(players, costs)
    assert sorted(p for g in found for p in g) == sorted(players)
    for size in range(2, len(found) + 1):
        for groups in combinations(found, size):
            assert not improves(list(groups), [frozenset().union(*groups)], costs)
    for group in found:
        for parts in partitions(sorted(group)):
            if len(parts) == 2:
                assert not improves([group], parts, costs)


@given(table=tables())
@settings(max_examples=200, deadline=None)
def test_every_change_is_an_improvement(table: tuple[str, dict[Group, Costs]]) -> None:
    """Nobody is ever asked to a change by which somebody loses, or nobody gains; what all pay falls with each."""
    players, costs = table
    partition = [frozenset([p]) for p in players]
    _, asked, tried = formed(players, costs)
    assert len(set(asked)) == len(asked), "a group was asked about twice"
    for after, _ in tried:
        concerned = frozenset().union(*after)
        before = [g for g in partition if g & concerned]
        assert frozenset().union(*before) == concerned
        assert improves(before, list(after), costs)
        partition = [g for g in partition if not g & concerned] + list(after)


@given(table=tables(), seed=st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_nobody_is_forced(table: tuple[str, dict[Group, Costs]], seed: int) -> None:
    """What was declined does not come about and is not proposed again; one that declines all stays alone."""
    players, costs = table
    rng = np.random.default_rng(seed)
    found, _, tried = formed(players, costs, lambda groups: bool(rng.random() < 0.5))
    said_no = [groups for groups, yes in tried if not yes]
    assert len(set(said_no)) == len(said_no)
    assert not any(set(groups) <= set(found) for groups in said_no if len(groups) == 1)
    hermit = players[0]
    alone, _, _ = formed(players, costs, lambda groups: not any(hermit in g for g in groups))
    assert frozenset([hermit]) in alone


def test_largest_saving_first() -> None:
    """Of merges that all would agree to, the one that saves most comes first."""
    alone = {frozenset([p]): {p: 100} for p in "abc"}
    pairs = {frozenset("ab"): {"a": 90, "b": 90}, frozenset("bc"): {"b": 80, "c": 80}}
    found, _, tried = formed("abc", alone | pairs)
    assert tried[0][0] == (frozenset("bc"),)
    assert set(found) == {frozenset("a"), frozenset("bc")}


def test_splits() -> None:
    """A group that came about by a merge splits where others suit its members better."""
    costs = {frozenset([p]): {p: 100} for p in "abcd"}
    costs |= {frozenset("ab"): {"a": 60, "b": 60}, frozenset("cd"): {"c": 99, "d": 99}}
    costs |= {frozenset("abcd"): dict.fromkeys("abcd", 55)}
    costs |= {frozenset("ac"): {"a": 50, "c": 50}, frozenset("bd"): {"b": 50, "d": 50}}
    found, _, tried = formed("abcd", costs)
    assert set(found) == {frozenset("ac"), frozenset("bd")}
    assert any(len(groups) == 2 for groups, _ in tried)


def test_size_is_limited() -> None:
    """No group has more members than it may, however much that would save."""
    found, asked, _ = formed("abcdef", lambda g: {p: 100 - len(g) for p in g}, largest=4)
    assert max(map(len, found)) <= 4
    assert max(map(len, asked)) <= 4


def test_many_merge_with_near_ones() -> None:
    """Where there are many, groups merge with near ones only: far fewer groups are asked about than there are pairs."""
    players = "".join(chr(ord("a") + k) for k in range(20))
    place = {p: k for k, p in enumerate(players)}

    def affinity(a: Group, b: Group) -> float:
        return max(0.0, 6.0 - min(abs(place[x] - place[y]) for x in a for y in b))

    def costs(group: Group) -> Costs:
        spread = max(place[p] for p in group) - min(place[p] for p in group)
        return {p: 100 - 10 * len(group) + 4 * spread for p in group}

    found, asked, _ = formed(players, costs, affinity=affinity, largest=5)
    assert len(players) > ALL_UNIONS
    assert max(map(len, found)) > 1
    assert len(asked) < 20 + 20 * NEAR * NEAR
    assert all(affinity(frozenset([min(g)]), g - {min(g)}) > 0 for g in asked if len(g) > 1)


def test_anybody_may_leave() -> None:
    """Whoever it is without whom the others are better off, and that is no worse off alone, leaves a large group."""
    players = "abcdefgh"[: ALL_SPLITS + 1]
    for leaver in players:
        rest = frozenset(players) - {leaver}

        def costs(group: Group, rest: Group = rest, leaver: str = leaver) -> Costs | None:
            if leaver in group:  # others join it one by one, since they cannot be together without it
                return {p: 50 if p == leaver else 100 - 2 * len(group) for p in group}
            if group == rest:
                return dict.fromkeys(group, 10)
            return dict.fromkeys(group, 100) if len(group) == 1 else None

        found, _, tried = formed(players, costs)
        assert set(found) == {rest, frozenset([leaver])}
        assert (frozenset(players),) in [groups for groups, _ in tried]
