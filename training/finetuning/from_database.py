"""Fine-tuning from the database to a new version of the bundle, and back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import load
from recommenders.hashtags import key, usual_spellings
from recommenders.versions import Versions
from storage import Database, training_labels
from storage.training_labels import LabelledPhoto
from training.finetuning.run import (
    FineTuned,
    NothingToLearnError,
    TaughtPhotos,
    fine_tune,
    fitted_head,
)
from training.progress import Progress


@dataclass(frozen=True)
class Retrained:
    """The outcome of a fine-tuning from the database.

    Attributes:
        version: the folder of the new version.
        tuned: how it was made and whether it was promoted.
        photos: that people tagged and it learnt from.
        unseen: tagged photos that it could not learn from, for want of features.
    """

    version: Path
    tuned: FineTuned
    photos: int
    unseen: int


async def retrain(
    versions: Versions, database: Database, weights_dir: Path | None, progress: Progress
) -> Retrained:
    """Learns the labels that the version in use has not learnt, and promotes what is better.

    Labels learnt earlier are rehearsed with them. Hashtags that are blocked or not everybody's are
    left out. The version is written first, then put in use, then the labels are marked: whatever is
    interrupted, no label is lost and the version in use stays whole.

    Raises:
        NothingToLearnError, BundleError, StorageError, WeightsError: a sentence for people.
    """
    with versions.alone():
        folder = versions.current()
        bundle = load(folder)
        fitted_head(bundle)  # says so where the bundle has no such backend
        backbone = str(bundle.settings["w2v"]["backbone"])
        # What a version learnt that is no longer in use is not known to the base.
        anew = folder == versions.base
        async with database.reading() as session:
            new = await _labelled(session, backbone, unlearnt_only=not anew)
            if not new:
                raise NothingToLearnError(
                    f"{bundle.model} has learnt all that was taught and may be said in every chat."
                )
            photos = await _labelled(session, backbone)
            unseen = await training_labels.without_features(session, backbone)
        tuned = fine_tune(
            bundle,
            taught_photos(photos, bundle.hashtags),
            versions.next_name(),
            classifier=load_backbone(backbone, weights_dir).classifier,
            progress=progress,
        )
        version = versions.write(tuned.bundle)
        if tuned.promoted:
            versions.promote(version)
            labels = [label for photo in photos for label in photo.label_ids]
            async with database.session() as session:
                await training_labels.mark_learnt(session, labels, tuned.bundle.model)
        versions.tidy()
        return Retrained(version, tuned, len(photos), unseen)


def taught_photos(photos: list[LabelledPhoto], vocabulary: Sequence[str]) -> TaughtPhotos:
    """Labelled photos as arrays; a hashtag weighs as many people as gave it.

    Args:
        vocabulary: hashtags that are spelt as they are here, however people spelt them.
    """
    written = Counter[str]()
    for photo in photos:
        written.update(photo.hashtags)
    spellings = usual_spellings(written) | {key(tag): tag for tag in vocabulary}
    hashtags = []
    for photo in photos:
        weights: dict[str, float] = {}
        for tag, people in photo.hashtags.items():
            usual = spellings[key(tag)]
            weights[usual] = weights.get(usual, 0.0) + people
        hashtags.append(weights)
    return TaughtPhotos(
        [photo.photo_id for photo in photos],
        np.stack([photo.features for photo in photos]),
        hashtags,
    )


async def _labelled(
    session: AsyncSession, backbone: str, *, unlearnt_only: bool = False
) -> list[LabelledPhoto]:
    batches = training_labels.labelled(session, backbone, unlearnt_only=unlearnt_only)
    return [photo async for batch in batches for photo in batch]


async def roll_back(versions: Versions, database: Database) -> tuple[Path, int]:
    """Goes back to the version before; its labels are to be learnt again.

    Returns:
        The version that is in use now, and how many labels wait to be learnt again.

    Raises:
        BundleError, StorageError: a sentence for people.
    """
    with versions.alone():
        model, version = versions.roll_back()
        async with database.session() as session:
            return version, await training_labels.unmark_learnt(session, model)
