"""Writes and reads the parts of a bundle.

``als_part`` writes what ``read_als`` reads, and so on for each part. Readers raise BundleError
where an array is missing, its shape does not fit the vocabulary or the backbone, or a setting
cannot be. Factors and weights are stored as float16, photos' vectors as int8. The part
``knowledge`` is in ``recommenders.hashtag_tables``.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from recommenders.als_fit import AlsSettings, ClassHashtags, FittedAls
from recommenders.answers import FIRST, Rules
from recommenders.arrays import Array, Floats, unit, whole_numbers
from recommenders.backbones.recipe import CLASSES
from recommenders.backbones.registry import dims
from recommenders.bundle import NEIGHBOURS, Bundle, BundleError, Part
from recommenders.bundle_numbers import number, whole
from recommenders.bundle_settings import reads_settings
from recommenders.fusion import EVIDENCE, Fusion, Trees
from recommenders.nearest import KnownPhotos, PhotoIndex, PhotoIndexError, PhotoSpace
from recommenders.ranking import Ranking
from recommenders.w2v import ClassHead, ProjectionHead, Word2VecRecommender, directions

RANKING_SETTINGS = ("popularity_exponent", "diversity", "of_a_root")
"""Settings of a backend's part that belong to its ranking."""

_ABOVE_ZERO = 1e-6


def als_part(fitted: FittedAls) -> Part:
    """The part ``als``."""
    arrays: dict[str, Array] = {
        "mean": fitted.space.mean,
        "components": fitted.space.components.astype(np.float16),
        "photos": whole_numbers(np.asarray(fitted.photos)),
        "photo_factors": fitted.photo_factors.astype(np.float16),
        "hashtag_factors": fitted.hashtag_factors.astype(np.float16),
    }
    if fitted.class_hashtags is not None:
        arrays["class_hashtags"] = fitted.class_hashtags.columns
        arrays["class_weights"] = fitted.class_hashtags.weights.astype(np.float16)
    return Part({"backbone": fitted.backbone, **asdict(fitted.settings)}, arrays)


def indexed(als: Part) -> dict[str, Part]:
    """The part ``als`` with its photos replaced by an index, which is a part of its own.

    Raises:
        PhotoIndexError: where usearch is not installed.
    """
    rest = dict(als.arrays)
    index = PhotoIndex.build(unit(rest.pop("photos").astype(np.float32)))
    return {"als": Part(als.settings, rest), NEIGHBOURS: Part({}, {"index": index})}


@reads_settings
def read_als(bundle: Bundle) -> FittedAls:
    """What ``als_part`` wrote."""
    settings = {
        name: value
        for name, value in bundle.settings["als"].items()
        if name not in (*RANKING_SETTINGS, "fitted_hashtags")
    }
    backbone = str(settings.pop("backbone"))
    size, count = dims(backbone), len(bundle.hashtags)
    space = PhotoSpace(
        bundle.floats("als", "mean", size), bundle.floats("als", "components", None, size)
    )
    hashtag_factors = bundle.floats("als", "hashtag_factors", count, None)
    photos = _known_photos(bundle, len(space.components))
    return FittedAls(
        backbone,
        space,
        photos,
        bundle.floats("als", "photo_factors", len(photos), hashtag_factors.shape[1]),
        hashtag_factors,
        _als_settings(settings),
        _class_hashtags(bundle),
        whole(bundle.settings["als"], "fitted_hashtags", count, least=1),
    )


def _als_settings(settings: dict[str, Any]) -> AlsSettings:
    counts = {"neighbours", "rows_per_photo"} & settings.keys()
    numbers: dict[str, Any] = {name: number(settings, name) for name in settings}
    return AlsSettings(**numbers | {name: whole(settings, name, least=1) for name in counts})


def _known_photos(bundle: Bundle, dims: int) -> KnownPhotos:
    if NEIGHBOURS not in bundle.arrays:
        return unit(bundle.floats("als", "photos", None, dims))
    try:
        index = PhotoIndex(bundle.array(NEIGHBOURS, "index", None))
    except PhotoIndexError as error:
        raise BundleError(f"Bundle {bundle.model} cannot be used. {error}") from None
    if index.shape[1] != dims:
        raise BundleError(f"Bundle {bundle.model} is damaged: its index belongs to other photos.")
    return index


def with_hashtag_factors(bundle: Bundle, factors: Floats) -> Part:
    """The part ``als`` with the factors (V + new, f) of an extended vocabulary."""
    arrays, settings = bundle.arrays["als"], bundle.settings["als"]
    return Part(
        {"fitted_hashtags": settings.get("fitted_hashtags", len(bundle.hashtags))},
        arrays | {"hashtag_factors": factors.astype(arrays["hashtag_factors"].dtype)},
    )


def w2v_part(
    backbone: str,
    head: ProjectionHead,
    vectors: Floats,
    prior: Floats,
    scale: float,
    hashtags_per_post: float,
) -> Part:
    """The part ``w2v``; arguments as for ``Word2VecRecommender``."""
    return Part(
        {
            "backbone": backbone,
            "scale": scale,
            "hashtags_per_post": hashtags_per_post,
            "classes": head.classes,
            "temperature": head.temperature,
            "groups": head.groups,
        },
        {
            "weight1": head.weight1.astype(np.float16),
            "bias1": head.bias1,
            "weight2": head.weight2.astype(np.float16),
            "bias2": head.bias2,
            "vectors": vectors.astype(np.float16),
            "prior": prior,
        },
    )


@reads_settings
def read_w2v(bundle: Bundle) -> Word2VecRecommender:
    """What ``w2v_part`` wrote."""
    settings = bundle.settings["w2v"]
    backbone = str(settings["backbone"])
    vectors = read_vectors(bundle)
    weight1 = bundle.floats("w2v", "weight1", None, dims(backbone))
    head = ProjectionHead(
        weight1,
        bundle.floats("w2v", "bias1", len(weight1)),
        bundle.floats("w2v", "weight2", vectors.shape[1], len(weight1)),
        bundle.floats("w2v", "bias2", vectors.shape[1]),
        whole(settings, "classes", 0),
        number(settings, "temperature", 1.0, least=_ABOVE_ZERO),
        whole(settings, "groups", 1, least=1),
    )
    return Word2VecRecommender(
        backbone,
        head,
        vectors,
        bundle.floats("w2v", "prior", len(vectors)),
        number(settings, "scale"),
        number(settings, "hashtags_per_post", least=_ABOVE_ZERO),
    )


def read_vectors(bundle: Bundle) -> Floats:
    """The hashtag vectors (V, d) of the part ``w2v``, float32, as they were fitted."""
    return bundle.floats("w2v", "vectors", len(bundle.hashtags), None)


@reads_settings
def read_directions(bundle: Bundle) -> Floats:
    """Unit vectors (V, d) of the hashtags as Word2Vec compares them; (0, 1) without Word2Vec."""
    if "w2v" not in bundle.arrays:
        return np.zeros((0, 1), np.float32)
    return directions(read_vectors(bundle), whole(bundle.settings["w2v"], "groups", 1, least=1))


def class_head_part(head: ClassHead) -> Part:
    """The part ``w2v_classes``: Word2Vec on other backbones, with the vectors of ``w2v``."""
    return Part(
        {
            "backbones": list(head.backbones),
            "scale": head.scale,
            "hashtags_per_post": head.hashtags_per_post,
            "temperature": head.temperature,
        },
        {"weight2": head.weight2.astype(np.float16), "bias2": head.bias2, "prior": head.prior},
    )


@reads_settings
def read_class_head(bundle: Bundle) -> ClassHead | None:
    """What ``class_head_part`` wrote; None where the bundle has no such part."""
    settings = bundle.settings.get("w2v_classes")
    if settings is None:
        return None
    width = read_vectors(bundle).shape[1]
    return ClassHead(
        tuple(settings.get("backbones", ())),
        bundle.floats("w2v_classes", "weight2", width, CLASSES),
        bundle.floats("w2v_classes", "bias2", width),
        bundle.floats("w2v_classes", "prior", len(bundle.hashtags)),
        number(settings, "scale"),
        number(settings, "temperature", least=_ABOVE_ZERO),
        number(settings, "hashtags_per_post", least=_ABOVE_ZERO),
    )


def ranking_part(popularity: Floats, rating: Floats, default_backend: str | None = None) -> Part:
    """The part ``ranking``.

    Args:
        popularity, rating: (V,) float32, as in ``Ranking``.
        default_backend: for a new chat; None where the bundle answers no photos.
    """
    settings = {} if default_backend is None else {"default_backend": default_backend}
    return Part(settings, {"popularity": popularity, "rating": rating})


@reads_settings
def read_rankings(bundle: Bundle, backends: Iterable[str]) -> dict[str, Ranking]:
    """Each backend's ranking; all share the same vectors."""
    popularity = bundle.floats("ranking", "popularity", len(bundle.hashtags))
    rating = bundle.floats("ranking", "rating", len(bundle.hashtags))
    settings = {backend: bundle.settings.get(backend, {}) for backend in backends}
    diversity = {backend: number(one, "diversity", 0.0) for backend, one in settings.items()}
    diverse = any(diversity.values())
    vectors = unit(read_vectors(bundle)) if diverse and "w2v" in bundle.arrays else None
    return {
        backend: Ranking(
            popularity,
            rating,
            number(one, "popularity_exponent", 0.0),
            diversity[backend],
            vectors if diversity[backend] else None,
            whole(one, "of_a_root", FIRST, least=1),
        )
        for backend, one in settings.items()
    }


def read_ranking(bundle: Bundle, backend: str) -> Ranking:
    """One backend's ranking, from the part ``ranking`` and the backend's own settings."""
    return read_rankings(bundle, [backend])[backend]


def rules_part(rules: Rules) -> Part:
    """The part ``answers``, which has only settings."""
    pairs = [[sorted(left), sorted(right)] for left, right in rules.forbidden_pairs]
    return Part({"floor": rules.floor, "careful": dict(rules.careful), "forbidden_pairs": pairs})


@reads_settings
def read_rules(bundle: Bundle) -> Rules:
    """What ``rules_part`` wrote; no rules where there is no such part."""
    settings = bundle.settings.get("answers", {})
    careful = settings.get("careful", {})
    return Rules(
        number(settings, "floor", 0.0),
        {tag: number(careful, tag) for tag in careful},
        tuple(
            (frozenset(left), frozenset(right))
            for left, right in settings.get("forbidden_pairs", ())
        ),
    )


def fusion_part(fusion: Fusion) -> Part:
    """The part ``fusion``."""
    trees = fusion.trees
    return Part(
        {"start": trees.start},
        {
            "feature": trees.feature,
            "threshold": trees.threshold,
            "left": trees.left,
            "right": trees.right,
            "value": trees.value,
            "share": fusion.share,
            "class_share": fusion.class_share,
        },
    )


@reads_settings
def read_fusion(bundle: Bundle) -> Fusion | None:
    """What ``fusion_part`` wrote; None where ``both`` is blended.

    It covers the vocabulary of the fit; hashtags added by fine-tuning come after those.
    """
    if "fusion" not in bundle.arrays:
        return None
    feature = bundle.array("fusion", "feature", None, None)
    shape = feature.shape
    nodes = shape[1]
    share = bundle.floats("fusion", "share", None)
    return Fusion(
        Trees(
            within(bundle, feature, -1, len(EVIDENCE)),
            bundle.floats("fusion", "threshold", *shape),
            within(bundle, bundle.array("fusion", "left", *shape), 0, nodes),
            within(bundle, bundle.array("fusion", "right", *shape), 0, nodes),
            bundle.floats("fusion", "value", *shape),
            number(bundle.settings["fusion"], "start", least=-np.inf),
        ),
        share,
        bundle.floats("fusion", "class_share", len(share)),
    )


def within(bundle: Bundle, numbers: Array, least: int, end: int) -> Array:
    """Returns the numbers unchanged if all are in ``range(least, end)``.

    Raises:
        BundleError: where one is not.
    """
    if numbers.size and (int(numbers.min()) < least or int(numbers.max()) >= end):
        raise BundleError(f"Bundle {bundle.model} is damaged. Take it from a backup.")
    return numbers


def _class_hashtags(bundle: Bundle) -> ClassHashtags | None:
    if "class_hashtags" not in bundle.arrays["als"]:
        return None
    columns = bundle.array("als", "class_hashtags", CLASSES, None)
    count = len(bundle.hashtags)
    return ClassHashtags(
        within(bundle, columns, 0, count),
        bundle.floats("als", "class_weights", *columns.shape),
        count,
    )
