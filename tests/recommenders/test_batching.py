"""Photos that wait together are computed together; one alone waits for nobody."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from recommenders.backbones.device import GPU_BATCH
from recommenders.batching import Batches
from tests.colours import BACKBONE, ColourNetwork, colour_engine, picture


class Gate(ColourNetwork):
    """A network that waits for ``opened``, and tells how large its batches were."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.opened = threading.Event(), threading.Event()
        self.sizes: list[int] = []
        self.before_photo = self.wait

    def wait(self) -> None:
        self.sizes.append(self.photos)
        self.entered.set()
        assert self.opened.wait(30)


async def test_what_comes_while_the_network_is_busy_goes_through_it_together() -> None:
    network = Gate()
    engine = colour_engine(network=network)
    pictures = [picture("red", seed) for seed in range(6)]
    with ThreadPoolExecutor(1) as threads:
        batches = Batches(threads, lanes=1, most=3)
        first = asyncio.create_task(batches.features(engine, pictures[0], [BACKBONE]))
        assert await asyncio.to_thread(network.entered.wait, 30)  # alone, at once
        others = [
            asyncio.create_task(batches.features(engine, one, [BACKBONE])) for one in pictures[1:]
        ]
        await asyncio.sleep(0)
        network.opened.set()
        features = [(await task)[BACKBONE] for task in (first, *others)]
    assert network.sizes == [0, 1, 4]
    alone = [engine.features([one], [BACKBONE])[BACKBONE][0] for one in pictures]
    np.testing.assert_allclose(features, alone, atol=1e-5)


async def test_a_gpu_takes_larger_batches() -> None:
    network = Gate()
    network.on_gpu = True
    engine = colour_engine(network=network)
    with ThreadPoolExecutor(1) as threads:
        batches = Batches(threads, lanes=1)
        computed = [
            asyncio.create_task(batches.features(engine, picture("red", seed), [BACKBONE]))
            for seed in range(GPU_BATCH + 2)
        ]
        assert await asyncio.to_thread(network.entered.wait, 30)
        network.opened.set()
        await asyncio.gather(*computed)
    assert network.sizes == [0, 1, 1 + GPU_BATCH]


async def test_a_failure_reaches_who_waits_and_the_next_photo_is_computed() -> None:
    network = ColourNetwork()
    engine = colour_engine(network=network)
    failures = [RuntimeError("out of memory")]

    def fail_once() -> None:
        if failures:
            raise failures.pop()

    network.before_photo = fail_once
    with ThreadPoolExecutor(1) as threads:
        batches = Batches(threads, lanes=1)
        with pytest.raises(RuntimeError, match="out of memory"):
            await batches.features(engine, picture("red", 1), [BACKBONE])
        assert BACKBONE in await batches.features(engine, picture("red", 1), [BACKBONE])
