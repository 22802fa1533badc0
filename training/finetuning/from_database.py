"""Fine-tunes a new version of the bundle on the database's labels."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import load
from recommenders.hashtags import key, usual_spellings
from recommenders.versions import Versions
from storage import Database, training_labels, version_news
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
        photos: how many labelled photos it learnt from.
    """

    version: Path
    tuned: FineTuned
    photos: int


async def retrain(
    versions: Versions, database: Database, weights_dir: Path | None, progress: Progress
) -> Retrained:
    """Fine-tunes on the labels that the version in use has not learnt; promotes a better version.

    Labels learnt earlier are used again, but nothing is measured by them. Those that only repeat a
    photo's learnt hashtags are learnt already. Hashtags that are blocked or not everybody's are
    left out. The version is written, then promoted, then the labels are marked and the news stored:
    wherever this is interrupted, no label is lost and the version in use stays whole.

    Raises:
        NothingToLearnError, BundleError, StorageError, WeightsError: a sentence for people.
    """
    with versions.alone():
        bundle = load(versions.current())
        fitted_head(bundle)  # raises if the bundle has no such backend
        backbone = str(bundle.settings["w2v"]["backbone"])
        knowing = versions.knowing()
        async with database.reading() as session:
            new = await _labelled(session, backbone, not_learnt_in=knowing)
            anything = any(photo.unlearnt for photo in new)
            photos = await _labelled(session, backbone) if anything else []
        if not anything:
            repeated = [label for photo in new for label in photo.label_ids]
            async with database.session() as session:
                await training_labels.mark_learnt(session, repeated, bundle.model, knowing)
                counts = await training_labels.count(session, backbone, knowing)
            raise NothingToLearnError(_nothing_new(bundle.model, counts))
        tuned = fine_tune(
            bundle,
            taught_photos(photos, bundle.hashtags, {one.photo_id: one.unlearnt for one in new}),
            versions.next_name(),
            classifier=load_backbone(backbone, weights_dir).classifier,
            progress=progress,
        )
        version = versions.write(tuned.bundle)
        promoted, model = tuned.decision.promoted, tuned.bundle.model
        if promoted:
            versions.promote(version)
        async with database.session() as session:
            if promoted:
                learnt = [label for photo in photos for label in photo.label_ids]
                await training_labels.mark_learnt(session, learnt, model, knowing)
            else:
                tried = [label for photo in new for label in photo.label_ids]
                await training_labels.mark_tried(session, tried)
            details = {
                "outcome": tuned.decision.outcome,
                "photos": len(photos),
                "before": asdict(tuned.before),
                "after": asdict(tuned.after),
            }
            event: version_news.Event = "promoted" if promoted else "rejected"
            await version_news.add(session, model, event, details)
        versions.tidy()
        return Retrained(version, tuned, len(photos))


def _nothing_new(model: str, counts: training_labels.Counts) -> str:
    if not counts.labels:
        return f"Nothing has been taught yet, so {model} has nothing to learn."
    if not counts.waiting:
        return f"{model} has learnt everything that was taught."
    return f"{model} has nothing new to learn: what is left cannot be learnt yet."


def taught_photos(
    photos: list[LabelledPhoto],
    vocabulary: Sequence[str],
    unlearnt: Mapping[int, Collection[str]],
) -> TaughtPhotos:
    """Labelled photos as arrays; a hashtag's weight is the number of people who gave it.

    Args:
        vocabulary: its spellings of hashtags come before people's.
        unlearnt: by the photo's id, keys of the hashtags that the version in use has not learnt.
    """
    written = Counter[str]()
    for photo in photos:
        written.update(photo.hashtags)
    spellings = usual_spellings(written, vocabulary)
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
        [
            {tag for tag in tags if key(tag) in unlearnt.get(photo.photo_id, ())}
            for photo, tags in zip(photos, hashtags, strict=True)
        ],
    )


async def _labelled(
    session: AsyncSession, backbone: str, *, not_learnt_in: Collection[str] | None = None
) -> list[LabelledPhoto]:
    batches = training_labels.labelled(session, backbone, not_learnt_in=not_learnt_in)
    return [photo async for batch in batches for photo in batch]
