"""How many of people's labels have been learnt, by which versions, and when fine-tuning is due.

Used by ``tag4pic train status``, /stats and the fine-tuning beside the bot.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.settings import Settings
from recommenders.bundle import BundleError, read_manifest
from recommenders.versions import Version, Versions
from storage import Database, training_labels, version_news
from storage.training_labels import FEWEST_PHOTOS, Counts

State = Literal[
    "in_use",
    "fitted",  # the base
    "earlier",  # the version in use was made from it
    "forgets",  # not promoted, since it forgets
    "not_learnt",  # not promoted, since it has not learnt
    "rolled_back",
    "other_fit",  # made from an earlier fit of the base
    "damaged",  # its manifest cannot be read
    "unused",  # for another reason
]
"""The state of a version."""

NIGHT = 3
"""The hour, local time, of a nightly fine-tuning."""


@dataclass(frozen=True)
class LearningStatus:
    """How much of what people taught a bundle has learnt.

    Attributes:
        model: the version that answers.
        lacks: the bundle part that fine-tuning needs and this bundle lacks, or None.
        counts: of people's labels.
        versions: the base and the fine-tuned versions on the disk, oldest first, with their state.
        schedule: the setting FINETUNE_EVERY.
    """

    model: str
    lacks: Literal["w2v", "replay"] | None
    counts: Counts
    versions: tuple[tuple[Version, State], ...]
    schedule: int | Literal["nightly"] | None

    @property
    def too_few_photos(self) -> bool:
        """Whether a fine-tuning would have too few photos to learn from."""
        return self.counts.photos < FEWEST_PHOTOS

    @property
    def new(self) -> int:
        """The labels that the next fine-tuning is for."""
        return len(self.counts.next_ids)

    @property
    def due(self) -> bool:
        """Whether there are enough labels for a fine-tuning, or for the next nightly one."""
        enough = self.schedule if isinstance(self.schedule, int) else 1
        return self.schedule is not None and not self.too_few_photos and self.new >= enough


async def learning_status(
    settings: Settings, database: Database | None, answering: str | None = None
) -> LearningStatus:
    """The status of the bundle that the settings name.

    Args:
        database: None where there is none yet, so that nothing was taught.
        answering: the model in memory, if known; by default the one that the file names as in use.

    Raises:
        BundleError: where the bundle in use cannot be read.
        StorageError: where the database cannot.
    """
    versions = Versions.of(settings.model_dir)
    backbone, lacks = await asyncio.to_thread(_learns_with, versions)
    history = await asyncio.to_thread(versions.history)
    knowing = await asyncio.to_thread(versions.knowing)
    counts, rolled_back = Counts(0, 0, {}, (), 0), set[str]()
    if database is not None:
        async with database.reading() as session:
            counts = await training_labels.count(session, backbone, knowing)
            names = [version.model for version in history]
            rolled_back = await version_news.rolled_back(session, names)
    named = await asyncio.to_thread(versions.name, versions.current())
    model = answering or named
    states = await asyncio.to_thread(_states, versions, history, model, rolled_back)
    return LearningStatus(
        model, lacks, counts, tuple(zip(history, states, strict=True)), settings.finetune_every
    )


def next_night(now: datetime) -> datetime:
    """When fine-tuning is next due where it runs every night."""
    night = now.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def _learns_with(versions: Versions) -> tuple[str, Literal["w2v", "replay"] | None]:
    """The backbone of the version in use, and the bundle part that fine-tuning lacks."""
    folder = versions.current()
    manifest = read_manifest(folder)
    try:
        parts, settings = manifest["parts"], manifest["settings"]
        if "w2v" not in parts:
            return next(iter(manifest["backbones"]), ""), "w2v"
        return str(settings["w2v"]["backbone"]), None if "replay" in parts else "replay"
    except (LookupError, TypeError):
        raise BundleError(f"{folder} is damaged. Take it from a backup.") from None


def _states(
    versions: Versions, history: Collection[Version], model: str, rolled_back: Collection[str]
) -> list[State]:
    lineage = versions.lineage()

    def state(version: Version) -> State:
        if version.model == model:
            return "in_use"
        if version.folder == versions.base:
            return "fitted"
        if version.folder in lineage:
            return "earlier"
        if version.damaged:
            return "damaged"
        if not versions.of_this_fit(version.folder):
            return "other_fit"
        if version.outcome == "forgets":
            return "forgets"
        if version.outcome == "not_learnt":
            return "not_learnt"
        return "rolled_back" if version.model in rolled_back else "unused"

    return [state(version) for version in history]
