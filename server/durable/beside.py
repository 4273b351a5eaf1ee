"""Worker processes that a server keeps beside itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

log = structlog.get_logger(__name__)

_AGAIN_S = (0.5, 2.0, 10.0, 30.0)
_SOUND_S = 60.0  # one that ran so long did not fail to start


async def keep_worker(arguments: Sequence[str], *, drain_s: float) -> None:
    """Run a worker process, and another when it ends, until this is cancelled: then it is told to stop.

    Parameters
    ----------
    arguments
        Of ``groupage worker``: where the settings are.
    drain_s
        How long it may take to stop.
    """
    failed = 0
    while True:
        began = asyncio.get_running_loop().time()
        # Python itself, and no shell: the worker must be the child, to see when this process is gone.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "groupage.cli", "worker", *arguments, "--parent", str(os.getpid())
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _stop(process, drain_s)
            raise
        failed = 0 if asyncio.get_running_loop().time() - began > _SOUND_S else failed + 1
        pause = _AGAIN_S[min(failed, len(_AGAIN_S) - 1)]
        log.warning("the worker ended, another begins", code=code, pause_s=pause)
        await asyncio.sleep(pause)


async def _stop(process: asyncio.subprocess.Process, drain_s: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(asyncio.shield(process.wait()), drain_s + 5.0)
        except TimeoutError:
            process.kill()
            await process.wait()
