"""A bundle that was published reaches every replica, whole or not at all."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import fsspec
import pytest

from bot.bundle_shelf import CURRENT, FETCHED, KEEP, Shelf, ShelfError, answering
from bot.chat.application import build
from bot.model_updates import AtStart, kept_current
from bot.settings import Settings, SettingsError, read_settings
from recommenders.engine import Engine
from recommenders.versions import Versions
from storage import Database
from tests.bot.running import TOKEN
from tests.bundles import tiny_bundle
from tests.waiting import until


class Follower(NamedTuple):
    """A running bot: the shelf, the folder it began with, and the model that answers."""

    shelf: Shelf
    folder: Path
    model: Callable[[], str]


@pytest.fixture(params=["folder", "file", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "shelf").mkdir()
    folder = f"{tmp_path}/shelf"
    kinds = {"folder": folder, "file": f"file://{folder}", "memory": f"memory://{uuid4().hex}"}
    return kinds[request.param]


def bundle(tmp_path: Path, model: str, seed: int = 0) -> Path:
    return tiny_bundle(tmp_path / "made" / model, model=model, seed=seed)


def remove(address: str, name: str) -> None:
    files, root = fsspec.url_to_fs(address)
    files.rm(f"{root}/{name}")


def overwrite(address: str, name: str, data: bytes) -> None:
    files, root = fsspec.url_to_fs(address)
    files.pipe_file(f"{root}/{name}", data)


def test_what_is_published_is_fetched_as_it_is_and_the_newest_answers(
    address: str, tmp_path: Path
) -> None:
    into = tmp_path / "fetched"
    with pytest.raises(ShelfError, match="no bundle has been published"):
        answering(address, into)
    for model in ("one-1", "two-1"):
        made = bundle(tmp_path, model)
        Shelf(address).publish(made)
        folder, problem = answering(address, into)
        assert problem == ""
        assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
            file.name: file.read_bytes() for file in made.iterdir()
        }


def test_after_a_roll_back_the_older_one_answers_though_the_address_is_away(
    tmp_path: Path,
) -> None:
    (tmp_path / "shelf").mkdir()
    shelf, into = Shelf(address := str(tmp_path / "shelf")), tmp_path / "fetched"
    one, two = bundle(tmp_path, "one-1"), bundle(tmp_path, "two-1", seed=2)
    shelf.publish(one)
    good, _ = answering(address, into)
    os.utime(good, (1, 1))
    shelf.publish(two)
    bad, _ = answering(address, into)
    os.utime(bad, (2, 2))
    shelf.publish(one)
    assert answering(address, into) == (good, "")
    remove(address, CURRENT)
    assert answering(address, into)[0] == good


def test_what_is_half_uploaded_is_not_taken_and_the_last_one_goes_on(
    address: str, tmp_path: Path
) -> None:
    into = tmp_path / "fetched"
    Shelf(address).publish(bundle(tmp_path, "one-1"))
    first, _ = answering(address, into)
    second = Shelf(address).publish(bundle(tmp_path, "two-1", seed=1))
    overwrite(address, f"{second.folder}/als.safetensors", b"half")
    assert answering(address, into)[0] == first
    assert "als.safetensors is not what was published" in answering(address, into)[1]
    remove(address, f"{second.folder}/als.safetensors")
    assert "als.safetensors is missing" in answering(address, into)[1]
    for wrong in (b"{", b"[]", b'{"folder": "../x", "files": {"a": "b"}}', b"\xff"):
        overwrite(address, CURRENT, wrong)
        assert answering(address, into)[0] == first
        assert "publish again" in answering(address, into)[1]
    Shelf(address).publish(tmp_path / "made" / "two-1")
    assert answering(address, into)[0].name == second.folder


def test_stray_files_in_the_folder_of_a_bundle_are_not_published(tmp_path: Path) -> None:
    made = bundle(tmp_path, "one-1")
    own = {file.name for file in made.iterdir()}
    for stray in (".DS_Store", ".nfs0000", "notes (1).txt"):
        (made / stray).touch()
    shelf = Shelf(str(tmp_path / "shelf"))
    shelf.publish(made)
    assert {file.name for file in shelf.fetch(shelf.current(), tmp_path).iterdir()} == own


@pytest.mark.parametrize("model", ["", "-1", "..", "my model"])
def test_a_bundle_is_published_whatever_its_model_is_called(model: str, tmp_path: Path) -> None:
    made = bundle(tmp_path, "one-1")
    manifest = json.loads((made / "manifest.json").read_bytes())
    (made / "manifest.json").write_text(json.dumps(manifest | {"model": model}))
    shelf = Shelf(str(tmp_path / "shelf"))
    published = shelf.publish(made)
    assert shelf.current() == published
    assert shelf.fetch(published, tmp_path).name == published.folder


def test_two_processes_fetch_the_same_bundle_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = tmp_path / "fetched"
    shelf, other = Shelf(str(tmp_path / "shelf")), Shelf(str(tmp_path / "shelf"))
    published = shelf.publish(bundle(tmp_path, "one-1"))
    get = shelf._store.get

    def get_while_the_other_fetches(name: str, file: Path) -> None:
        get(name, file)
        other.fetch(published, into)

    monkeypatch.setattr(shelf._store, "get", get_while_the_other_fetches)
    folder = shelf.fetch(published, into)
    assert list(into.iterdir()) == [folder]
    assert {file.name for file in folder.iterdir()} == set(published.files)


def test_what_another_process_moved_there_in_the_meantime_is_taken(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path / "shelf"))
    published = shelf.publish(bundle(tmp_path, "one-1"))
    rename = Path.rename

    def rename_after_another(partial: Path, folder: Path) -> Path:
        shutil.copytree(partial, folder)
        return rename(partial, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", rename_after_another)
        folder = shelf.fetch(published, tmp_path / "fetched")
    assert {file.name for file in folder.iterdir()} == set(published.files)


def test_what_was_left_half_fetched_is_deleted_after_a_day(tmp_path: Path) -> None:
    into = tmp_path / "fetched"
    left, being_fetched = into / ".old-1.x.partial", into / ".new-1.x.partial"
    for folder in (left, being_fetched):
        folder.mkdir(parents=True)
    os.utime(left, (0, 0))
    shelf = Shelf(str(tmp_path / "shelf"))
    shelf.fetch(shelf.publish(bundle(tmp_path, "one-1")), into)
    assert not left.exists() and being_fetched.exists()


def test_only_what_was_fetched_is_deleted_or_taken_though_the_address_is_away(
    tmp_path: Path,
) -> None:
    address, into = str(tmp_path / "shelf"), tmp_path / "fetched"
    shutil.copytree(bundle(tmp_path, "mine-1"), into / "mine")
    for name in ("album", "album-0123456789ab"):
        (into / name).mkdir()
        (into / name / "holiday.jpg").write_bytes(b"precious")
    own = set(into.iterdir())
    for folder in own:
        os.utime(folder, (0, 0))
    fetched = []
    for number in range(KEEP + 1):
        Shelf(address).publish(bundle(tmp_path, f"new-{number}", seed=number))
        fetched.append(answering(address, into)[0])
        os.utime(fetched[-1], (1 + number, 1 + number))
    assert set(into.iterdir()) == own | set(fetched[1:])
    for folder in own:
        folder.touch()
    remove(address, CURRENT)
    assert answering(address, into)[0] == fetched[-1]
    for folder in fetched[1:]:
        shutil.rmtree(folder)
    with pytest.raises(ShelfError, match="no bundle has been published"):
        answering(address, into)


def test_no_folder_of_ones_own_is_replaced_by_what_is_published(tmp_path: Path) -> None:
    shelf, into = Shelf(str(tmp_path / "shelf")), tmp_path / "fetched"
    (into / "album").mkdir(parents=True)
    (into / "album" / "holiday.jpg").write_bytes(b"precious")
    published = shelf.publish(bundle(tmp_path, "one-1"))
    (tmp_path / "shelf" / published.folder).rename(tmp_path / "shelf" / "album")
    content = {"folder": "album", "files": published.files}
    overwrite(str(tmp_path / "shelf"), CURRENT, json.dumps(content).encode())
    with pytest.raises(ShelfError, match="publish again"):
        answering(str(tmp_path / "shelf"), into)
    assert (into / "album" / "holiday.jpg").read_bytes() == b"precious"


def test_one_bundle_is_named_and_its_versions_are_made_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BUNDLE", "s3://bucket/bundles")
    assert read_settings(None).bundle == "s3://bucket/bundles"
    for name, value in (("MODEL_DIR", "data/mine"), ("FINETUNE_EVERY", "50")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            with pytest.raises(SettingsError, match=f"{name}.*BUNDLE|BUNDLE.*{name}"):
                read_settings(None)


@pytest.fixture
async def follower(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Follower]:
    """A bot that follows what is published, beginning with one-1."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shelf").mkdir()
    shelf = Shelf(address := str(tmp_path / "shelf"))
    shelf.publish(bundle(tmp_path, "one-1"))
    folder, _ = answering(address)
    database = await Database.open(settings.database_url)
    with_bundle = settings.model_copy(update={"bundle": address, "model_dir": folder})
    application = build(
        with_bundle, Engine.load(folder), database, token=TOKEN, api_url="http://127.0.0.1:1"
    )
    services = application.bot_data["services"]
    versions = Versions.of(folder)
    async with kept_current(services, versions, AtStart.of(versions), check_every=0.05):
        yield Follower(shelf, folder, lambda: str(services.engine.model))
    await database.close()


def publish_broken(tmp_path: Path, shelf: Shelf, model: str) -> None:
    broken = bundle(tmp_path, model)
    (broken / "als.safetensors").write_bytes(b"")
    shelf.publish(broken)


async def test_a_running_bot_follows_what_is_published(
    follower: Follower, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    overwrite(follower.shelf.address, CURRENT, b"{")
    await until(lambda: "publish again" in caplog.text)
    assert follower.model() == "one-1"
    follower.shelf.publish(bundle(tmp_path, "two-1", seed=2))
    await until(lambda: follower.model() == "two-1")
    for number in range(KEEP):
        publish_broken(tmp_path, follower.shelf, f"broken-{number}")
        await until(lambda number=number: f"broken-{number}" in caplog.text)
    [in_use] = (tmp_path / FETCHED).glob("two-1-*")
    assert in_use.is_dir()


async def test_after_a_refused_bundle_the_one_in_use_is_what_a_start_without_the_address_finds(
    follower: Follower, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish_broken(tmp_path, follower.shelf, "broken-1")
    await until(lambda: "broken-1" in caplog.text)
    follower.shelf.publish(tmp_path / "made" / "one-1")
    remembered = follower.folder.stat().st_mtime
    await until(lambda: follower.folder.stat().st_mtime > remembered)
    remove(follower.shelf.address, CURRENT)
    assert answering(follower.shelf.address)[0] == follower.folder


async def test_an_address_is_opened_once_while_it_answers(
    follower: Follower, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opened: list[str] = []
    open_shelf = Shelf.__init__

    def opening(shelf: Shelf, address: str) -> None:
        opened.append(address)
        open_shelf(shelf, address)

    async def looks(times: int) -> None:
        for _ in range(times):
            remembered = follower.folder.stat().st_mtime
            await until(lambda last=remembered: follower.folder.stat().st_mtime > last)

    monkeypatch.setattr(Shelf, "__init__", opening)
    await looks(4)
    assert len(opened) <= 1
    current = (Path(follower.shelf.address) / CURRENT).read_bytes()
    remove(follower.shelf.address, CURRENT)
    await until(lambda: "no bundle has been published" in caplog.text)
    overwrite(follower.shelf.address, CURRENT, current)
    opened_anew = len(opened)
    await looks(4)
    assert 1 <= opened_anew <= len(opened) <= opened_anew + 1


def failing_loads(
    monkeypatch: pytest.MonkeyPatch, error: Exception, fails: Callable[[list[str]], bool]
) -> list[str]:
    """Loading a bundle fails where the models tried until then say so; returns these."""
    load: Callable[..., Engine] = Engine.load
    tried: list[str] = []

    def trying(folder: Path, *args: object, **options: object) -> Engine:
        tried.append(folder.name.rpartition("-")[0])
        if fails(tried):
            raise error
        return load(folder, *args, **options)

    monkeypatch.setattr(Engine, "load", trying)
    return tried


async def test_a_bundle_that_cannot_be_loaded_for_whatever_reason_is_tried_once(
    follower: Follower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RuntimeError("out of luck")
    tried = failing_loads(monkeypatch, error, lambda tried: tried[-1] == "two-1")
    follower.shelf.publish(bundle(tmp_path, "two-1", seed=2))
    await until(lambda: "two-1" in tried)
    for _ in range(3):
        remembered = follower.folder.stat().st_mtime
        await until(lambda last=remembered: follower.folder.stat().st_mtime > last)
    follower.shelf.publish(bundle(tmp_path, "three-1", seed=3))
    await until(lambda: follower.model() == "three-1")
    assert tried == ["two-1", "three-1"]


async def test_a_bundle_that_the_disk_could_not_give_for_a_moment_is_tried_again(
    follower: Follower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OSError("too many open files")
    failing_loads(monkeypatch, error, lambda tried: len(tried) == 1)
    follower.shelf.publish(bundle(tmp_path, "two-1", seed=2))
    await until(lambda: follower.model() == "two-1")


async def test_a_bundle_whose_folder_was_deleted_can_be_published_again(
    follower: Follower, tmp_path: Path
) -> None:
    shutil.rmtree(follower.folder)
    follower.shelf.publish(bundle(tmp_path, "two-1", seed=2))
    await until(lambda: follower.model() == "two-1")
    follower.shelf.publish(tmp_path / "made" / "one-1")
    await until(lambda: follower.model() == "one-1")
