"""Processes that negotiate: how they begin."""

from __future__ import annotations

import signal

from server.durable.processes import Processes


def test_the_keyboard_ends_no_process_that_is_only_beginning(processes: Processes) -> None:
    """Ctrl-C goes to all that the terminal has: a process holds it back before it has loaded anything."""
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    processes.warm()
    held = processes._pool(0).submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result(200)
    assert signal.SIGINT in held
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
