"""Fine-tuning the Word2Vec backend on what people taught.

New hashtags join the vocabulary: their vectors start from the known hashtags they were given with
or, where there are none, from the projections of their photos. Then the head, the vectors and the
prior are trained on the taught photos together with the bundle's replay. A photo's targets are in
part its own hashtags and in part what the old head recommends (learning without forgetting, Li &
Hoiem 2016). Photos held out of both show what was learnt and what was forgotten, which decides
whether the new bundle replaces the old one. The old head may have been trained on taught photos
itself, so taught ones are held out for the hashtags that it has not learnt, and only these count.

The ALS backend is not trained here: the bot teaches it from the labels, at once and again at each
start. For the new hashtags the bundle gets factors solved from their photos, which the bot then
replaces by its own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, vstack

from recommenders.arrays import Floats, unit
from recommenders.bundle import Bundle, BundleError
from recommenders.w2v import ClassHead, read_class_head, read_vectors, read_w2v
from storage.training_labels import FEWEST_PHOTOS
from training.features.compute import batches
from training.features.examples import Features, Picked
from training.finetuning.promotion import (
    ROWS,
    Decision,
    Figures,
    HeldOut,
    decide,
    split_held_out,
    widened,
)
from training.finetuning.vocabulary_growth import grown_bundle, grown_head, new_hashtags
from training.fitting.class_head import class_part
from training.fitting.fit import head_part
from training.fitting.head import FittedHead, fit_head, head_recommender
from training.fitting.plan import HeadPlan
from training.fitting.replay import Replay, replay_of
from training.fitting.vocabulary import matrix
from training.plurals import counted
from training.progress import Progress, silent

HEAD = HeadPlan(
    epochs=15,
    stop_after=15,  # too few photos for early stopping
    rate=2e-4,
    vector_rate=1.0,
    weight_decay=0.0,
    dropout=0.0,
)

TAUGHT_WEIGHT, HEAVIEST = 0.5, 4.0
"""The weight of all taught photos together relative to the whole replay, and the most weight of one
relative to a photo of the replay."""

OLD_SHARE, OLD_SHARE_OF_TAUGHT = 0.8, 0.3
"""The old head's share in the targets of a replay photo, and of a taught one: people name few of
the hashtags that fit."""

OLD_HASHTAGS = 100
"""The old head's likeliest hashtags that count as recommended."""

STEPS = (1.0, 0.75, 0.5, 0.3)
"""Points on the way from the old head (0) to the trained one (1); the first at which nothing is
forgotten is taken. A head between the two keeps much of both (Wortsman et al. 2022)."""


class NothingToLearnError(Exception):
    """Too little was taught; the message is a sentence that says so."""


@dataclass(frozen=True)
class TaughtPhotos:
    """Photos that people tagged.

    Attributes:
        keys: (n,) of the photos; they decide which are held out, the same each time.
        features: (n, dims) of the Word2Vec backend's backbone.
        hashtags: (n,) canonical hashtags with weights.
        unlearnt: (n,) those of them that the bundle was not trained on, to measure by; all of them
            where None.
    """

    keys: Sequence[int]
    features: Floats
    hashtags: Sequence[Mapping[str, float]]
    unlearnt: Sequence[Collection[str]] | None = None


@dataclass(frozen=True)
class FineTuned:
    """A fine-tuned bundle, and how good it is.

    Attributes:
        bundle: the new version.
        added: hashtags that are new in its vocabulary.
        before, after: figures on held-out photos: of the old head, and of one made as the new was,
            but without these photos.
        decision: whether it may replace the old one.
    """

    bundle: Bundle
    added: tuple[str, ...]
    before: Figures
    after: Figures
    decision: Decision


def fine_tune(
    bundle: Bundle,
    taught: TaughtPhotos,
    model: str,
    *,
    classifier: tuple[Floats, Floats] | None = None,
    progress: Progress = silent,
) -> FineTuned:
    """Trains a bundle's Word2Vec backend on what people taught.

    Args:
        bundle: not modified.
        model: the new version's name.
        classifier: the ImageNet classifier of the backend's backbone. With it the head for other
            backbones is trained too, as far as ImageNet's classes express what was taught.

    Raises:
        NothingToLearnError: where too few photos were taught.
        BundleError: where the bundle has no Word2Vec backend or carries no photos to rehearse.
    """
    if len(taught.keys) < FEWEST_PHOTOS:
        raise NothingToLearnError(
            f"{counted(len(taught.keys), 'labelled photo')} "
            f"{'is' if len(taught.keys) == 1 else 'are'} too few to learn from and to check with: "
            f"at least {FEWEST_PHOTOS} are needed. Nothing was changed."
        )
    old = fitted_head(bundle)
    replay = replay_of(bundle)
    added = new_hashtags(bundle.hashtags, taught.hashtags)
    hashtags = [*bundle.hashtags, *added]
    features, counts = taught.features, matrix(taught.hashtags, hashtags)
    unlearnt = counts if taught.unlearnt is None else matrix(taught.unlearnt, hashtags)

    training, held_out = split_held_out(taught.keys, counts, unlearnt)
    judge = HeldOut(bundle, replay, features[held_out], unlearnt[held_out])
    # New hashtags start from their photos: for the head that is measured, not from those held out.
    start = grown_head(old, features[training], counts[training], bundle)
    checked = _train(start, old, replay, features[training], counts[training], HEAD, progress)
    before = judge.figures(old)
    for step in STEPS:
        after = judge.figures(_between(start, checked, step))
        if decide(before, after).promoted:
            break

    # The held-out photos are learnt too, now that they have measured the training.
    start = grown_head(old, features, counts, bundle)
    final = _between(start, _train(start, old, replay, features, counts, HEAD, progress), step)
    after = replace(after, replay=min(after.replay, judge.figures(final).replay))
    decision = decide(before, after)
    tuned = {
        "taught_photos": len(features),
        "outcome": decision.outcome,
        "before": asdict(before),
        "after": asdict(after),
    }
    new = _bundle(bundle, final, model, hashtags, features, counts, tuned)
    if classifier is not None:
        new = _with_tuned_class_head(bundle, new, classifier, replay, features, counts, progress)
    return FineTuned(new, tuple(added), before, after, decision)


def fitted_head(bundle: Bundle) -> FittedHead:
    """The head of a bundle's Word2Vec backend, to go on training.

    Raises:
        BundleError: where it has none.
    """
    if "w2v" not in bundle.arrays:
        raise BundleError(
            f"Bundle {bundle.model} has no Word2Vec backend to fine-tune. Fit one with "
            "`tag4pic train fit --backend all`."
        )
    w2v = read_w2v(bundle)
    return FittedHead(w2v.head, w2v.vectors, w2v.prior, w2v.scale, [])


def _train(
    start: FittedHead,
    old: FittedHead,
    replay: Replay,
    features: Floats,
    counts: csr_matrix,
    plan: HeadPlan,
    progress: Progress,
) -> FittedHead:
    """Trains a head from ``start`` on taught photos and on the replay's."""
    rehearsed = replay.features[replay.held_out :]
    own = widened(replay.counts[replay.held_out :], counts.shape[1])
    targets = vstack(
        [
            _mixed(own, _recommended(old, rehearsed), OLD_SHARE),
            _mixed(counts, _recommended(old, features), OLD_SHARE_OF_TAUGHT),
        ],
        format="csr",
    )
    weights = np.ones(targets.shape[0], np.float32)
    weights[len(rehearsed) :] = min(HEAVIEST, TAUGHT_WEIGHT * len(rehearsed) / len(features))
    return fit_head(
        Picked([rehearsed, features], np.arange(targets.shape[0])),
        targets,
        start,
        plan,
        lambda fitted: 0.0,
        weights=weights,
        progress=lambda doing, epoch, epochs: progress("fine-tuning", epoch, epochs),
    )


def _between(start: FittedHead, end: FittedHead, step: float) -> FittedHead:
    """The head that lies ``step`` of the way from one to the other."""

    def mixed(one: Floats, other: Floats) -> Floats:
        return np.asarray((1 - step) * one + step * other, np.float32)

    layers: dict[str, Any] = {
        name: mixed(getattr(start.head, name), getattr(end.head, name))
        for name in ("weight1", "bias1", "weight2", "bias2")
    }
    return replace(
        end,
        head=replace(end.head, **layers),
        vectors=mixed(start.vectors, end.vectors),
        prior=mixed(start.prior, end.prior),
        scale=float(start.scale ** (1 - step) * end.scale**step),
    )


def _with_tuned_class_head(
    bundle: Bundle,
    new: Bundle,
    classifier: tuple[Floats, Floats],
    replay: Replay,
    features: Floats,
    counts: csr_matrix,
    progress: Progress,
) -> Bundle:
    """The new bundle, layer two of its head for other backbones fine-tuned, if it has one."""
    old, grown = read_class_head(bundle), read_class_head(new)
    if old is None or grown is None:
        return new

    def on_classifier(head: ClassHead, version: Bundle) -> FittedHead:
        vectors = unit(read_vectors(version))
        return FittedHead(head.on(classifier), vectors, head.prior, head.scale, [])

    frozen = replace(HEAD, frozen=True, vector_rate=0.0)
    start, end = on_classifier(grown, new), on_classifier(old, bundle)
    tuned = _train(start, end, replay, features, counts, frozen, progress)
    part = class_part(tuned, old.hashtags_per_post, old.backbones)
    return new.with_parts({"w2v_classes": part})


def _recommended(head: FittedHead, features: Features) -> csr_matrix:
    """(n, V) a head's shares of photos' likeliest hashtags, rows sum to 1."""
    recommender, hashtags = head_recommender("", head, 1.0), len(head.vectors)
    most = min(OLD_HASHTAGS, hashtags)
    columns = np.empty((len(features), most), np.int32)
    values = np.empty((len(features), most), np.float32)
    for rows in batches(len(features), ROWS):
        shares = recommender.scores(features[rows])
        columns[rows] = np.argpartition(-shares, most - 1, axis=1)[:, :most]
        values[rows] = np.take_along_axis(shares, columns[rows], axis=1)
    values /= np.maximum(values.sum(axis=1, keepdims=True), 1e-12)
    starts = np.arange(len(features) + 1) * most
    return csr_matrix((values.ravel(), columns.ravel(), starts), (len(features), hashtags))


def _mixed(own: csr_matrix, recommended: csr_matrix, share: float) -> csr_matrix:
    """Targets: photos' own hashtags, rows summed to 1, and a share of what was recommended."""
    total = np.asarray(own.sum(axis=1)).ravel()
    scaled = csr_matrix(own.multiply((1 / np.maximum(total, 1e-12))[:, None]))
    old = widened(recommended, own.shape[1])
    return csr_matrix((1 - share) * scaled + share * old, dtype=np.float32)


def _bundle(
    bundle: Bundle,
    head: FittedHead,
    model: str,
    hashtags: Sequence[str],
    features: Floats,
    counts: csr_matrix,
    tuned: Mapping[str, Any],
) -> Bundle:
    """The new version, its manifest with what ``recommenders.versions`` reports."""
    w2v = read_w2v(bundle)
    new = grown_bundle(bundle, hashtags, head.vectors, counts, features, w2v.backbone)
    new = new.with_parts({"w2v": head_part(w2v.backbone, head, w2v.hashtags_per_post)})
    return replace(
        new,
        model=model,
        metrics=bundle.metrics | {"fine_tuning": tuned},
        provenance=bundle.provenance
        | {
            "fine_tuned_from": bundle.model,
            "fine_tuned_at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )
