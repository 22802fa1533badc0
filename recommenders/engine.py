"""A bundle ready to answer: its backbones, its recommenders and its ranking behind one door."""

import threading
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders import answers
from recommenders import bundle as bundles
from recommenders.als import AlsRecommender
from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone
from recommenders.backbones.weights import WeightsError
from recommenders.backends import BACKENDS, STYLES
from recommenders.building import build_recommenders, load_backbones
from recommenders.bundle import STARTER, Bundle, BundleError
from recommenders.bundle_parts import read_fusion, read_ranking, read_rules, with_taught_hashtags
from recommenders.explaining import Reason, explain
from recommenders.fusion import blend, sources_of
from recommenders.knowledge import Knowledge
from recommenders.languages import in_language, meaning
from recommenders.ranking import Hashtag
from recommenders.recommender import Recommender

__all__ = ["BACKENDS", "STARTER", "STYLES", "BundleError", "Engine", "Hashtag", "WeightsError"]


class Engine:
    """Answers photos with hashtags. Safe to call from several threads.

        engine = Engine.load()
        features = engine.features([decode(path)], engine.backbones["both"])
        [hashtags] = engine.recommend(features, "both")

    Attributes:
        model: the bundle's version, such as ``starter-1``.
        hashtags: the vocabulary, hashtags that people taught at its end.
        own_hashtags: the vocabulary without those.
        backends: those that are installed, of ``BACKENDS``.
        default_backend: of a new chat: the most accurate on photos that the fit did not see.
        backbones: by backend, those whose features it takes.
        confirm_backbone: whose features confirm that two photos are copies.
        knowledge: what the bundle knows about its hashtags; None where it knows nothing.
        rated: whether hashtags have ratings by likes; without, all styles are one.
        min_side: pixels of a photo's shorter side that the backbones can use.
    """

    def __init__(self, bundle: Bundle, backbones: Mapping[str, Backbone]) -> None:
        self.bundle = bundle
        self.model = bundle.model
        self.hashtags = list(bundle.hashtags)
        self.own_hashtags = frozenset(bundle.hashtags)
        self._columns = {tag: column for column, tag in enumerate(self.hashtags)}
        self._loaded = dict(backbones)
        self._recommenders = build_recommenders(bundle, backbones)
        blended = ["both"] if len(self._recommenders) > 1 else []
        self.backends = (*self._recommenders, *blended)
        self._rankings = {name: read_ranking(bundle, name) for name in self.backends}
        self._fusion = read_fusion(bundle) if blended else None
        self._rules = read_rules(bundle)
        default = bundle.settings.get("ranking", {}).get("default_backend", "als")
        self.default_backend = default if default in self.backends else self.backends[0]
        self.backbones: dict[str, tuple[str, ...]] = {
            name: tuple(dict.fromkeys(r.backbone for r in self._of(name))) for name in self.backends
        }
        in_use = {name for names in self.backbones.values() for name in names}
        self.min_side = max(backbones[name].side for name in in_use)
        self.confirm_backbone = self.backbones[self.backends[0]][0]
        self.knowledge = Knowledge(bundle) if Knowledge.in_bundle(bundle) else None
        self.rated = bool((self._rankings[self.backends[0]].rating != 1).any())
        self._lock = threading.Lock()
        self._taught_columns: dict[Hashable, tuple[int, ...]] = {}

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
        loaded = {} if at_work is None else at_work._loaded
        backbones = load_backbones(bundle, weights_dir, loaded)
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
        als = first.recognised(features[first.backbone])
        w2v = others[0].scores(features[others[0].backbone])
        weight = float(self.bundle.settings.get("both", {}).get("als_weight", 0.5))
        scores = blend(als.scores, w2v, weight)
        if self._fusion is not None:
            # Hashtags that were learnt after the fit stay as they are blended.
            known = len(self._fusion.share)
            scores[:, :known] = self._fusion.scores(sources_of(als, w2v, known))
        # What people taught for the same scene needs nobody to agree.
        return scores if als.same_scene is None else np.maximum(scores, als.same_scene)

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
        language: str = "en",
        before: Sequence[str] = (),
    ) -> list[Hashtag]:
        """What people get for a photo, or for an album's photos as one, best first.

        Args:
            features, backend, style, skip: as for ``recommend``.
            mix: of sizes, a key of ``recommenders.answers.MIXES``; see ``default_mix``.
            language: one of ``recommenders.backends.LANGUAGES``.
            before: hashtags that stand in the answer already: what follows fits behind them, and
                says none of them again, nor in another language.
        """
        in_english = [meaning(tag, self._columns) for tag in before]
        hashtags = answers.answer(
            lambda count: self.recommend(features, backend, top=count, style=style, skip=skip),
            len(next(iter(features.values()))),
            top=top if language == "en" else 2 * top,  # several have one Russian form
            mix=mix,
            size=self.knowledge.size_index if self.knowledge else None,
            # Only the fusion's scores are probabilities that a floor can be held against.
            rules=self._rules if backend == "both" else replace(self._rules, floor=0, careful={}),
            before=in_english,
        )
        return in_language(hashtags, language, top, {*skip, *before} if before else skip)

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
            skip: hashtags of known photos that must not be named.
        """
        vocabulary = self.hashtags
        columns = {tag: self._columns.get(meaning(tag, self._columns)) for tag in hashtags}
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
        als = self._recommenders.get("als")
        if not isinstance(als, AlsRecommender):
            return
        with self._lock:
            taught: dict[Hashable, tuple[Floats, list[int]]] = {}
            for key, (features, tags) in photos.items():
                if als.backbone not in features and tags:
                    continue
                columns = [self._column(tag) for tag in tags]
                taught[key] = (np.asarray(features.get(als.backbone, ()), np.float32), columns)
                self._taught_columns.pop(key, None)
                if columns:
                    self._taught_columns[key] = tuple(dict.fromkeys(columns))
            als.learn(taught, len(self.hashtags))
            self._rank_taught(als.photos)

    def knows(self, tag: str) -> bool:
        """Whether the bundle's own vocabulary has a hashtag, or what a Russian one stands for."""
        return meaning(tag, self.own_hashtags) in self.own_hashtags

    def _rank_taught(self, photos: int) -> None:
        """Ranks hashtags that people taught by how many of all known photos carry them."""
        uses = Counter(c for columns in self._taught_columns.values() for c in columns)
        new = range(len(self.bundle.hashtags), len(self.hashtags))
        for name in self.backends:
            if name != "w2v" and new:  # which scores no hashtag but its own
                self._rankings[name] = with_taught_hashtags(
                    read_ranking(self.bundle, name), np.array([uses[c] for c in new]), photos
                )

    def _column(self, tag: str) -> int:
        if tag not in self._columns:
            self._columns[tag] = len(self.hashtags)
            self.hashtags.append(tag)
        return self._columns[tag]

    def _of(self, backend: str) -> list[Recommender]:
        if backend == "both":
            return [self._recommenders["als"], self._recommenders["w2v"]]
        return [self._recommenders[backend]]
