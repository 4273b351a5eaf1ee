"""Two at once: one is stopped in the middle until the other has tried."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


def race(first: Callable[[Callable[[], None]], Any], second: Callable[[], Any]) -> None:
    """Have one begin, another try meanwhile, and both end.

    Parameters
    ----------
    first
        Is given what it calls in its middle: that returns once the other waits, or has read what is about to change.
    """
    began, go = threading.Event(), threading.Event()

    def pause() -> None:
        began.set()
        go.wait(10)

    threads = [threading.Thread(target=first, args=(pause,)), threading.Thread(target=second)]
    threads[0].start()
    assert began.wait(10)
    threads[1].start()
    threads[1].join(1)
    go.set()
    for thread in threads:
        thread.join(30)
