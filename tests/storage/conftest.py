"""A real database in a file for each test, and photos to put into it."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recommenders.copies import Hashes
from storage import Database, known_photos


@pytest.fixture
def vector() -> Callable[..., NDArray[np.float32]]:
    """Features that are no other seed's: vector(seed, dims=32)."""

    def draw(seed: int, dims: int = 32) -> NDArray[np.float32]:
        return np.random.default_rng(seed).standard_normal(dims).astype(np.float32)

    return draw


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """What the test's database is; ``tests.storage.dialects`` marks what is of one alone."""
    if request.param == "postgresql":
        request.getfixturevalue("empty_postgres")  # which needs a loop of its own
    return str(request.param)


@pytest.fixture
async def url(
    request: pytest.FixtureRequest, dialect: str, folder_in_memory: Path, empty_database: Path
) -> AsyncIterator[str]:
    """The address of a database with all tables, and nothing in them."""
    if dialect == "sqlite":
        shutil.copy(empty_database, folder_in_memory / "bot.db")
        yield f"sqlite+aiosqlite:///{folder_in_memory}/bot.db"
    else:
        server = request.getfixturevalue("postgres")
        async with server.copy(request.getfixturevalue("empty_postgres")) as address:
            yield address


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await Database.open(url)
    yield opened
    await opened.close()


@pytest.fixture
def new_photo(
    database: Database, vector: Callable[..., NDArray[np.float32]]
) -> Callable[..., Awaitable[int]]:
    """Stores another photo each time it is called: other features, another hash."""
    stored = 0

    async def store(**features: NDArray[np.float32]) -> int:
        nonlocal stored
        stored += 1
        async with database.session() as session:
            return await known_photos.remember(
                session,
                hashes=Hashes(stored * 0x9E3779B97F4A7C15 % 2**64, stored),
                features=features or {"net": vector(stored)},
            )

    return store


@pytest.fixture
async def photo(new_photo: Callable[..., Awaitable[int]]) -> int:
    """One that is stored."""
    return await new_photo()
