"""Photos that wait for the network at the same time go through it in one batch.

There is no collecting time: a photo starts at once if a lane is free, and those that arrive while
all are busy form the next batch. So a photo alone never waits for others.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from PIL import Image

from recommenders.arrays import Floats
from recommenders.backbones.device import GPU_BATCH
from recommenders.engine import Engine

Features = Mapping[str, Floats]
"""One photo's features, (dims,) by backbone."""


@dataclass(frozen=True)
class _Waiting:
    engine: Engine
    backbones: tuple[str, ...]
    photo: Image.Image
    features: asyncio.Future[Features]


class Batches:
    """Computes features for an event loop.

    Args:
        threads: where they are computed.
        lanes: how many batches are computed at a time.
        most: photos in a batch on CPUs. On one core torch takes 41 ms a photo in batches of one or
            two, 47 of four and 57 of eight, which no longer fit its cache.
    """

    def __init__(self, threads: Executor, lanes: int, most: int = 2) -> None:
        self._threads = threads
        self._most = most
        self._free = lanes
        self._waiting: deque[_Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def features(
        self, engine: Engine, photo: Image.Image, backbones: Sequence[str]
    ) -> Features:
        """Features of one photo, which may be computed in a batch with others."""
        one = _Waiting(engine, tuple(backbones), photo, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._start()
        return await one.features

    def _start(self) -> None:
        while self._free and (batch := self._next()):
            self._free -= 1
            task = asyncio.create_task(self._compute(batch))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _next(self) -> list[_Waiting]:
        """The next batch, longest wait first, all for the same engine and backbones."""
        batch: list[_Waiting] = []
        while self._waiting:
            one = self._waiting[0]
            if len(batch) == (GPU_BATCH if one.engine.on_gpu else self._most):
                break
            if batch and (one.engine, one.backbones) != (batch[0].engine, batch[0].backbones):
                break
            self._waiting.popleft()
            if not one.features.done():  # else it was cancelled
                batch.append(one)
        return batch

    async def _compute(self, batch: Sequence[_Waiting]) -> None:
        engine, backbones = batch[0].engine, batch[0].backbones
        photos = [one.photo for one in batch]
        try:
            rows = await asyncio.get_running_loop().run_in_executor(
                self._threads, engine.features, photos, backbones
            )
        except Exception as error:
            for one in batch:
                if not one.features.done():
                    one.features.set_exception(error)
        else:
            for row, one in enumerate(batch):
                if not one.features.done():
                    one.features.set_result({name: all_[row] for name, all_ in rows.items()})
        finally:
            self._free += 1
            self._start()
