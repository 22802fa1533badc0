"""A bundle ready to answer: its backbones, its recommenders and its ranking behind one door."""

import threading
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders import answers
from recommenders import bundle as bundles
from recommenders.als import AlsRecommender
from recommenders.als_taught import Audience
from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone
from recommenders.backbones.weights import WeightsError
from recommenders.backends import BACKENDS, STYLES
from recommenders.building import build_recommenders, load_backbones
from recommenders.bundle import STARTER, Bundle, BundleError
from recommenders.bundle_parts import read_fusion, read_ranking, read_rules, with_taught_hashtags
from recommenders.explaining import Reason, explain
from recommenders.fusion import blend, sources_of
from recommenders.hashtags import key, unique
from recommenders.knowledge import Knowledge
from recommenders.languages import in_language, meaning
from recommenders.ranking import Hashtag
from recommenders.recommender import Recommender
from recommenders.taught_hashtags import TaughtHashtags

LIKELY = 0.5
"""A hashtag is likely where the model, taught nothing, holds it for true rather than not."""

Lesson = tuple[Mapping[str, NDArray[np.floating]], Mapping[Audience, Sequence[str]]]
"""Features (dims,) of a photo by backbone, and its hashtags by audience."""

__all__ = [
    "BACKENDS",
    "STARTER",
    "STYLES",
    "BundleError",
    "Engine",
    "Hashtag",
    "Lesson",
    "WeightsError",
]


class Engine:
    """Answers photos with hashtags. Safe to call from several threads.

    What people taught counts for its audience, everybody or one chat; an answer is for the
    ``audience`` that asks, None where that is no chat. See ``recommenders.als_taught``.

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
        self._columns = {key(tag): column for column, tag in enumerate(self.hashtags)}
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
        self._taught = TaughtHashtags(len(self.hashtags))

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

    def scores(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        audience: Audience = None,
        *,
        taught: bool = True,
    ) -> Floats:
        """Relevance (n, V) float32 by one of ``backends``.

        Args:
            audience: who asks.
            taught: False leaves out all that people taught.
        """
        audiences = dict.fromkeys((None, audience)) if taught else ()
        first, *others = self._of(backend)
        if not isinstance(first, AlsRecommender):
            return first.scores(features[first.backbone])
        als = first.recognised(features[first.backbone], audiences)
        if not others:
            return als.scores
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
        audience: Audience = None,
        taught: bool = True,
    ) -> list[list[Hashtag]]:
        """Hashtags of photos, a list each, best first.

        Args:
            features: (n, dims) by backbone, of at least ``backbones[backend]``.
            backend: one of ``backends``.
            top: how many hashtags; fewer come where no more fit.
            style: one of ``STYLES``.
            skip: hashtags that must not appear.
            audience, taught: as for ``scores``.
        """
        # First the ranking: should photos be learnt meanwhile, the scores have more hashtags than
        # it knows, never fewer.
        ranking = self._rankings[backend]
        scores = self.scores(features, backend, audience, taught=taught)
        order = ranking.order(scores, style)
        hashtags = self._taught.shown(self.hashtags[: scores.shape[1]], audience)
        # In whatever spelling.
        skip = {*skip, *(hashtags[c] for c in self._columns_of(skip) if c < len(hashtags))}
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
        audience: Audience = None,
    ) -> list[Hashtag]:
        """What people get for a photo, or for an album's photos as one, best first.

        Args:
            features, backend, style, skip, audience: as for ``recommend``.
            mix: of sizes, a key of ``recommenders.answers.MIXES``; see ``default_mix``.
            language: one of ``recommenders.backends.LANGUAGES``.
        """
        hashtags = answers.answer(
            lambda count: self.recommend(
                features, backend, top=count, style=style, skip=skip, audience=audience
            ),
            len(next(iter(features.values()))),
            top=top if language == "en" else 2 * top,  # several have one Russian form
            mix=mix,
            size=self.knowledge.size_index if self.knowledge else None,
            # Only the fusion's scores are probabilities that a floor can be held against.
            rules=self._rules if backend == "both" else replace(self._rules, floor=0, careful={}),
        )
        return in_language(hashtags, language, top, skip)

    def likely(
        self, features: Mapping[str, NDArray[np.floating]], hashtags: Iterable[str]
    ) -> set[str]:
        """Those hashtags of a photo that the model, taught nothing, finds likely by itself.

        Args:
            features: (dims,) by backbone; where one is missing, nothing is likely.
        """
        backend = self.default_backend
        if not features.keys() >= set(self.backbones[backend]):
            return set()
        rows = {name: row[None] for name, row in features.items()}
        (scores,) = self.scores(rows, backend, taught=False)
        likely = set()
        for tag in hashtags:
            column = self._columns.get(key(meaning(tag, self.own_hashtags)), len(scores))
            if column < len(scores) and scores[column] >= LIKELY:
                likely.add(tag)
        return likely

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
        audience: Audience = None,
    ) -> list[Reason]:
        """Why a photo, or an album's photos as one, got these hashtags: a reason each.

        Args:
            features, backend, audience: as for ``recommend``.
            skip: hashtags of known photos that must not be named.
        """
        vocabulary = self._taught.shown(list(self.hashtags), audience)
        columns = {tag: self._columns.get(meaning(key(tag), self._columns)) for tag in hashtags}
        audiences = dict.fromkeys((None, audience))
        return explain(self._of(backend), features, columns, vocabulary, skip, audiences)

    def was_taught(self, tag: str, audience: Audience) -> bool:
        """Whether an audience sees a hashtag that the bundle does not know, because of people."""
        column = self._columns.get(key(tag))
        return column is not None and self._taught.sees(audience, column)

    def learn(self, photos: Mapping[Hashable, Lesson]) -> None:
        """Takes photos that people tagged into the ALS backend, at once.

            engine.learn({1: (features, {None: ["sunset"], chat: ["mycat"]})})

        It takes as long as these photos need, whatever was taught before.

        Args:
            photos: key to the photo's lesson. A key taught before is replaced and needs no
                features; one without hashtags is forgotten. New photos without features of the
                backend's backbone are passed over.
        """
        als = self._recommenders.get("als")
        if not isinstance(als, AlsRecommender):
            return
        with self._lock:
            taught: dict[Hashable, tuple[Floats | None, dict[Audience, list[int]]]] = {}
            for photo, (features, lessons) in photos.items():
                row = features.get(als.backbone)
                columns = {
                    who: [self._column(tag) for tag in unique(tags).values()]
                    for who, tags in lessons.items()
                }
                taught[photo] = (None if row is None else np.asarray(row, np.float32), columns)
                spelt = {
                    who: dict(zip(columns[who], unique(tags).values(), strict=True))
                    for who, tags in lessons.items()
                }
                for column, usual in self._taught.learn(photo, spelt).items():
                    self.hashtags[column] = usual
            als.learn(taught, len(self.hashtags))
            self._rank_taught(als.photos)

    def _rank_taught(self, photos: int) -> None:
        """Ranks hashtags that people taught by how many photos everybody sees them on."""
        new = range(len(self.bundle.hashtags), len(self.hashtags))
        if not new:
            return
        uses = np.array([self._taught.uses(column) for column in new])
        for name in self.backends:
            if name != "w2v":  # which scores no hashtag but its own
                self._rankings[name] = with_taught_hashtags(
                    read_ranking(self.bundle, name), uses, photos
                )

    def _column(self, tag: str) -> int:
        name = key(tag)
        if name not in self._columns:
            self._columns[name] = len(self.hashtags)
            self.hashtags.append(name)
        return self._columns[name]

    def _columns_of(self, hashtags: Iterable[str]) -> set[int]:
        return {self._columns[name] for tag in hashtags if (name := key(tag)) in self._columns}

    def _of(self, backend: str) -> list[Recommender]:
        if backend == "both":
            return [self._recommenders["als"], self._recommenders["w2v"]]
        return [self._recommenders[backend]]
