"""Fine-tuning the Word2Vec backend on what people taught.

New hashtags join the vocabulary: their vectors start from the known hashtags they were given with,
and where one stands alone, from where its photos are projected. Then the head, the vectors and the
prior are trained on the taught photos together with the bundle's replay (``training.replay``). The
targets of a photo are in part its own hashtags and in part what the old head said (learning without
forgetting, Li & Hoiem 2016). Photos held out of both tell what was learnt and what was forgotten,
and with that whether the new bundle is to take the old one's place.

The ALS backend is not trained here: the bot teaches it at once and again at each start, from the
labels themselves. For the new hashtags the bundle gets factors solved from their photos, which
those of the bot replace.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommenders.bundle import Bundle, BundleError
from recommenders.neighbours import unit
from recommenders.w2v import ProjectionHead
from training.fit import AT, Report, head_part, head_recommender
from training.growing import grown, photos_of
from training.metrics import top_columns
from training.projection import FittedHead, HeadSettings, fit_head
from training.replay import Replay, replay_of
from training.vocabulary import matrix

Floats = NDArray[np.float32]

FEWEST = 8
"""Labelled photos without which nothing can be learnt and checked."""

FIRST = 10
"""Hashtags of an answer among which a held-out label counts as recalled."""

MOST_LOST = 0.01
"""What recall on the held-out replay may lose."""


class NothingToLearnError(Exception):
    """Too little was taught; the message is a sentence that says so."""


@dataclass(frozen=True)
class FineTuning:
    """How it is done.

    Attributes:
        head: the training of the head; ``stop_after`` epochs, since there is little to stop by.
        taught: what all taught photos together weigh beside the whole replay, at most.
        heaviest: what one taught photo weighs beside one of the replay, at most.
        old: the part of a replay photo's target that is what the old head said.
        old_of_taught: the same of a taught photo: people name few of the hashtags that fit.
        held: the share of taught photos that is held out to measure by.
    """

    head: HeadSettings = field(
        default_factory=lambda: HeadSettings(
            epochs=12, stop_after=12, rate=5e-4, vector_rate=1.0, weight_decay=0.0, averaging=0.0
        )
    )
    taught: float = 0.5
    heaviest: float = 4.0
    old: float = 0.5
    old_of_taught: float = 0.3
    held: float = 0.2


@dataclass(frozen=True)
class Taught:
    """Photos that people tagged.

    Attributes:
        keys: (n,) of the photos; which are held out is told by them, the same each time.
        features: (n, dims) of the Word2Vec backend's backbone.
        hashtags: (n,) canonical hashtags with weights.
    """

    keys: Sequence[int]
    features: Floats
    hashtags: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class Figures:
    """What a head recalls, 0 to 1.

    Attributes:
        replay: of held-out replay photos' hashtags, in the first five.
        labels: of held-out taught photos' hashtags, in the first ten.
    """

    replay: float
    labels: float


@dataclass(frozen=True)
class FineTuned:
    """What came of it.

    Attributes:
        bundle: the new version.
        added: hashtags that its vocabulary has and the old one's has not.
        before, after: figures of the old head and the new, on photos that this training has not
            seen.
        promoted: whether it may take the old one's place.
        reason: why or why not, a sentence.
    """

    bundle: Bundle
    added: tuple[str, ...]
    before: Figures
    after: Figures
    promoted: bool
    reason: str


def fine_tune(
    bundle: Bundle,
    taught: Taught,
    model: str,
    *,
    classifier: tuple[Floats, Floats] | None = None,
    how: FineTuning | None = None,
    report: Report = lambda doing, done, total: None,
) -> FineTuned:
    """Trains a bundle's Word2Vec backend on what people taught.

    Args:
        bundle: stays as it is.
        model: the version's name for the new bundle.
        classifier: the ImageNet classifier of the backend's backbone. With it the head that serves
            other backbones learns too, as far as that backbone's classes tell what was taught.

    Raises:
        NothingToLearnError: where too few photos were taught.
        BundleError: where the bundle has no Word2Vec backend or carries no photos to rehearse.
    """
    how = how or FineTuning()
    if len(taught.keys) < FEWEST:
        raise NothingToLearnError(
            f"{len(taught.keys)} labelled photos are too few to learn from and to check by: it "
            f"takes {FEWEST}. Nothing was changed."
        )
    replay = replay_of(bundle)
    old = fitted_head(bundle)
    added = new_hashtags(bundle.hashtags, taught.hashtags)
    hashtags = [*bundle.hashtags, *added]
    counts = matrix(taught.hashtags, hashtags)
    start = _with_new_hashtags(old, taught.features, counts, photos_of(bundle))
    training, held = _split(taught.keys, counts, how.held)
    measured = _Measure(bundle, replay, taught.features[held], counts[held])

    checked = _train(
        start, old, replay, taught.features[training], counts[training], how, how.head, report
    )
    before, after = measured(old), measured(checked)
    promoted, reason = _worth(before, after)
    # What was held out is learnt too, now that it has told how good the training is.
    final = _train(start, old, replay, taught.features, counts, how, how.head, report)
    kept = measured(final).replay
    if promoted and kept < before.replay - MOST_LOST:
        promoted = False
        reason = _forgets(before.replay, kept)
    after = replace(after, replay=min(after.replay, kept))
    new = _bundle(bundle, final, model, hashtags, taught.features, counts, before, after)
    if classifier is not None and "w2v_classes" in bundle.arrays:
        _tune_classes(bundle, new, classifier, replay, taught.features, counts, how, report)
    return FineTuned(new, tuple(added), before, after, promoted, reason)


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
    settings, part = bundle.settings["w2v"], bundle.arrays["w2v"]
    head = ProjectionHead(
        part["weight1"].astype(np.float32),
        part["bias1"].astype(np.float32),
        part["weight2"].astype(np.float32),
        part["bias2"].astype(np.float32),
        int(settings.get("classes", 0)),
        float(settings.get("temperature", 1.0)),
    )
    return FittedHead(
        head,
        unit(part["vectors"].astype(np.float32)),
        part["prior"].astype(np.float32),
        float(settings["scale"]),
        [],
    )


def new_hashtags(vocabulary: Sequence[str], hashtags: Sequence[Mapping[str, float]]) -> list[str]:
    """Hashtags of photos that a vocabulary lacks, the most used first."""
    known, uses = set(vocabulary), dict[str, int]()
    for tags in hashtags:
        for tag in tags:
            if tag not in known:
                uses[tag] = uses.get(tag, 0) + 1
    return sorted(uses, key=lambda tag: (-uses[tag], tag))


def _with_new_hashtags(
    head: FittedHead, features: Floats, counts: csr_matrix, photos: int
) -> FittedHead:
    """A head whose vocabulary goes on to all columns of ``counts``."""
    known = len(head.vectors)
    carried = counts[:, :known]
    # Rare hashtags say more about their company than common ones.
    company = np.asarray(carried @ (head.vectors * np.exp(-0.5 * head.prior)[:, None]), np.float32)
    alone = np.diff(carried.indptr) == 0
    company[alone] = head.head.project(features[alone])
    late = counts[:, known:]
    vectors = unit(np.asarray(late.T @ unit(company), np.float32))
    uses = np.asarray((late > 0).sum(axis=0), np.float32).ravel()
    # The prior as the fit would have begun it, moved as the fit moved those it knew.
    prior = np.log((uses + 0.5) / (photos + 1)).astype(np.float32)
    return replace(
        head,
        vectors=np.concatenate([head.vectors, vectors]),
        prior=np.concatenate([head.prior, prior]),
    )


def _train(
    start: FittedHead,
    old: FittedHead,
    replay: Replay,
    features: Floats,
    counts: csr_matrix,
    how: FineTuning,
    settings: HeadSettings,
    report: Report,
) -> FittedHead:
    known, width = len(old.vectors), counts.shape[1]
    rehearsed = replay.features[replay.held :]
    own = _widened(replay.counts[replay.held :], width)
    targets = vstack(
        [
            _mixed(own, _widened(_said(old, rehearsed, known), width), how.old),
            _mixed(counts, _widened(_said(old, features, known), width), how.old_of_taught),
        ],
        format="csr",
    )
    weight = min(how.heaviest, how.taught * len(rehearsed) / len(features))
    weights = np.ones(targets.shape[0], np.float32)
    weights[len(rehearsed) :] = weight
    return fit_head(
        np.concatenate([rehearsed, features]),
        targets,
        start,
        settings,
        lambda fitted: 0.0,
        weights=weights,
        progress=lambda epoch, epochs, score: report("fine-tuning", epoch, epochs),
    )


def _tune_classes(
    bundle: Bundle,
    new: Bundle,
    classifier: tuple[Floats, Floats],
    replay: Replay,
    features: Floats,
    counts: csr_matrix,
    how: FineTuning,
    report: Report,
) -> None:
    """Fine-tunes layer two of the head for other backbones, under the new hashtag vectors."""

    def head_of(one: Bundle) -> FittedHead:
        settings, part = one.settings["w2v_classes"], one.arrays["w2v_classes"]
        head = ProjectionHead(
            *classifier,
            part["weight2"].astype(np.float32),
            part["bias2"].astype(np.float32),
            len(classifier[0]),
            float(settings["temperature"]),
        )
        vectors = unit(one.arrays["w2v"]["vectors"].astype(np.float32))
        prior = part["prior"].astype(np.float32)
        return FittedHead(head, vectors, prior, float(settings["scale"]), [])

    frozen = replace(how.head, frozen=True, vector_rate=0.0)
    tuned = _train(head_of(new), head_of(bundle), replay, features, counts, how, frozen, report)
    part = new.arrays["w2v_classes"]
    new.settings["w2v_classes"] = new.settings["w2v_classes"] | {"scale": tuned.scale}
    new.arrays["w2v_classes"] = {
        "weight2": tuned.head.weight2.astype(part["weight2"].dtype),
        "bias2": tuned.head.bias2,
        "prior": tuned.prior,
    }


def _said(head: FittedHead, features: Floats, known: int, most: int = 100) -> csr_matrix:
    """What a head says of photos: (n, known) shares of the likeliest hashtags, rows sum to 1."""
    shares = head_recommender("", head, 1.0).scores(features)
    most = min(most, known)
    columns = np.argpartition(-shares, most - 1, axis=1)[:, :most]
    values = np.take_along_axis(shares, columns, axis=1)
    values /= np.maximum(values.sum(axis=1, keepdims=True), 1e-12)
    rows = np.repeat(np.arange(len(features)), most)
    return csr_matrix((values.ravel(), (rows, columns.ravel())), (len(features), known))


def _widened(counts: csr_matrix, width: int) -> csr_matrix:
    return csr_matrix((counts.data, counts.indices, counts.indptr), (counts.shape[0], width))


def _mixed(own: csr_matrix, said: csr_matrix, old: float) -> csr_matrix:
    """Targets: the photos' own hashtags, rows summed to 1, and a part of what was said before."""
    total = np.asarray(own.sum(axis=1)).ravel()
    scaled = csr_matrix(own.multiply((1 / np.maximum(total, 1e-12))[:, None]))
    return csr_matrix((1 - old) * scaled + old * said, dtype=np.float32)


def _split(
    keys: Sequence[int], counts: csr_matrix, share: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to train on and rows held out; a hashtag's last photo is never held out."""
    left = np.asarray((counts > 0).sum(axis=0)).ravel()
    order = sorted(range(len(keys)), key=lambda row: crc32(str(keys[row]).encode()))
    wanted = max(1, round(len(keys) * share))
    held: list[int] = []
    for row in order:
        columns = counts.indices[counts.indptr[row] : counts.indptr[row + 1]]
        if len(held) < wanted and (left[columns] > 1).all():
            held.append(row)
            left[columns] -= 1
    if not held:  # every photo has a hashtag of its own: the old hashtags alone can be checked
        held = order[:wanted]
    training = np.setdiff1d(np.arange(len(keys)), held)
    return training.astype(np.intp), np.array(sorted(held), np.intp)


class _Measure:
    """Figures of a head on the held-out replay and on held-out labels."""

    def __init__(
        self, bundle: Bundle, replay: Replay, features: Floats, counts: csr_matrix
    ) -> None:
        self._replay = replay.features[: replay.held]
        self._truth = _widened(replay.counts[: replay.held], counts.shape[1]).toarray()
        self._features = features
        self._labels = counts.toarray() > 0
        popularity = bundle.arrays["ranking"]["popularity"].astype(np.float32)
        exponent = float(bundle.settings["w2v"].get("popularity_exponent", 0.0))
        more = np.full(counts.shape[1] - len(popularity), popularity.min(), np.float32)
        self._commonness = np.concatenate([popularity, more]) ** exponent

    def __call__(self, head: FittedHead) -> Figures:
        return Figures(
            recall(self._order(head, self._replay), self._truth, AT),
            recall(self._order(head, self._features), self._labels, FIRST),
        )

    def _order(self, head: FittedHead, features: Floats) -> Floats:
        scores = head_recommender("", head, 1.0).scores(features)
        return np.asarray(scores / self._commonness[: scores.shape[1]], np.float32)


def recall(order: Floats, truth: NDArray[Any], at: int) -> float:
    """Mean share of the photos' (weighted) hashtags among the first ``at``.

    Args:
        order: (n, V) what hashtags are sorted by.
        truth: (n, W) weights; W may be more than V, for hashtags that cannot be recalled.
    """
    total = truth.sum(axis=1)
    if not len(total) or not total.any():
        return 0.0
    top = top_columns(order, at)
    found = np.take_along_axis(truth, top, axis=1).sum(axis=1)
    return float((found[total > 0] / total[total > 0]).mean())


def _worth(before: Figures, after: Figures) -> tuple[bool, str]:
    learnt = f"recall of held-out labels went from {before.labels:.3f} to {after.labels:.3f}"
    if after.replay < before.replay - MOST_LOST:
        return False, _forgets(before.replay, after.replay)
    if after.labels <= before.labels:
        return False, f"It has not learnt: {learnt}."
    return True, (
        f"It has learnt: {learnt}, and recall of rehearsed photos from {before.replay:.3f} to "
        f"{after.replay:.3f}."
    )


def _forgets(before: float, after: float) -> str:
    return (
        f"It forgets: recall of rehearsed photos fell from {before:.3f} to {after:.3f}, and "
        f"no more than {MOST_LOST:.2f} may be lost."
    )


def _bundle(
    bundle: Bundle,
    head: FittedHead,
    model: str,
    hashtags: Sequence[str],
    features: Floats,
    counts: csr_matrix,
    before: Figures,
    after: Figures,
) -> Bundle:
    backbone = str(bundle.settings["w2v"]["backbone"])
    new = grown(bundle, hashtags, head.vectors, counts, features, backbone)
    part = head_part(backbone, head, float(bundle.settings["w2v"]["hashtags_per_post"]))
    tuned = {"taught_photos": len(features), "before": asdict(before), "after": asdict(after)}
    return replace(
        new,
        model=model,
        settings=new.settings | {"w2v": bundle.settings["w2v"] | part.settings},
        arrays=new.arrays | {"w2v": part.arrays},
        metrics=bundle.metrics | {"fine_tuning": tuned},
        provenance=bundle.provenance
        | {
            "fine_tuned_from": bundle.model,
            "fine_tuned_at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )
