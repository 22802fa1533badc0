"""Similar hashtags: those that stand beside the same hashtags.

Skip-gram or CBOW with negative sampling (Mikolov et al. 2013) over posts' hashtags: a post is a
sentence. Its order means nothing, so posts and the hashtags within them are shuffled each epoch; a
window of three then meets every pair of a post in turn, and a post of thirty hashtags does not
outweigh ten of three.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
from gensim.models import Word2Vec
from numpy.typing import NDArray

from recommenders.arrays import Floats, unit
from training.datasets.format import DatasetError, Post

Model = Literal["skipgram", "cbow"]
Progress = Callable[[int, int], None]
"""Called with (done, total)."""

MODELS: tuple[Model, ...] = ("skipgram", "cbow")
NEIGHBOURS = 20
_BLOCK = 256
_USES_SEEN = 4_000_000
"""Uses of hashtags that training sees in all: HARRISON's 260,760 fifteen times over, beyond which a
held-out hashtag is told from a random one no better."""
_EPOCHS = (5, 300)


def train_vectors(
    posts: Sequence[Post],
    *,
    model: Model = "skipgram",
    dims: int = 150,
    window: int = 3,
    negative: int = 5,
    epochs: int | None = None,
    min_count: int = 1,
    sample: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[list[str], Floats]:
    """Vectors of the hashtags that posts use.

    One thread, so that a seed always gives the same vectors.

    Args:
        posts: any order gives the same quality, one order the same vectors.
        model: ``skipgram`` or ``cbow``.
        window: how far the model looks to either side in a shuffled post.
        negative: hashtags drawn at random against each true neighbour.
        epochs: times that the posts are gone through; None for as many as their number asks for.
        min_count: uses that a hashtag needs to get a vector.
        sample: hashtags that make up more than this share of uses are left out now and then, so
            that #love does not stand between all others; 0 for never, None for the share of a
            hashtag of average use, but no less than gensim's 0.001.
        progress: told after each epoch.

    Returns:
        The hashtags, most used first, and their vectors (V, dims) float32, not normalised.

    Raises:
        DatasetError: where no post has two hashtags that are used ``min_count`` times.
    """
    counts = _counts(posts, min_count)
    column = {tag: index for index, tag in enumerate(counts)}
    sentences = [[column[tag] for tag in post.hashtags if tag in column] for post in posts]
    sentences = [sentence for sentence in sentences if len(sentence) > 1]
    if not sentences:
        raise DatasetError(
            f"No post has two hashtags that are used at least {min_count} times, and hashtags are "
            "told by those beside them. Add posts, or lower --min-count."
        )
    if epochs is None:
        uses = sum(map(len, sentences))
        epochs = min(max(-(-_USES_SEEN // uses), _EPOCHS[0]), _EPOCHS[1])
    shuffled = _Shuffled(sentences, list(counts), seed, epochs, progress)
    word2vec = Word2Vec(
        vector_size=dims,
        window=window,
        sg=model == "skipgram",
        negative=negative,
        sample=max(1e-3, 1 / len(counts)) if sample is None else sample,
        min_count=1,
        epochs=epochs,
        seed=seed,
        workers=1,
    )
    word2vec.build_vocab_from_freq(counts, corpus_count=len(shuffled))
    word2vec.train(
        shuffled, total_examples=len(shuffled), total_words=shuffled.words, epochs=epochs
    )
    if progress:
        progress(epochs, epochs)
    tags: list[str] = list(counts)
    vectors = word2vec.wv[tags]
    return tags, np.ascontiguousarray(vectors, dtype=np.float32)


def _counts(posts: Sequence[Post], min_count: int) -> dict[str, int]:
    """Uses of the hashtags that have enough of them, the most used first, then by name."""
    uses = Counter(tag for post in posts for tag in post.hashtags)
    kept = [(tag, count) for tag, count in uses.items() if count >= min_count]
    return dict(sorted(kept, key=lambda item: (-item[1], item[0])))


class _Shuffled:
    """Sentences in a new order each time they are gone through."""

    def __init__(
        self,
        sentences: Sequence[Sequence[int]],
        tags: Sequence[str],
        seed: int,
        epochs: int,
        progress: Progress | None,
    ) -> None:
        self._tags = tags
        self._lengths = np.array([len(sentence) for sentence in sentences], np.int64)
        self._columns = np.array([c for sentence in sentences for c in sentence], np.int64)
        self._random = np.random.default_rng(seed)
        self._epochs = epochs
        self._epoch = 0
        self._progress = progress
        self.words = len(self._columns)

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[list[str]]:
        if self._progress and self._epoch:
            self._progress(min(self._epoch, self._epochs), self._epochs)
        self._epoch += 1
        place = self._random.permutation(len(self))
        order = np.lexsort((self._random.random(self.words), np.repeat(place, self._lengths)))
        words = [self._tags[column] for column in self._columns[order].tolist()]
        start = 0
        for length in self._lengths[np.argsort(place)].tolist():
            yield words[start : start + length]
            start += length


def aligned(hashtags: Sequence[str], tags: Sequence[str], vectors: Floats) -> Floats:
    """Vectors (len(hashtags), dims) of a vocabulary; zeros for hashtags that have none."""
    row = {tag: index for index, tag in enumerate(tags)}
    known = [row.get(tag, -1) for tag in hashtags]
    padded = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), vectors.dtype)])
    return np.asarray(padded[known], np.float32)


def similar_table(
    vectors: Floats, k: int = NEIGHBOURS
) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
    """The nearest hashtags of every hashtag by cosine, nearest first.

    Computed a block of rows at a time: 50,000 hashtags never need their 10 GB of cosines at once.

    Args:
        vectors: (V, dims). A row of zeros is a hashtag without a vector: it has no neighbours and
            is nobody's.

    Returns:
        Columns (V, k') int32 and cosines (V, k') float16, where k' is at most ``k`` and V - 1;
        a column of -1 where there is no further neighbour.
    """
    count = len(vectors)
    width = max(0, min(k, count - 1))
    known = np.any(vectors != 0, axis=1)
    normalised = unit(vectors)
    indices = np.full((count, width), -1, np.int32)
    cosines = np.zeros((count, width), np.float16)
    if not width:
        return indices, cosines
    for start in range(0, count, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, count))
        block = normalised[rows] @ normalised.T
        block[:, ~known] = -np.inf
        block[~known[rows]] = -np.inf
        block[rows - start, rows] = -np.inf
        best = np.argpartition(-block, width - 1, axis=1)[:, :width]
        best.sort(axis=1)  # of equal cosines the more used hashtag, which comes first, stands first
        values = np.take_along_axis(block, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        values = np.take_along_axis(values, order, axis=1)
        found = np.isfinite(values)
        indices[rows] = np.where(found, np.take_along_axis(best, order, axis=1), -1)
        cosines[rows] = np.where(found, np.clip(values, -1, 1), 0)
    return indices, cosines
