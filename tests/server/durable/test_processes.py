"""Processes that negotiate: how they begin."""

from __future__ import annotations

import signal

import pytest

from server.durable.processes import Processes


@pytest.mark.parametrize("warm", [True, False])
def test_the_keyboard_ends_no_process_that_is_only_beginning(warm: bool) -> None:
    """Ctrl-C goes to all that the terminal has: a process holds it back before it has loaded anything.

    Whatever it is begun for: in good time, or because there is something to do.
    """
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    processes = Processes(1)
    try:
        if warm:
            processes.warm()
        assert signal.SIGINT in processes.run(signal.pthread_sigmask, signal.SIG_BLOCK, [])
    finally:
        processes.close()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
