"""``tag4pic train finetune`` and ``rollback`` on a real database and a real bundle."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from recommenders.engine import Engine
from recommenders.versions import Versions, in_use
from storage import Database, moderation, training_labels
from tests.bot.tagged_photos import tag_photos
from tests.concepts import BACKBONE, UNKNOWN, features_of, hashtags_of
from tests.started import started

Tag4pic = Callable[..., Any]


@pytest.fixture
def mine(concepts: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle of a bot, in a folder where versions can stand beside it."""
    path = folder / "models" / "mine"
    shutil.copytree(concepts, path)
    monkeypatch.setenv("MODEL_DIR", str(path))
    return path


def database_url() -> str:
    return os.environ["DATABASE_URL"]


async def teach(
    count: int, tags: Sequence[str], *, users: Sequence[int] = (1, 2), seed: int = 7
) -> None:
    """Photos of the unknown concept, the same for a seed, tagged by each of the users."""
    database = await Database.open(database_url())
    rows = features_of(UNKNOWN, count, seed)
    await tag_photos(database, rows, tags, users=users, seed=seed)
    await database.close()


async def waiting() -> dict[str, int]:
    """Labels that are not learnt, by why not."""
    database = await Database.open(database_url())
    versions = Versions.of(Path(os.environ["MODEL_DIR"]))
    async with database.reading() as session:
        counts = await training_labels.count(session, BACKBONE, versions.knowing())
    await database.close()
    return dict(counts.waiting)


def answers_about_the_unknown(model_dir: Path) -> list[list[str]]:
    engine = Engine.load(in_use(model_dir))
    answers = engine.recommend({BACKBONE: features_of(UNKNOWN, 20, seed=8)}, "w2v")
    return [[hashtag.tag for hashtag in answer] for answer in answers]


@pytest.mark.parametrize("name", ["status", "rollback"])
def test_looking_at_versions_in_an_empty_folder_writes_nothing(
    tag4pic: Tag4pic, folder: Path, name: str
) -> None:
    url = "sqlite+aiosqlite:///data/tag4pic.db"
    result = tag4pic("train", name, env={"MODEL_DIR": "", "DATABASE_URL": url})
    assert result.exit_code == (name == "rollback")
    assert "starter-" in result.output
    assert list(folder.iterdir()) == []


def test_what_people_taught_becomes_a_version_that_answers_and_rollback_goes_back(
    tag4pic: Tag4pic, mine: Path
) -> None:
    asyncio.run(teach(40, hashtags_of(UNKNOWN)))
    result = tag4pic("train", "finetune")
    assert result.exit_code == 0, result.output
    assert "mine-2 learnt from 40 photos; 2 new hashtags. It has learnt:" in result.stdout
    assert "It is in use now" in result.stdout
    assert in_use(mine) == mine.with_name("mine-2")
    assert sum(UNKNOWN in answer for answer in answers_about_the_unknown(mine)) >= 16
    assert asyncio.run(waiting()) == {}

    again = tag4pic("train", "finetune")
    assert (again.exit_code, again.stdout) == (0, "mine-2 has learnt everything that was taught.\n")

    back = tag4pic("train", "rollback")
    assert back.exit_code == 0, back.output
    assert "mine-1 (models/mine) is in use again instead of mine-2; 240 labels wait" in back.stdout
    assert in_use(mine) == mine
    assert not any(UNKNOWN in answer for answer in answers_about_the_unknown(mine))
    status = json.loads(tag4pic("train", "status", "--json").stdout)
    assert (status["model"], status["learnt"], status["waiting"]) == ("mine-1", 0, {"tried": 240})
    states = {version["model"]: version["state"] for version in status["versions"]}
    assert states == {"mine-1": "in_use", "mine-2": "rolled_back"}
    assert (
        "rolled back (tag4pic train finetune tries them now)" in tag4pic("train", "status").stdout
    )
    nothing = tag4pic("train", "rollback")
    assert nothing.exit_code == 1 and "there is no earlier version to go back to" in nothing.stderr

    # A version that was rolled back keeps its name: answers and labels are stored by it.
    assert "mine-3 learnt from 40 photos" in tag4pic("train", "finetune").stdout


def test_what_nobody_may_be_told_is_counted_and_not_called_learnt(
    tag4pic: Tag4pic, mine: Path
) -> None:
    asyncio.run(teach(22, hashtags_of(UNKNOWN)[:2], users=[1]))
    result = tag4pic("train", "finetune")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "mine-1 has nothing new to learn: what is left cannot be learnt yet.",
        "44 labels left out:",
        "  44 waiting for a second person",
    ]
    assert "44 waiting for a second person" in tag4pic("train", "status").stdout
    asyncio.run(teach(22, [UNKNOWN], users=[2]))
    status = tag4pic("train", "status").stdout
    assert "44 for the next fine-tuning\n  22 waiting for a second person" in status


def test_versions_follow_each_other_and_go_back_one_at_a_time(tag4pic: Tag4pic, mine: Path) -> None:
    asyncio.run(teach(20, hashtags_of(UNKNOWN)))
    tag4pic("train", "finetune")
    asyncio.run(teach(20, [UNKNOWN, "stripes"], seed=9))
    result = tag4pic("train", "finetune")
    assert "mine-3 learnt from 40 photos; 1 new hashtag" in result.stdout
    # Of the later photos, as mine-2 was trained on all others: it knows the first hashtag of two.
    assert "recall of held-out labels went from 0.500 to 1.000" in result.stdout
    assert "It is in use now" in result.stdout
    versions = Versions.of(mine)
    assert versions.current().name == "mine-3"
    tag4pic("train", "rollback")
    assert versions.current().name == "mine-2"
    tag4pic("train", "rollback")
    assert versions.current() == mine


def test_what_more_people_only_repeat_is_learnt_already(tag4pic: Tag4pic, mine: Path) -> None:
    asyncio.run(teach(20, hashtags_of(UNKNOWN)))
    tag4pic("train", "finetune")
    asyncio.run(teach(20, hashtags_of(UNKNOWN), users=[3]))
    assert asyncio.run(waiting()) == {"next": 60}
    result = tag4pic("train", "finetune")
    assert result.stdout == "mine-2 has learnt everything that was taught.\n"
    assert in_use(mine) == mine.with_name("mine-2") and asyncio.run(waiting()) == {}


def test_a_new_hashtag_of_one_user_is_not_learnt_before_an_admin_approves_it(
    tag4pic: Tag4pic, mine: Path
) -> None:
    asyncio.run(teach(20, ["animals", UNKNOWN], users=[1]))

    async def approve() -> None:
        database = await Database.open(database_url())
        async with database.session() as session:
            waiting = (await moderation.pending(session)).items
            shown = [one.label_id for one in waiting]
            decided = await moderation.decide(session, shown, "approved", by=77)
            assert {one.hashtag for one in decided} >= {UNKNOWN}
        await database.close()

    tag4pic("train", "finetune")
    for version in mine.parent.glob("mine*/hashtags.txt"):
        assert UNKNOWN not in version.read_text(encoding="utf-8").split()
    asyncio.run(approve())
    assert "1 new hashtag" in tag4pic("train", "finetune").stdout


def test_folders_of_ones_own_that_are_called_as_versions_are_stay(
    tag4pic: Tag4pic, mine: Path
) -> None:
    own = [mine.with_name(f"mine-{number}") for number in range(2, 10)]
    for folder in own[:4]:
        shutil.copytree(mine, folder)
    for folder in own[4:]:
        folder.mkdir()
        (folder / "holiday.jpg").write_bytes(b"precious")
    asyncio.run(teach(12, ["animals"]))
    result = tag4pic("train", "finetune")
    assert "kept in models/mine-10" in result.stdout
    for folder in own[:4]:
        assert (folder / "manifest.json").exists()
    for folder in own[4:]:
        assert (folder / "holiday.jpg").read_bytes() == b"precious"
    status = json.loads(tag4pic("train", "status", "--json").stdout)
    assert [version["model"] for version in status["versions"]] == ["mine-1", "mine-10"]


def test_with_little_or_nothing_taught_it_says_so_and_nothing_changes(
    tag4pic: Tag4pic, mine: Path
) -> None:
    result = tag4pic("train", "finetune")
    assert result.exit_code == 0 and "mine-1 has nothing to learn" in result.stdout
    asyncio.run(teach(3, hashtags_of(UNKNOWN)))
    result = tag4pic("train", "finetune")
    assert result.exit_code == 0 and "3 labelled photos are too few" in result.stdout
    assert in_use(mine) == mine and asyncio.run(waiting()) == {"next": 18}
    assert [path.name for path in mine.parent.iterdir() if path.is_dir()] == ["mine"]


def test_what_has_not_learnt_is_kept_aside_and_the_reason_told(
    tag4pic: Tag4pic, mine: Path
) -> None:
    asyncio.run(teach(12, ["animals"]))
    result = tag4pic("train", "finetune")
    assert result.exit_code == 0, result.output
    assert "It was not put in use, but kept in models/mine-2" in result.stdout
    assert "It has not learnt: recall of held-out labels went from" in result.stdout
    assert in_use(mine) == mine and (mine.parent / "mine-2" / "manifest.json").exists()
    assert asyncio.run(waiting()) == {"tried": 24}
    status = tag4pic("train", "status", env={"FINETUNE_EVERY": "9"}).stdout.splitlines()
    assert status[0] == "mine-1 is in use. It has learnt 0 of 24 labels."
    assert "when the new labels that can be learnt reach 9; so far 0." in status[2]
    (rejected,) = (line for line in status if "mine-2" in line)
    assert "100 % → 100 %" in rejected.replace("\xa0", " ")
    assert rejected.strip().endswith("rejected: it has not learnt")


def test_a_bundle_without_photos_to_rehearse_says_what_to_do(tag4pic: Tag4pic, mine: Path) -> None:
    asyncio.run(teach(10, hashtags_of(UNKNOWN)))
    manifest = json.loads((mine / "manifest.json").read_text())
    manifest["parts"].remove("replay")
    (mine / "manifest.json").write_text(json.dumps(manifest))
    result = tag4pic("train", "finetune")
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert "carries no photos to rehearse" in result.stderr


def test_a_version_that_cannot_be_put_in_use_leaves_the_old_one_and_the_labels(
    tag4pic: Tag4pic, mine: Path
) -> None:
    asyncio.run(teach(20, hashtags_of(UNKNOWN)))
    (mine.parent / ".mine.current.partial").mkdir()  # as a full disk: it cannot be written
    result = tag4pic("train", "finetune")
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert "mine-2 could not be put in use" in result.stderr
    assert in_use(mine) == mine and asyncio.run(waiting()) == {"next": 120}


def test_gently_it_takes_the_lowest_priority_and_one_processor(
    tag4pic: Tag4pic, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    asyncio.run(teach(2, hashtags_of(UNKNOWN)))
    nice, threads = Mock(), Mock()
    monkeypatch.setattr(os, "nice", nice)
    monkeypatch.setattr(torch, "set_num_threads", threads)
    assert tag4pic("train", "finetune", "--gently").exit_code == 0
    nice.assert_called_once_with(19)
    threads.assert_called_once_with(1)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock; to try for it could take it from that process."""
    return path.exists() and f":{path.stat().st_ino} " in Path("/proc/locks").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="tells locks by /proc")
def test_killed_half_way_the_old_version_answers_and_the_next_run_learns_all(
    tag4pic: Tag4pic, command: list[str], mine: Path
) -> None:
    asyncio.run(teach(20, hashtags_of(UNKNOWN)))
    before = answers_about_the_unknown(mine)
    lock = mine.parent / ".mine.lock"
    with started(
        [*command, "train", "finetune"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as process:
        until = time.monotonic() + 120
        while not is_locked(lock) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGSTOP)  # it cannot be done before the second asks
        second = tag4pic("train", "finetune")
        process.send_signal(signal.SIGKILL)
    assert "is already being fine-tuned" in second.stderr
    assert in_use(mine) == mine and answers_about_the_unknown(mine) == before
    assert asyncio.run(waiting()) == {"next": 120}
    assert "It is in use now" in tag4pic("train", "finetune").stdout


def test_versions_of_a_bundle_that_was_fitted_anew_are_left_aside(
    tag4pic: Tag4pic, mine: Path
) -> None:
    asyncio.run(teach(20, hashtags_of(UNKNOWN)))
    tag4pic("train", "finetune")
    assert in_use(mine) != mine
    manifest = json.loads((mine / "manifest.json").read_text())
    manifest["provenance"]["fitted_at"] = "2026-02-02T00:00:00+00:00"
    (mine / "manifest.json").write_text(json.dumps(manifest))
    assert in_use(mine) == mine
    assert "mine-3 learnt from 20 photos" in tag4pic("train", "finetune").stdout
