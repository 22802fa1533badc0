"""From relevance to an order: the certain comes first, the rare moves up."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.bundle import Bundle, Part
from recommenders.bundle_reading import number, reads_settings, whole
from recommenders.w2v import read_directions

RANKING_SETTINGS = ("popularity_exponent", "diversity", "of_a_root")
"""Settings of a backend's part that belong to its ranking."""

_STYLE_POWER = {"relevant": 0.0, "balanced": 0.25, "popular": 1.0}

_SUREST = np.float32(0.99)
"""Relevance is capped here; among hashtags at the cap popularity alone decides."""


@dataclass(frozen=True)
class Hashtag:
    """A recommended hashtag, canonical and without ``#``, and its relevance."""

    tag: str
    score: float


@dataclass(frozen=True)
class Ranking:
    """How relevance becomes an order.

    Attributes:
        popularity: (V,) float32, share of the posts that carry each hashtag.
        rating: (V,) float32 from 0 to 1, likes that a hashtag's uses earn; all ones where unknown.
        exponent: of ``adjusted``, which ranks specific hashtags above common ones.
        diversity: how much a hashtag loses, among the first five, for its similarity to one before
            it (maximal marginal relevance, Carbonell & Goldstein 1998): 0 nothing, 1 all.
        directions: (V, d) unit vectors of hashtags, to compare them.
        of_a_root: how many of the first five may share a root, as dog, dogs and doglover do.
    """

    popularity: Floats
    rating: Floats
    exponent: float = 0.0
    diversity: float = 0.0
    directions: Floats | None = None
    of_a_root: int = 5

    def order(self, scores: Floats, style: str = "relevant") -> Floats:
        """Relevance (n, V) to what hashtags are sorted by, largest first: (n, V) float32."""
        known = len(self.popularity)
        order = adjusted(scores[:, :known], self.popularity, self.exponent)
        power = _STYLE_POWER[style]
        if power:
            order *= np.maximum(self.rating, 1e-3) ** power
        if scores.shape[1] == known:
            return order
        # Taught hashtags count as rare as the rarest known one.
        taught = adjusted(scores[:, known:], self.popularity.min(), self.exponent)
        return np.concatenate([order, taught], axis=1)

    def with_taught(self, uses: NDArray[np.number], photos: int) -> "Ranking":
        """The ranking extended by n hashtags that people taught.

        Args:
            uses: (n,) how many photos carry each of them.
            photos: how many photos are known in all.
        """
        share = (np.asarray(uses, np.float32) + np.float32(0.5)) / np.float32(photos + 1)
        # Never rarer than the rarest known one, or a little relevance would lift it too far; rated
        # as the median.
        rated = np.full(len(uses), np.median(self.rating), np.float32)
        return replace(
            self,
            popularity=np.append(self.popularity, np.clip(share, self.popularity.min(), 1)),
            rating=np.append(self.rating, rated),
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
def read_rankings(
    bundle: Bundle, backends: Iterable[str], directions: Floats
) -> dict[str, Ranking]:
    """Each backend's ranking, with the ``directions`` that ``read_directions`` reads."""
    popularity = bundle.floats("ranking", "popularity", len(bundle.hashtags))
    rating = bundle.floats("ranking", "rating", len(bundle.hashtags))
    settings = {backend: bundle.settings.get(backend, {}) for backend in backends}
    diversity = {backend: number(one, "diversity", 0.0) for backend, one in settings.items()}
    return {
        backend: Ranking(
            popularity,
            rating,
            number(one, "popularity_exponent", 0.0),
            diversity[backend],
            directions if diversity[backend] and len(directions) else None,
            whole(one, "of_a_root", Ranking.of_a_root, least=1),
        )
        for backend, one in settings.items()
    }


def read_ranking(bundle: Bundle, backend: str) -> Ranking:
    """One backend's ranking, from the part ``ranking`` and the backend's own settings."""
    return read_rankings(bundle, [backend], read_directions(bundle))[backend]


def adjusted(scores: Floats, popularity: Floats | np.float32, exponent: float) -> Floats:
    """The odds of relevance (n, V), divided by popularity (V,) to a power: (n, V) float32.

    Logit adjustment (Menon et al. 2021). Dividing relevance itself would rank a rare hashtag that
    may fit above a common one that certainly does; odds are unbounded, so the certain stays first:
    on Corel5k's training photos the first hashtag is right in 78 % instead of 73 %, at the same
    recall of rare ones.
    """
    sure = np.minimum(scores, _SUREST)
    return np.asarray(sure / (1 - sure) / popularity**exponent, np.float32)
