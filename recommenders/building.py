"""Builds recommenders from a bundle: loads its backbones and puts its parts on them."""

import logging
from collections.abc import Mapping
from pathlib import Path

from recommenders.als import AlsRecommender
from recommenders.als_fit import read_als
from recommenders.backbones.backbone import Backbone, load_backbone
from recommenders.backbones.recipe import UnknownBackboneError
from recommenders.backbones.registry import names_of
from recommenders.backbones.weights import WeightsError, find, sha256
from recommenders.bundle import Bundle, BundleError
from recommenders.bundle_reading import reads_settings
from recommenders.recommender import Recommender
from recommenders.w2v import Word2VecRecommender, read_class_head, read_vectors, read_w2v

log = logging.getLogger(__name__)


@reads_settings
def load_backbones(
    bundle: Bundle, weights_dir: Path | None, loaded: Mapping[str, Backbone]
) -> dict[str, Backbone]:
    """The backbones that a bundle needs, and optional ones that have their weights in place.

    Args:
        loaded: backbones in memory already, reused where they are the same.

    Raises:
        BundleError: where the bundle was fitted on other weights, or on an unknown backbone.
        WeightsError: where the weights of a backbone that it needs are missing.
    """
    backbones: dict[str, Backbone] = {}
    for name, digest in bundle.backbones.items():
        try:
            names_of(name)
        except UnknownBackboneError as error:
            raise BundleError(
                f"Bundle {bundle.model} needs the backbone {name!r}, which this tag4pic does "
                "not have. Update tag4pic, or fit the bundle again."
            ) from error
        if name in loaded and loaded[name].sha256 == digest:
            backbones[name] = loaded[name]
            continue
        backbones[name] = load_backbone(name, weights_dir)
        if backbones[name].sha256 != digest:
            raise BundleError(
                f"Bundle {bundle.model} was fitted on other weights of {name} than those in "
                f"place, whose SHA-256 begins with {backbones[name].sha256[:12]}. Put back the "
                f"file whose SHA-256 begins with {digest[:12]}, or fit the bundle again with "
                "`tag4pic train fit`."
            )
    for name in bundle.settings.get("w2v_classes", {}).get("backbones", ()):
        if (backbone := _with_classifier(name, weights_dir, loaded)) is not None:
            backbones[name] = backbone
    return backbones


def build_recommenders(bundle: Bundle, backbones: Mapping[str, Backbone]) -> dict[str, Recommender]:
    """A bundle's recommenders: ``als``, ``w2v`` or both.

    Raises:
        BundleError: where it has none, or is damaged.
    """
    recommenders: dict[str, Recommender] = {}
    if "als" in bundle.arrays:
        fitted = read_als(bundle)
        recommenders["als"] = AlsRecommender(fitted, backbones[fitted.backbone].classifier)
    if "w2v" in bundle.arrays:
        recommenders["w2v"] = _on_other_backbone(bundle, backbones) or read_w2v(bundle)
    if not recommenders:
        raise BundleError(
            f"Bundle {bundle.model} knows hashtags alone and cannot answer photos: fit one "
            "without `--backend tags`."
        )
    return recommenders


def _with_classifier(
    name: str, weights_dir: Path | None, loaded: Mapping[str, Backbone]
) -> Backbone | None:
    """An optional backbone; None without its weights or without a classifier in them."""
    path = find(name, weights_dir)
    if path is None:
        return None
    if name in loaded and loaded[name].sha256 == sha256(path):
        return loaded[name]
    try:
        backbone = load_backbone(name, weights_dir)
    except (UnknownBackboneError, WeightsError) as error:
        log.warning("%s is left out: %s", name, error)
        return None
    if backbone.classifier is None:
        log.warning("%s is left out: its file of weights has no ImageNet classifier.", name)
        return None
    return backbone


def _on_other_backbone(
    bundle: Bundle, backbones: Mapping[str, Backbone]
) -> Word2VecRecommender | None:
    """Word2Vec on the first loaded one of the backbones that the bundle prefers; None for none."""
    head = read_class_head(bundle)
    if head is None:
        return None
    for name in head.backbones:
        classifier = backbones[name].classifier if name in backbones else None
        if classifier is not None:
            log.info("Word2Vec runs on %s.", name)
            return Word2VecRecommender(
                name,
                head.on(classifier),
                read_vectors(bundle),
                head.prior,
                head.scale,
                head.hashtags_per_post,
            )
    return None
