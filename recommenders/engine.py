"""A bundle ready to answer: its backbones, its recommenders and its ranking behind one door."""

import logging
import threading
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import csr_matrix

from recommenders import answers
from recommenders import bundle as bundles
from recommenders.als import AlsRecommender, AlsSettings, ClassEvidence
from recommenders.backbones.backbone import BACKBONES, SIDE, Backbone, dims, load_backbone, names_of
from recommenders.backbones.weights import WeightsError, find
from recommenders.backends import BACKENDS, STYLES
from recommenders.bundle import Bundle, BundleError
from recommenders.explaining import Reason, explain
from recommenders.knowledge import Knowledge
from recommenders.nearest import PhotoSpace, unit
from recommenders.ranking import Hashtag, Ranking
from recommenders.recommender import Recommender
from recommenders.w2v import ProjectionHead, Word2VecRecommender

Floats = NDArray[np.float32]

STARTER = Path(__file__).parent / "starter"

__all__ = ["BACKENDS", "STARTER", "STYLES", "BundleError", "Engine", "Hashtag", "WeightsError"]

LEVEL = 10
"""Of ALS's best hashtags so many tell how relevant what ALS alone has learnt is in the blend."""

log = logging.getLogger(__name__)

_OF_RANKING = ("popularity_exponent", "diversity")
"""Settings of a backend that are its ranking's."""


class Engine:
    """Answers photos with hashtags. Safe to call from several threads.

    Attributes:
        model: the bundle's version, such as ``starter-1``.
        hashtags: the vocabulary, hashtags that people taught at its end.
        backends: those that are installed, of ``BACKENDS``.
        default_backend: of a new chat: the most accurate on photos that the fit did not see.
        confirm_backbone: whose features confirm that two photos are copies.
        knowledge: what the bundle knows about its hashtags; None where it knows nothing.
        rated: whether hashtags have ratings by likes; without, all styles are one.
        min_side: pixels of a photo's shorter side that the backbones can use.
    """

    min_side = SIDE

    def __init__(self, bundle: Bundle, backbones: Mapping[str, Backbone]) -> None:
        self.model = bundle.model
        self.hashtags = list(bundle.hashtags)
        self.bundle = bundle
        self._known = len(bundle.hashtags)
        self._columns = {tag: column for column, tag in enumerate(self.hashtags)}
        self._loaded = dict(backbones)
        self._recommenders = _recommenders(bundle, self._loaded)
        self._rankings = {name: _ranking(bundle, name) for name in (*self._recommenders, "both")}
        self.backends = tuple(
            name
            for name in BACKENDS
            if name in self._recommenders or (name == "both" and len(self._recommenders) == 2)
        )
        default = bundle.settings.get("ranking", {}).get("default_backend", "als")
        self.default_backend = default if default in self.backends else self.backends[0]
        self.backbones: dict[str, tuple[str, ...]] = {
            name: tuple(dict.fromkeys(r.backbone for r in self._of(name))) for name in self.backends
        }
        self.confirm_backbone = self.backbones[self.backends[0]][0]
        self.knowledge = Knowledge(bundle) if Knowledge.in_bundle(bundle) else None
        self.rated = bool((self._rankings[self.backends[0]].rating != 1).any())
        self._lock = threading.Lock()
        self._carried: dict[Hashable, tuple[int, ...]] = {}

    @classmethod
    def load(
        cls,
        model_dir: Path | None = None,
        weights_dir: Path | None = None,
        *,
        at_work: "Engine | None" = None,
    ) -> "Engine":
        """Loads a bundle, the starter when ``model_dir`` is None, and the backbones it needs.

        Args:
            at_work: an engine whose backbones are taken over where they are the same.

        Raises:
            BundleError: when the bundle is missing, damaged or was fitted on other weights.
            WeightsError: when a backbone's weights are missing.
        """
        bundle = bundles.load(model_dir or STARTER)
        backbones: dict[str, Backbone] = {}
        for name, digest in bundle.backbones.items():
            if not set(names_of(name)) <= set(BACKBONES):
                raise BundleError(
                    f"Bundle {bundle.model} needs the backbone {name!r}, which this tag4pic does "
                    "not have. Update tag4pic, or fit the bundle again."
                )
            there = at_work._loaded.get(name) if at_work is not None else None
            if there is not None and there.sha256 == digest:
                backbones[name] = there
                continue
            backbones[name] = load_backbone(name, weights_dir)
            if backbones[name].sha256 != digest:
                raise BundleError(
                    f"Bundle {bundle.model} was fitted on other weights of {name} than those in "
                    f"place. Put back the file whose SHA-256 begins with {digest[:12]}, or fit "
                    "the bundle again with `tag4pic train fit`."
                )
        for name in bundle.settings.get("w2v_classes", {}).get("backbones", ()):
            backbones |= _on_its_own(name, weights_dir)
        try:
            return cls(bundle, backbones)
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"The settings of bundle {bundle.model} do not fit this tag4pic ({error}). Fit it "
                "again with `tag4pic train fit`, or update tag4pic."
            ) from error

    def features(
        self, photos: Sequence[Image.Image], backbones: Iterable[str]
    ) -> dict[str, Floats]:
        """Features of photos, (n, dims) float32 by backbone."""
        return {name: self._loaded[name].features(photos) for name in backbones}

    def scores(self, features: Mapping[str, NDArray[np.floating]], backend: str) -> Floats:
        """Relevance (n, V) float32 by one of ``backends``."""
        first, *others = self._of(backend)
        if not others:
            return first.scores(features[first.backbone])
        assert isinstance(first, AlsRecommender)
        als, same = first.recognised(features[first.backbone])
        w2v = others[0].scores(features[others[0].backbone])
        weight = float(self.bundle.settings.get("both", {}).get("als_weight", 0.5))
        blended = blend(als, w2v, weight)
        # What people said of the same scene needs nobody to agree.
        return blended if same is None else np.maximum(blended, same)

    def recommend(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        *,
        top: int = 10,
        style: str = "balanced",
        skip: Collection[str] = (),
    ) -> list[list[Hashtag]]:
        """Hashtags of photos, a list each, best first.

        Args:
            features: (n, dims) by backbone, of at least ``backbones[backend]``.
            backend: one of ``backends``.
            top: how many hashtags; fewer come where no more fit.
            style: one of ``STYLES``.
            skip: hashtags that must not appear.
        """
        # First the ranking: should photos be learnt meanwhile, the scores have more hashtags than
        # it knows, never fewer.
        ranking = self._rankings[backend]
        scores = self.scores(features, backend)
        order = ranking.order(scores, style)
        hashtags = self.hashtags[: scores.shape[1]]
        return [
            answers.pick(ranking, row, relevance, hashtags, top, skip)
            for row, relevance in zip(order, scores, strict=True)
        ]

    def answer(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        *,
        top: int = 10,
        style: str = "balanced",
        mix: str | None = None,
        skip: Collection[str] = (),
    ) -> list[Hashtag]:
        """What people get for a photo, or for an album's photos as one, best first.

        Args:
            features, backend, style, skip: as for ``recommend``.
            mix: of sizes, a key of ``recommenders.answers.MIXES``; see ``default_mix``.
        """
        return answers.answer(
            lambda count: self.recommend(features, backend, top=count, style=style, skip=skip),
            len(next(iter(features.values()))),
            top=top,
            mix=mix,
            size=self.knowledge.size_index if self.knowledge else None,
        )

    @property
    def default_mix(self) -> str | None:
        """The mix of sizes that a new chat gets; None where hashtags stay as they are ranked."""
        mix = self.knowledge.preferred_mix if self.knowledge else None
        return mix if mix in answers.MIXES else None

    def explain(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        hashtags: Sequence[str],
        *,
        skip: Collection[str] = (),
    ) -> list[Reason]:
        """Why a photo, or an album's photos as one, got these hashtags: a reason each.

        Args:
            features, backend: as for ``recommend``.
            skip: hashtags of known photos that must not be told.
        """
        vocabulary = self.hashtags
        columns = {tag: self._columns.get(tag) for tag in hashtags}
        return explain(self._of(backend), features, columns, vocabulary, skip)

    def learn(
        self, photos: Mapping[Hashable, tuple[Mapping[str, NDArray[np.floating]], Sequence[str]]]
    ) -> None:
        """Takes photos that people tagged into the ALS backend, at once.

        Args:
            photos: key to (features (dims,) by backbone, canonical hashtags). A key taught before
                is replaced; one without hashtags is forgotten. Photos without features of the
                backend's backbone are passed over.
        """
        recommender = self._recommenders.get("als")
        if not isinstance(recommender, AlsRecommender):
            return
        with self._lock:
            taught: dict[Hashable, tuple[Floats, list[int]]] = {}
            for key, (features, tags) in photos.items():
                if recommender.backbone not in features and tags:
                    continue
                columns = [self._column(tag) for tag in tags]
                row = np.asarray(features.get(recommender.backbone, ()), np.float32)
                taught[key] = (row, columns)
                self._carried.pop(key, None)
                if columns:
                    self._carried[key] = tuple(dict.fromkeys(columns))
            recommender.learn(taught, len(self.hashtags))
            uses = Counter(c for columns in self._carried.values() for c in columns)
            late = [uses[column] for column in range(self._known, len(self.hashtags))]
            self._rankings |= {
                name: _ranking(self.bundle, name, late, recommender.photos)
                for name in ("als", "both")
            }

    def _column(self, tag: str) -> int:
        if tag not in self._columns:
            self._columns[tag] = len(self.hashtags)
            self.hashtags.append(tag)
        return self._columns[tag]

    def knows(self, tag: str) -> bool:
        """Whether a hashtag is in the bundle's own vocabulary."""
        return self._columns.get(tag, self._known) < self._known

    def _of(self, backend: str) -> list[Recommender]:
        if backend == "both":
            return [self._recommenders["als"], self._recommenders["w2v"]]
        return [self._recommenders[backend]]


def blend(als: Floats, w2v: Floats, als_weight: float) -> Floats:
    """Two backends' relevance as one: their power mean with exponent ½.

    It wants both to agree more than the plain mean does, and still hears one that is sure alone;
    on Corel5k's validation photos it was ahead of both the plain and the geometric mean. Hashtags
    that only ALS has learnt are as relevant beside ALS's best others as ALS says.
    """
    known = w2v.shape[1]
    blended = als.copy()
    blended[:, :known] = (
        als_weight * np.sqrt(als[:, :known]) + (1 - als_weight) * np.sqrt(w2v)
    ) ** 2
    if known < als.shape[1]:
        count = min(LEVEL, known)
        best = np.argpartition(-als[:, :known], count - 1, axis=1)[:, :count]
        alone = np.take_along_axis(als, best, axis=1).sum(axis=1)
        together = np.take_along_axis(blended, best, axis=1).sum(axis=1)
        blended[:, known:] *= np.minimum(together / np.maximum(alone, 1e-6), 1)[:, None]
    return blended


def _recommenders(bundle: Bundle, loaded: Mapping[str, Backbone]) -> dict[str, Recommender]:
    builders = {"als": _als, "w2v": _w2v}
    found = {
        name: build(bundle, loaded) for name, build in builders.items() if name in bundle.arrays
    }
    if not found:
        raise BundleError(f"Bundle {bundle.model} has no recommender in it. Fit it again.")
    return found


def _als(bundle: Bundle, loaded: Mapping[str, Backbone]) -> Recommender:
    settings = dict(bundle.settings["als"])
    for name in _OF_RANKING:
        settings.pop(name, None)
    fitted = settings.pop("fitted_hashtags", None)
    backbone = str(settings.pop("backbone"))
    size, count = dims(backbone), len(bundle.hashtags)
    space = PhotoSpace(
        bundle.array("als", "mean", size).astype(np.float32),
        bundle.array("als", "components", None, size).astype(np.float32),
    )
    hashtag_factors = bundle.array("als", "hashtag_factors", count, None).astype(np.float32)
    photos = bundle.array("als", "photos", None, len(space.components))
    photo_factors = bundle.array("als", "photo_factors", len(photos), hashtag_factors.shape[1])
    classes = None
    classifier = loaded[backbone].classifier
    if "class_hashtags" in bundle.arrays["als"] and classifier is not None:
        columns = bundle.array("als", "class_hashtags", len(classifier[0]), None)
        weights = bundle.array("als", "class_weights", *columns.shape).astype(np.float32)
        rows = np.repeat(np.arange(len(columns)), columns.shape[1])
        seen = csr_matrix((weights.ravel(), (rows, columns.ravel())), (len(columns), count))
        classes = ClassEvidence(*classifier, seen)
    return AlsRecommender(
        backbone,
        space,
        unit(photos.astype(np.float32)),
        photo_factors.astype(np.float32),
        hashtag_factors,
        AlsSettings(**settings),
        classes,
        None if fitted is None else int(fitted),
    )


def _on_its_own(name: str, weights_dir: Path | None) -> dict[str, Backbone]:
    """A backbone that the bundle can use but does not need, where its weights are in place."""
    if find(name, weights_dir) is None:
        return {}
    try:
        backbone = load_backbone(name, weights_dir)
    except WeightsError as error:
        log.warning("%s is left out: %s", name, error)
        return {}
    if backbone.classifier is None:
        log.warning("%s is left out: its file of weights has no ImageNet classifier.", name)
        return {}
    return {name: backbone}


def _w2v_classes(bundle: Bundle, backbone: Backbone) -> Recommender:
    """Word2Vec on a backbone's own classifier, with what the bundle maps its classes to."""
    settings = bundle.settings["w2v_classes"]
    vectors = bundle.array("w2v", "vectors", len(bundle.hashtags), None).astype(np.float32)
    weight, bias = backbone.classifier or (np.empty((0, 0), np.float32),) * 2
    head = ProjectionHead(
        weight,
        bias,
        bundle.array("w2v_classes", "weight2", vectors.shape[1], len(weight)).astype(np.float32),
        bundle.array("w2v_classes", "bias2", vectors.shape[1]).astype(np.float32),
        len(weight),
        float(settings["temperature"]),
    )
    prior = bundle.array("w2v_classes", "prior", len(bundle.hashtags)).astype(np.float32)
    log.info("Word2Vec runs on %s.", backbone.name)
    return Word2VecRecommender(
        backbone.name,
        head,
        vectors,
        prior,
        float(settings["scale"]),
        float(settings["hashtags_per_post"]),
    )


def _w2v(bundle: Bundle, loaded: Mapping[str, Backbone]) -> Recommender:
    for name in bundle.settings.get("w2v_classes", {}).get("backbones", ()):
        if name in loaded:
            return _w2v_classes(bundle, loaded[name])
    settings = bundle.settings["w2v"]
    backbone = str(settings["backbone"])
    vectors = bundle.array("w2v", "vectors", len(bundle.hashtags), None).astype(np.float32)
    weight1 = bundle.array("w2v", "weight1", None, dims(backbone)).astype(np.float32)
    head = ProjectionHead(
        weight1,
        bundle.array("w2v", "bias1", len(weight1)).astype(np.float32),
        bundle.array("w2v", "weight2", vectors.shape[1], len(weight1)).astype(np.float32),
        bundle.array("w2v", "bias2", vectors.shape[1]).astype(np.float32),
        int(settings.get("classes", 0)),
        float(settings.get("temperature", 1.0)),
        int(settings.get("groups", 1)),
    )
    prior = bundle.array("w2v", "prior", len(bundle.hashtags)).astype(np.float32)
    return Word2VecRecommender(
        backbone,
        head,
        vectors,
        prior,
        float(settings["scale"]),
        float(settings["hashtags_per_post"]),
    )


def _ranking(
    bundle: Bundle, backend: str, late: Sequence[int] = (), photos: int | None = None
) -> Ranking:
    """How a backend's relevance becomes a list.

    Args:
        late: photos that carry each hashtag that people taught.
        photos: all known ones.
    """
    count = len(bundle.hashtags)
    popularity = bundle.array("ranking", "popularity", count).astype(np.float32)
    rating = bundle.array("ranking", "rating", count).astype(np.float32)
    if late:
        share = (np.array(late, np.float32) + np.float32(0.5)) / np.float32((photos or 0) + 1)
        # Never rarer than what is known, or a little relevance would go a long way; and no better
        # or worse rated than others.
        popularity = np.concatenate([popularity, np.clip(share, popularity.min(), 1)])
        rating = np.append(rating, np.full(len(late), np.median(rating), np.float32))
    exponent = float(bundle.settings.get(backend, {}).get("popularity_exponent", 0.0))
    diversity = float(bundle.settings.get(backend, {}).get("diversity", 0.0))
    directions = None
    if diversity and "w2v" in bundle.arrays:
        directions = unit(bundle.array("w2v", "vectors", count, None).astype(np.float32))
    return Ranking(popularity, rating, exponent, diversity, directions)
