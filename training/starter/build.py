"""The starter bundle: what the bot knows before anybody has taught it anything.

Photos of several sources get hashtags by our tables (``training.starter.sources``); hashtag vectors
are learnt from these and from real posts; ALS, a projection head and a head for every ImageNet
backbone are fitted on the photos' features, and their fusion on photos held out from them. Only
numbers go into the bundle.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.als import AlsRecommender
from recommenders.als_fit import read_als
from recommenders.answers import Rules, rules_part
from recommenders.arrays import Floats, unit
from recommenders.backbones.backbone import Backbone
from recommenders.bundle import Bundle, Part
from recommenders.feature_map import feature_map_part
from recommenders.fusion import Fusion, fusion_part
from recommenders.people import people_part
from recommenders.ranking import ranking_part
from recommenders.w2v import Word2VecRecommender, directions
from recommenders.words import Words, WordsGain
from training.datasets.format import DatasetError
from training.features.examples import Examples
from training.fitting.choosing import Scored
from training.fitting.class_head import class_part, fit_class_head, mean_vectors
from training.fitting.feature_map import fit_feature_map
from training.fitting.fit import fit_als, head_part
from training.fitting.fusion import (
    ScoredAls,
    SourcesOf,
    fit_fusion,
    mean_class_sums,
    one_after_another,
    sources_by_rows,
)
from training.fitting.head import ClassUnits, fit_w2v, head_recommender
from training.fitting.knowledge import knowledge
from training.fitting.plan import AlsPlan, FusionPlan, HeadPlan, Plan
from training.fitting.prepare import hashtag_vectors
from training.fitting.replay import head_rows, replay_part
from training.fitting.vocabulary import matrix, popularity, vocabulary
from training.fitting.words import fit_words_gain
from training.progress import Progress
from training.starter.blank_pictures import blank_pictures
from training.starter.category_table import categories_in_tables
from training.starter.presence import starter_people
from training.starter.sources import FUSION_FOLDS, Evidence, TaggedPhoto, set_weights
from training.starter.word_tables import forbidden_pairs, kinds, people

BACKBONE = "efficientnet_lite2"
MODEL = "starter-6"

PLAN = Plan(
    als=AlsPlan(
        variance=0.8,
        damping=0.3,
        factors=112,
        alpha=20.0,
        regularization=0.1,
        iterations=10,
        neighbours=60,
        sharpness=14.0,
        class_weight=0.6,
        class_power=1.0,
    ),
    head=HeadPlan(hidden=512, epochs=12, stop_after=9),
    # Twice the usual trees at half the rate: 80.0 % of the hashtags true instead of 79.5 %.
    fusion=FusionPlan(trees=200, rate=0.075),
)

RANKING: dict[str, dict[str, float]] = {
    "als": {"popularity_exponent": 0.1, "diversity": 0.9, "of_a_root": 2},
    "w2v": {"popularity_exponent": 0.15, "diversity": 1.0, "of_a_root": 2},
    "both": {"popularity_exponent": 0.0, "diversity": 0.3, "of_a_root": 2, "als_weight": 0.6},
}
FLOOR = 0.42
"""The least probability of a hashtag among the first five, chosen by eye on 689 pictures from
elsewhere: labels and tags name only part of what a photo shows, so more are right than they say."""

CAREFUL_FLOOR = 0.85
"""The same for hashtags that still say something about a person, such as #kids."""

KIND_FLOOR = 0.85
"""The same for one kind among many: an orange dahlia is #rose with 0.77, true roses with 0.9."""

LANDMARK_FLOOR = 0.94
"""The same for one landmark among many: the Eiffel Tower is #minarepakistan with 0.90, the Taj
Mahal #badshahimosque with 0.93, a palace in Avignon #lahorefort with 0.94; true ones reach 0.97."""

FUSION_POWER = 0.25
"""Of the sets' weights in the fusion: with 1, everyday photos, a third of all, counted as little as
forty rooms, and of hashtags that it found 0.3 to 0.4 likely for them more than half were true."""

BLANK_WEIGHT = 5.0
"""The weight of each blank picture in the fusion."""

CLASS_TEMPERATURE, CLASS_SCALE = 1.0, 8.0
"""Of the head for every ImageNet backbone."""

REHEARSED = 1_200
"""Photos that the bundle carries for fine-tuning: 1.7 MB."""

MAPPED_FROM = "efficientnet_lite0"
"""The starter's earlier backbone: what chats taught then is stored with its features."""

PREFERRED = ("resnet50",)
"""Backbones that Word2Vec moves to as soon as their weights are in place."""


@dataclass(frozen=True)
class _Fit:
    """Both recommenders fitted on some of the photos, their parts, and the fusion's shares."""

    als: AlsRecommender
    w2v: Word2VecRecommender
    parts: dict[str, Part]
    share: Floats
    class_share: Floats


@dataclass(frozen=True)
class _Partial:
    """A fit, and the photos held out from it with their features (n, dims)."""

    fit: _Fit
    photos: list[TaggedPhoto]
    features: Floats

    def sources(self, hashtags: Sequence[str], rows: Sequence[int] | slice) -> SourcesOf:
        """The evidence about some of the photos."""
        features = self.features[rows]
        als, w2v = ScoredAls(self.fit.als, features), Scored(self.fit.w2v, features)
        return sources_by_rows(als, w2v, len(hashtags))


def fit_starter(
    evidence: Evidence,
    rows: Sequence[int],
    features: NDArray[np.float16],
    backbone: Backbone,
    progress: Progress,
) -> Bundle:
    """Fits the starter bundle on some of the photos.

    Args:
        rows: of ``evidence.photos``, to fit on; those without hashtags are skipped.
        features: (n, dims) of all the photos.
    """
    rows = [row for row in rows if evidence.photos[row].hashtags]
    photos = [evidence.photos[row] for row in rows]
    weights = [photo.hashtags for photo in photos]
    hashtags = vocabulary([*weights, *evidence.classes])
    posts = evidence.posts_for_vectors(photos)
    vectors = hashtag_vectors(posts, hashtags, PLAN, progress)
    of_photos = features[rows].astype(np.float32)

    def fit_on(some: Sequence[int]) -> _Fit:
        return _fit(
            [photos[row] for row in some],
            of_photos[some],
            hashtags,
            matrix(evidence.classes, hashtags),
            unit(vectors["skipgram"]),
            backbone,
            progress,
        )

    partial: list[_Partial] = []
    for fold in FUSION_FOLDS:
        unseen = [row for row, photo in enumerate(photos) if photo.fold == fold]
        others = [row for row, photo in enumerate(photos) if photo.fold != fold]
        partial.append(_Partial(fit_on(others), [photos[r] for r in unseen], of_photos[unseen]))
    fused = _fit_fusion(partial, hashtags, backbone, progress)
    words_gain = _fit_words_gain(partial[0], fused, hashtags)
    last = fit_on(range(len(photos)))
    fusion = Fusion(fused.trees, last.share, last.class_share)
    counts = matrix(weights, hashtags)
    parts = last.parts | {
        "replay": replay_part(BACKBONE, of_photos, counts, most=REHEARSED),
        "ranking": ranking_part(last.share, np.ones(len(hashtags), np.float32), "both"),
        "knowledge": knowledge(posts, hashtags, vectors, categories_in_tables(hashtags)),
        "both": Part({**RANKING["both"], "words": asdict(words_gain)}),
        "fusion": fusion_part(fusion),
        "people": people_part(starter_people(photos, of_photos, backbone, hashtags)),
        "answers": rules_part(starter_rules()),
    }
    bundle = Bundle(
        model=MODEL,
        hashtags=hashtags,
        backbones={BACKBONE: backbone.sha256},
        provenance={
            "photos": len(rows),
            "from": "numbers computed from flickr8k, corel5k, one photo of each ImageNet class, 42 "
            "small sets, HARRISON's and instagram_2019's hashtags, and tables written by hand",
        },
    )
    return bundle.with_parts(parts)


def with_feature_map(
    bundle: Bundle, from_features: NDArray[np.float16], to_features: NDArray[np.float16]
) -> Bundle:
    """The bundle with a map from features (n, dims) of ``MAPPED_FROM`` to those of its backbone."""
    space = read_als(bundle).space
    fitted = fit_feature_map(MAPPED_FROM, BACKBONE, from_features, to_features, space)
    return bundle.with_parts({"feature_map": feature_map_part(fitted)})


def starter_rules() -> Rules:
    """What the starter's answers may contain, by the tables."""
    pairs = [(frozenset(left), frozenset(right)) for left, right in forbidden_pairs()]
    persons = {tag for in_place in people().values() for tag in in_place if tag in people()}
    of_a_kind = {
        tag: LANDMARK_FLOOR if kind == "landmark" else KIND_FLOOR for tag, kind in kinds().items()
    }
    careful = dict.fromkeys(persons, CAREFUL_FLOOR) | of_a_kind
    return Rules(FLOOR, dict(sorted(careful.items())), tuple(pairs))


def _fit(
    photos: Sequence[TaggedPhoto],
    features: Floats,
    hashtags: Sequence[str],
    class_counts: csr_matrix,
    directions: Floats,
    backbone: Backbone,
    progress: Progress,
) -> _Fit:
    if backbone.classifier is None:
        raise DatasetError(f"The weights of {backbone.name} have no ImageNet classifier.")
    counts = matrix([photo.hashtags for photo in photos], hashtags)
    weights = set_weights(photos)
    share = popularity(counts, weights)
    examples = Examples({BACKBONE: features}, counts)
    progress("ALS", 0, 1)
    als, als_part = fit_als(examples, backbone, PLAN, class_counts)
    progress("ALS", 1, 1)
    learn, _ = head_rows(len(photos))
    head = fit_w2v(
        examples.rows(learn),
        # A few photos to show progress by; the number of epochs is fixed.
        examples.rows(np.arange(0, len(photos), 50)),
        BACKBONE,
        directions,
        share,
        PLAN.head,
        weights=np.sqrt(weights[learn] / weights[learn].mean()),
        classes=ClassUnits(
            *backbone.classifier, unit(np.asarray(class_counts @ directions, np.float32))
        ),
        progress=progress,
    )
    per_post = float(np.diff(counts.indptr).mean())
    progress("head for other backbones", 0, 1)
    by_class = fit_class_head(
        backbone.classifier,
        mean_vectors(class_counts, head.vectors),
        head.vectors,
        share,
        CLASS_TEMPERATURE,
        CLASS_SCALE,
        features,
        counts,
    )
    progress("head for other backbones", 1, 1)
    parts = {
        "als": als_part,
        "w2v": head_part(BACKBONE, head, per_post),
        "w2v_classes": class_part(by_class, per_post, PREFERRED),
    }
    parts["als"].settings.update(RANKING["als"])
    parts["w2v"].settings.update(RANKING["w2v"])
    w2v = head_recommender(BACKBONE, head, per_post)
    return _Fit(als, w2v, parts, share, mean_class_sums(als, features, weights))


def _fit_fusion(
    partial: Sequence[_Partial], hashtags: Sequence[str], backbone: Backbone, progress: Progress
) -> Fusion:
    """Fits the fusion on photos held out from each of ``partial``, and on blank pictures."""
    blank = backbone.features(blank_pictures())
    first = partial[0]
    partial = [
        *partial[1:],
        _Partial(first.fit, first.photos, np.concatenate([first.features, blank])),
    ]
    photos = [photo for one in partial for photo in one.photos]
    truth = csr_matrix(
        [[photo.fits(tag) for tag in hashtags] for photo in photos]
        + [[False] * len(hashtags)] * len(blank),
        dtype=np.float32,
    )
    return fit_fusion(
        one_after_another(
            [(len(one.features), one.sources(hashtags, slice(None))) for one in partial]
        ),
        truth,
        first.fit.share,
        first.fit.class_share,
        PLAN.fusion,
        weights=np.append(
            set_weights(photos) ** FUSION_POWER, np.full(len(blank), BLANK_WEIGHT, np.float32)
        ),
        progress=progress,
    )


def _fit_words_gain(partial: _Partial, fusion: Fusion, hashtags: Sequence[str]) -> WordsGain:
    """Fits what one caption's words add; what the photo's other captions say is the truth."""
    w2v = partial.fit.w2v
    words = Words(hashtags, directions(w2v.vectors, w2v.head.groups))
    rows = [row for row, photo in enumerate(partial.photos) if photo.without_one]
    twins = [photo.without_one for photo in partial.photos if photo.without_one]
    if not twins:
        return WordsGain()
    return fit_words_gain(
        fusion,
        partial.sources(hashtags, rows),
        [words.nearness(words.named(caption)) for caption, _ in twins],
        csr_matrix([[other.fits(tag) for tag in hashtags] for _, other in twins], dtype=np.float32),
        set_weights([other for _, other in twins]),
    )
