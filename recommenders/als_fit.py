"""The result of an ALS fit, as a part of a bundle too, and its normal equation.

The equation gives one side's factors with the other fixed.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Array, Doubles, Floats, unit, whole_numbers
from recommenders.backbones.recipe import CLASSES
from recommenders.backbones.registry import dims
from recommenders.bundle import NEIGHBOURS, Bundle, BundleError, Part
from recommenders.bundle_reading import number, reads_settings, whole, within
from recommenders.nearest import KnownPhotos, PhotoIndex, PhotoIndexError, PhotoSpace
from recommenders.ranking import RANKING_SETTINGS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class AlsSettings:
    """How neighbours are weighted and how taught photos are solved.

    Attributes:
        neighbours: how many known photos count.
        sharpness: a neighbour has weight exp(sharpness · cosine).
        alpha, regularization: of the normal equation, the same as in the fit.
        class_weight: weight of the ImageNet classes against the neighbours, 0 to 1, where the
            classifier is sure of one class.
        class_power: how fast that weight falls with the probability of the likeliest class.
        rows_per_photo: known photos for each photo of the fit: 2 where its mirror image follows.
    """

    neighbours: int = 50
    sharpness: float = 15.0
    alpha: float = 10.0
    regularization: float = 0.1
    class_weight: float = 0.0
    class_power: float = 1.0
    rows_per_photo: int = 1


@dataclass(frozen=True)
class ClassHashtags:
    """A sparse matrix of each hashtag's relevance given a class: a few hashtags for each class.

    Plain arrays, because importing SciPy would take a third of a start.

    Attributes:
        columns: (classes, most) int32, the hashtags of each class.
        weights: (classes, most) float32, their relevance, padded with 0.
        hashtags: V, the number of hashtags.
    """

    columns: NDArray[np.int32]
    weights: Floats
    hashtags: int

    @classmethod
    def of(cls, table: "csr_matrix") -> "ClassHashtags":
        """From a sparse matrix (classes, V)."""
        lengths = np.diff(table.indptr)
        width = int(lengths.max(initial=1))
        columns = np.zeros((len(lengths), width), np.int32)
        weights = np.zeros((len(lengths), width), np.float32)
        filled = np.arange(width) < lengths[:, None]
        columns[filled], weights[filled] = table.indices, table.data
        return cls(columns, weights, table.shape[1])

    def sums(self, probabilities: Floats) -> Floats:
        """Probabilities of classes (n, classes) to evidence for hashtags (n, V) float32."""
        columns = self.columns.ravel()
        rows = [
            np.bincount(columns, (row[:, None] * self.weights).ravel(), self.hashtags)
            for row in probabilities
        ]
        return np.asarray(rows, np.float32).reshape(-1, self.hashtags)

    def of_hashtag(self, column: int) -> Floats:
        """One hashtag's relevance given each class, (classes,) float32."""
        return np.asarray(self.weights.sum(axis=1, where=self.columns == column), np.float32)


@dataclass(frozen=True)
class FittedAls:
    """The result of a fit, as a bundle stores it.

    Attributes:
        backbone: the backbone whose features it takes.
        space: maps features to the space of neighbours.
        photos: (N, k) float32 unit vectors of known photos, or an index of them.
        photo_factors: (N, f) float32.
        hashtag_factors: (V, f) float32.
        settings: see ``AlsSettings``.
        class_hashtags: for the backbone's own ImageNet classes; None without. Used directly,
            because the factors would blur a class that few photos show.
        fitted_hashtags: how many of the hashtags the fit knew, all where None. The factors of the
            others were solved from taught photos, and are solved again when these are taught here.
    """

    backbone: str
    space: PhotoSpace
    photos: KnownPhotos
    photo_factors: Floats
    hashtag_factors: Floats
    settings: AlsSettings
    class_hashtags: ClassHashtags | None = None
    fitted_hashtags: int | None = None

    @property
    def photo_count(self) -> int:
        """How many photos the fit had, mirror images not counted."""
        return len(self.photos) // self.settings.rows_per_photo

    @property
    def photo_gram(self) -> Floats:
        """FᵀF of the photo factors as in the fit, each photo once: (f, f) float32."""
        rows = np.float32(self.settings.rows_per_photo)
        return self.photo_factors.T @ self.photo_factors / rows


def als_part(fitted: FittedAls) -> Part:
    """The part ``als``: factors as float16, photos' vectors as int8."""
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


def with_hashtag_factors(bundle: Bundle, factors: Floats) -> Part:
    """The part ``als`` with the factors (V + new, f) of an extended vocabulary."""
    arrays, settings = bundle.arrays["als"], bundle.settings["als"]
    return Part(
        {"fitted_hashtags": settings.get("fitted_hashtags", len(bundle.hashtags))},
        arrays | {"hashtag_factors": factors.astype(arrays["hashtag_factors"].dtype)},
    )


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


def solve(
    fixed: Floats, gram: Floats, rows: NDArray[np.intp], alpha: float, regularization: float
) -> Floats:
    """One side's factors with the other side's fixed: (f,) float32.

    (FᵀF + (α - 1)FᵣᵀFᵣ + λI) x = α Σ Fᵣ, with F the fixed factors and r the rows that occur with x.
    As in the fit (``implicit``), what occurs has confidence α, all else 1.

    Args:
        fixed: (n, f) the other side's factors.
        gram: (f, f) FᵀF.
        rows: which of ``fixed`` occur with this one.
    """
    occurring = fixed[rows]
    left = gram + (alpha - 1) * (occurring.T @ occurring)
    left += regularization * np.eye(len(gram), dtype=np.float32)
    return np.linalg.solve(left, alpha * occurring.sum(axis=0)).astype(np.float32)


def solve_few(fixed: Floats, inverse: Doubles, rows: NDArray[np.intp], alpha: float) -> Floats:
    """``solve`` for many at once, each of which occurs with few rows: (m, f) float32.

    With G = FᵀF + λI, x = αG⁻¹Fᵣᵀ(I + (α - 1)FᵣG⁻¹Fᵣᵀ)⁻¹1 (Woodbury): r equations instead of f.

    Args:
        fixed: (n, f) the other side's factors.
        inverse: (f, f) of FᵀF + λI.
        rows: (m, r) which of ``fixed`` occur with each.
    """
    occurring = fixed[rows].astype(np.float64)
    projected = occurring @ inverse
    left = (alpha - 1) * (projected @ occurring.transpose(0, 2, 1)) + np.eye(rows.shape[1])
    weights = np.linalg.solve(left, np.ones((*rows.shape, 1)))[..., 0]
    return np.asarray(alpha * np.einsum("mrf,mr->mf", projected, weights), np.float32)


def weighted_mean(factors: Floats, shares: Floats) -> Floats:
    """Mean of (n, k, f) over k, weighted by ``shares`` (n, k), whose rows sum to 1."""
    return np.asarray(np.einsum("nk,nkf->nf", shares, factors, optimize=True), np.float32)
