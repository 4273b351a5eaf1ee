"""When a write waits for others, and when it does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.store import gathering
from server.store.gathering import FEW, Gathering


def gathered(test: Any) -> Any:
    """Run a test with a gathering and what it hands over."""

    async def main() -> Any:
        handed: list[list[Any]] = []
        return await test(Gathering(asyncio.get_running_loop(), handed.append), handed)

    return asyncio.run(main())


def sizes(handed: list[list[Any]]) -> list[int]:
    return [len(jobs) for jobs in handed]


def test_a_lone_write_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """While few are under way each is handed over as soon as the loop has nothing else to do first."""
    monkeypatch.setattr(gathering, "WAIT_S", 1e9)

    async def test(it: Gathering, handed: list[list[Any]]) -> None:
        for i in range(FEW - 1):
            it.add(i)
            await asyncio.sleep(0)
        assert sizes(handed) == [1] * (FEW - 1)

    gathered(test)


def test_what_comes_at_once_goes_together() -> None:
    """A few in one turn of the loop are one transaction."""

    async def test(it: Gathering, handed: list[list[Any]]) -> None:
        for i in range(FEW - 1):
            it.add(i)
        await asyncio.sleep(0)
        assert [[job.write for job in jobs] for jobs in handed] == [list(range(FEW - 1))]

    gathered(test)


def test_while_many_are_under_way_half_as_many_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty that are answered come back: none goes until there are half of what lately was the most."""
    monkeypatch.setattr(gathering, "WAIT_S", 1e9)
    monkeypatch.setattr(gathering, "HALF_S", 1e9)

    async def test(it: Gathering, handed: list[list[Any]]) -> None:
        first = [it.add(i) for i in range(40)]
        it.go()
        jobs = [job for batch in handed for job in batch]
        handed.clear()
        for job in jobs:
            job.answer = b"done"
        it.answer(jobs)
        assert await asyncio.gather(*first) == [b"done"] * 40
        for i in range(19):
            it.add(i)
            await asyncio.sleep(0)
        assert sizes(handed) == []
        it.add(19)
        assert sizes(handed) == [20]

    gathered(test)


def test_nobody_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for others that do not come goes when its time is up."""
    monkeypatch.setattr(gathering, "WAIT_S", 0.01)

    async def test(it: Gathering, handed: list[list[Any]]) -> None:
        for i in range(40):
            it.add(i)
        it.go()
        handed.clear()
        it.add("late")
        assert sizes(handed) == []
        async with asyncio.timeout(30):
            while not handed:
                await asyncio.sleep(0.01)
        assert sizes(handed) == [1]

    gathered(test)


def test_what_was_under_way_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long after the last of many a lone write waits for nobody."""
    monkeypatch.setattr(gathering, "WAIT_S", 1e9)
    monkeypatch.setattr(gathering, "HALF_S", 1e-9)

    async def test(it: Gathering, handed: list[list[Any]]) -> None:
        for i in range(40):
            it.add(i)
        it.go()
        it.answer([job for jobs in handed for job in jobs])
        await asyncio.sleep(0.01)
        handed.clear()
        it.add("late")
        await asyncio.sleep(0)
        assert sizes(handed) == [1]

    gathered(test)


def test_an_error_is_raised_where_the_write_was_asked_for() -> None:
    """Each caller gets its own answer, or its own error; who went away gets none."""

    async def test(it: Gathering, handed: list[list[Any]]) -> None:
        good, bad, gone = it.add(1), it.add(2), it.add(3)
        gone.cancel()
        it.go()
        ((a, b, _),) = handed
        a.answer, b.answer = b"fine", ValueError("no")
        it.answer(handed[0])
        assert await good == b"fine"
        with pytest.raises(ValueError, match="no"):
            await bad

    gathered(test)
