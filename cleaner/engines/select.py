"""Which engine carries out a run, by its name; the ones beyond this machine are imported when they are asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum

from cleaner.engines import Engine, EngineError, WorkerPool
from cleaner.engines.local import LocalEngine


class EngineName(StrEnum):
    """Who hands out the shards."""

    LOCAL = "local"
    RAY = "ray"


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine, and where it is found."""

    name: EngineName = EngineName.LOCAL
    address: str = "auto"  # of a Ray cluster; see engines.ray.RayEngine


THIS_MACHINE = EngineChoice()
#: Ray starts itself anew when anything calls it after its end, such as the thread that waited for results when the run
#: was interrupted. Read when Ray is imported.
NO_SECOND_RAY = "RAY_ENABLE_AUTO_CONNECT", "0"


def make_engine(engine: EngineChoice, pool: WorkerPool) -> Engine:
    """The engine, not entered yet. Raises EngineError when a library is missing."""
    if engine.name is EngineName.LOCAL:
        return LocalEngine(pool)
    os.environ.setdefault(*NO_SECOND_RAY)
    try:
        from cleaner.engines.ray import RayEngine
    except ImportError as error:
        raise EngineError(
            f"--engine ray needs a library that is missing here ({error}); pip install 'cleancopy[ray]'"
        ) from error
    return RayEngine(pool, engine.address)
