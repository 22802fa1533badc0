"""Fine-tuning the Word2Vec backend on what people taught.

New hashtags join the vocabulary: their vectors start from the known hashtags they were given with,
and where one stands alone, from where its photos are projected. Then the head, the vectors and the
prior are trained on the taught photos together with the bundle's replay
(``training.finetuning.replay``). The targets of a photo are in
part its own hashtags and in part what the old head said (learning without
forgetting, Li & Hoiem 2016). Photos held out of both tell what was learnt and what was forgotten,
and with that whether the new bundle is to take the old one's place.

The ALS backend is not trained here: the bot teaches it at once and again at each start, from the
labels themselves. For the new hashtags the bundle gets factors solved from their photos, which
those of the bot replace.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommenders.bundle import Bundle, BundleError
from recommenders.nearest import unit
from recommenders.w2v import ProjectionHead, directions
from training.finetuning.promotion import Figures, Measure, forgets, keeps, split, widened, worth
from training.finetuning.replay import Replay, replay_of
from training.finetuning.vocabulary_growth import grown, photos_of
from training.fitting.fit import head_part
from training.fitting.head import FittedHead, fit_head, head_recommender
from training.fitting.plan import HeadPlan
from training.fitting.vocabulary import matrix
from training.progress import Progress, silent

Floats = NDArray[np.float32]

FEWEST = 8
"""Labelled photos without which nothing can be learnt and checked."""

STEPS = (1.0, 0.75, 0.5, 0.3)
"""How much of the way from the old head to the trained one is gone: the first at which nothing is
forgotten. A head between the two keeps much of both (Wortsman et al. 2022)."""


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

    head: HeadPlan = field(
        default_factory=lambda: HeadPlan(
            epochs=15,
            stop_after=15,
            rate=2e-4,
            vector_rate=1.0,
            weight_decay=0.0,
            dropout=0.0,
            averaging=0.0,
        )
    )
    taught: float = 0.5
    heaviest: float = 4.0
    old: float = 0.8
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
    report: Progress = silent,
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
    old = fitted_head(bundle)
    replay = replay_of(bundle)
    added = new_hashtags(bundle.hashtags, taught.hashtags)
    hashtags = [*bundle.hashtags, *added]
    counts = matrix(taught.hashtags, hashtags)
    start = _with_new_hashtags(old, taught.features, counts, photos_of(bundle))
    training, held = split(taught.keys, counts, how.held)
    measured = Measure(bundle, replay, taught.features[held], counts[held])

    checked = _train(
        start, old, replay, taught.features[training], counts[training], how, how.head, report
    )
    before = measured(old)
    for step in STEPS:
        after = measured(_between(start, checked, step))
        promoted, reason = worth(before, after)
        if promoted:
            break
    # What was held out is learnt too, now that it has told how good the training is.
    final = _train(start, old, replay, taught.features, counts, how, how.head, report)
    final = _between(start, final, step)
    kept = measured(final).replay
    if promoted and not keeps(before.replay, kept):
        promoted, reason = False, forgets(before.replay, kept)
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
        int(settings.get("groups", 1)),
    )
    return FittedHead(
        head,
        directions(part["vectors"].astype(np.float32), head.groups),
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
    if alone.any():
        company[alone] = head.head.project(features[alone])
    late = counts[:, known:]
    groups = head.head.groups
    company = directions(company, groups)
    vectors = directions(np.asarray(late.T @ company, np.float32), groups)
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
    settings: HeadPlan,
    report: Progress,
) -> FittedHead:
    known, width = len(old.vectors), counts.shape[1]
    rehearsed = replay.features[replay.held :]
    own = widened(replay.counts[replay.held :], width)
    targets = vstack(
        [
            _mixed(own, widened(_said(old, rehearsed, known), width), how.old),
            _mixed(counts, widened(_said(old, features, known), width), how.old_of_taught),
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
        progress=lambda doing, epoch, epochs: report("fine-tuning", epoch, epochs),
    )


def _between(start: FittedHead, end: FittedHead, step: float) -> FittedHead:
    """The head that lies ``step`` of the way from one to the other."""

    def mixed(one: Floats, other: Floats) -> Floats:
        return np.asarray((1 - step) * one + step * other, np.float32)

    one, other = start.head, end.head
    return replace(
        end,
        head=replace(
            other,
            weight1=mixed(one.weight1, other.weight1),
            bias1=mixed(one.bias1, other.bias1),
            weight2=mixed(one.weight2, other.weight2),
            bias2=mixed(one.bias2, other.bias2),
        ),
        vectors=mixed(start.vectors, end.vectors),
        prior=mixed(start.prior, end.prior),
        scale=float(start.scale ** (1 - step) * end.scale**step),
    )


def _tune_classes(
    bundle: Bundle,
    new: Bundle,
    classifier: tuple[Floats, Floats],
    replay: Replay,
    features: Floats,
    counts: csr_matrix,
    how: FineTuning,
    report: Progress,
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


def _mixed(own: csr_matrix, said: csr_matrix, old: float) -> csr_matrix:
    """Targets: the photos' own hashtags, rows summed to 1, and a part of what was said before."""
    total = np.asarray(own.sum(axis=1)).ravel()
    scaled = csr_matrix(own.multiply((1 / np.maximum(total, 1e-12))[:, None]))
    return csr_matrix((1 - old) * scaled + old * said, dtype=np.float32)


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
