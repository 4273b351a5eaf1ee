"""Merge and split: who forms a coalition with whom, as long as nobody loses by a change and somebody gains.

A partition of the players is changed by two rules: some of its groups merge, or one of them splits in two, where every
player that is concerned pays no more than before and one of them pays less (the Pareto order). Every change lowers the
sum of what the players pay, which is in whole cents, so that the changes come to an end; and since a change is looked
for among all that the documented limits allow, no such change is left at the end: the partition is stable.

The search is a generator: it wants to know what the members of a group would pay in it, and whether the players agree
to a change, and is sent the answers; whoever drives it plans, negotiates or looks up.

References
----------
K. R. Apt and A. Witzel, "A generic approach to coalition formation", International Game Theory Review 11(3), 2009,
347-367 (merge and split by a comparison relation; D_hp-stability). W. Saad, Z. Han, M. Debbah, A. Hjorungnes and
T. Basar, "Coalitional game theory for communication networks", IEEE Signal Processing Magazine 26(5), 2009, 77-97.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

Group = frozenset[str]
Costs = Mapping[str, int]

ALL_UNIONS = 6  # groups up to which any number of them may merge at once; of more only two
ALL_SPLITS = 6  # members up to which every split of a group is looked at; larger ones split off one or two members
NEAR = 4  # groups that one may merge with, where there are too many to try all


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the search wants to know.

    Attributes
    ----------
    groups
        One group, to be told what its members would pay in it (nothing where it cannot be); or, with ``change``, the
        groups that some players would come to be in, to be told whether all of them agree.
    """

    groups: tuple[Group, ...]
    change: bool = False


Search = Generator[Wanted, "Costs | bool | None", tuple[Group, ...]]


def merge_and_split(
    players: Iterable[str], largest: int, affinity: Callable[[Group, Group], float] | None = None
) -> Search:
    """Search for a stable partition, from everybody alone.

    Merges come first, the one with the largest saving before others; splits are looked for where nothing merges.

    Parameters
    ----------
    largest
        Members of a group at most.
    affinity
        How much two groups have to do with each other, 0 for nothing. Where there are more than ``ALL_UNIONS`` groups,
        each merges only with those ``NEAR`` with which it has most to do.

    Returns
    -------
    tuple
        The groups, by their first members.
    """
    partition = [frozenset([p]) for p in sorted(players)]
    known: dict[Group, Costs | None] = {}
    declined: set[tuple[Group, ...]] = set()
    changed = True
    while changed:
        changed = False
        for changes in (_merges(partition, largest, affinity), _splits(partition)):
            better = []
            for before, after in changes:
                for group in (*before, *after):
                    if group not in known:
                        answer = yield Wanted((group,))
                        known[group] = None if isinstance(answer, bool) else answer
                saving = _saving(before, after, known)
                if saving > 0 and after not in declined:
                    better.append((-saving, tuple(sorted(map(sorted, after))), before, after))
            for _, _, before, after in sorted(better):
                if (yield Wanted(after, change=True)) is True:
                    partition = sorted([g for g in partition if g not in before] + list(after), key=min)
                    changed = True
                    break
                declined.add(after)
            if changed:
                break
    return tuple(partition)


Change = tuple[tuple[Group, ...], tuple[Group, ...]]  # groups before and after


def _merges(partition: list[Group], largest: int, affinity: Callable[[Group, Group], float] | None) -> list[Change]:
    """Collections of groups that may become one, as positions' order has it."""
    few = len(partition) <= ALL_UNIONS
    near: dict[Group, set[Group]] = {}
    for group in partition:
        others = [g for g in partition if g != group]
        if affinity is not None and not few:
            by_affinity = {g: affinity(group, g) for g in others}
            others = sorted((g for g in others if by_affinity[g] > 0), key=lambda g: (-by_affinity[g], min(g)))[:NEAR]
        near[group] = set(others)
    found: list[Change] = []
    for size in range(2, len(partition) + 1 if few else 3):
        for groups in combinations(partition, size):
            pairs = combinations(groups, 2)
            linked = few or all(b in near[a] or a in near[b] for a, b in pairs)
            if linked and sum(map(len, groups)) <= largest:
                found.append((groups, (frozenset().union(*groups),)))
    return found


def _splits(partition: list[Group]) -> list[Change]:
    """Two parts that each group may fall into, the one with its first member last."""
    found: list[Change] = []
    for group in partition:
        first, *others = sorted(group)
        most = len(others) if len(group) <= ALL_SPLITS else 2
        for size in range(1, most + 1):
            for part in combinations(others, size):
                found.append(((group,), (group - frozenset(part), frozenset(part))))
        if len(group) > ALL_SPLITS:  # a large group's first member may leave too, alone or with one other
            for part in ((first,), *((first, other) for other in others)):
                found.append(((group,), (group - frozenset(part), frozenset(part))))
    return found


def _saving(before: tuple[Group, ...], after: tuple[Group, ...], known: Mapping[Group, Costs | None]) -> int:
    """What a change saves all of them together in cents; nothing where somebody would lose by it."""
    now: dict[str, int] = {}
    then: dict[str, int] = {}
    for costs, groups in ((now, before), (then, after)):
        for group in groups:
            found = known[group]
            if found is None:
                return 0
            costs |= found
    if any(then[p] > now[p] for p in now):
        return 0
    return sum(now.values()) - sum(then.values())
