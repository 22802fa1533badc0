"""Vectors of hashtags: those that occur with the same hashtags are similar.

Skip-gram or CBOW with negative sampling (Mikolov et al. 2013) over posts' hashtags: a post is a
sentence. Its order means nothing, so posts and the hashtags within them are shuffled each epoch; a
window of three then meets every pair of a post in turn, and a post of thirty hashtags does not
outweigh ten of three.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec

from recommenders.arrays import Floats
from training.datasets.format import DatasetError, Post
from training.fitting.plan import Model, Plan, VectorsPlan
from training.fitting.vocabulary import frequencies
from training.progress import Progress, silent


def starting_vectors(vectors: Mapping[str, Floats], hashtags: int, plan: Plan) -> Floats:
    """The head's initial vectors (V, dims): the plan's model's, random where there are none."""
    random = np.random.default_rng(plan.seed)
    drawn = random.standard_normal((hashtags, plan.vectors.dims)).astype(np.float32)
    if plan.vectors.model not in vectors:
        return drawn
    learnt = vectors[plan.vectors.model]
    return np.where(learnt.any(axis=1, keepdims=True), learnt, drawn)


def epochs_of(posts: Sequence[Post], plan: VectorsPlan) -> int:
    """The number of epochs over all posts; 0 if no post has two hashtags."""
    counts = frequencies((post.hashtags for post in posts), plan.min_count)
    return _epochs(_sentences(posts, counts), plan)


def train_vectors(
    posts: Sequence[Post],
    model: Model = "skipgram",
    plan: VectorsPlan | None = None,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[list[str], Floats]:
    """Vectors of the hashtags that posts use.

    One thread, so that a seed always gives the same vectors.

    Args:
        posts: any order gives the same quality, one order the same vectors.
        progress: called after each epoch.

    Returns:
        The hashtags, most used first, and their vectors (V, dims) float32, not normalised; zeros
        for one that stands beside no other.

    Raises:
        DatasetError: where no post has two hashtags.
    """
    plan = plan or VectorsPlan()
    counts, sentences, epochs = sentences_of(posts, plan)
    shuffled = _Shuffled(sentences, list(counts), seed)
    word2vec = Word2Vec(
        vector_size=plan.dims,
        window=plan.window,
        sg=model == "skipgram",
        negative=plan.negative,
        # Hashtags of more than average use are subsampled, so that #love does not stand between
        # all others; 0.001 is gensim's default.
        sample=max(1e-3, 1 / len(counts)),
        min_count=1,
        epochs=epochs,
        seed=seed,
        workers=1,
    )
    word2vec.build_vocab_from_freq(counts, corpus_count=len(shuffled))
    word2vec.train(
        shuffled,
        total_examples=len(shuffled),
        total_words=shuffled.words,
        epochs=epochs,
        callbacks=[_EpochProgress(f"Word2Vec, {model}", epochs, progress)],
    )
    tags = list(counts)
    vectors = np.ascontiguousarray(word2vec.wv[tags], dtype=np.float32)
    # One that stands beside no other keeps what gensim drew for it, which would be near anything.
    alone = np.setdiff1d(np.arange(len(tags)), np.concatenate(sentences))
    vectors[alone] = 0
    return tags, vectors


def sentences_of(
    posts: Sequence[Post], plan: VectorsPlan
) -> tuple[dict[str, int], list[list[int]], int]:
    """What vectors are trained on: uses by hashtag, posts as indices into these, and the epochs.

    Raises:
        DatasetError: where no post has two hashtags.
    """
    counts = frequencies((post.hashtags for post in posts), plan.min_count)
    sentences = _sentences(posts, counts)
    if not sentences:
        raise DatasetError(
            "No post has two or more hashtags; vectors are learnt from hashtags used together."
        )
    return counts, sentences, _epochs(sentences, plan)


def _sentences(posts: Sequence[Post], counts: Mapping[str, int]) -> list[list[int]]:
    """Posts as indices into ``counts``, where they have at least two."""
    column = {tag: index for index, tag in enumerate(counts)}
    sentences = ([column[tag] for tag in post.hashtags if tag in column] for post in posts)
    return [sentence for sentence in sentences if len(sentence) > 1]


def _epochs(sentences: Sequence[Sequence[int]], plan: VectorsPlan) -> int:
    if not sentences:
        return 0
    if plan.epochs is not None:
        return plan.epochs
    epochs = -(-plan.uses // sum(map(len, sentences)))
    return min(max(epochs, plan.fewest_epochs), plan.most_epochs)


class _Shuffled:
    """Sentences in a new order on each iteration."""

    def __init__(self, sentences: Sequence[Sequence[int]], tags: Sequence[str], seed: int) -> None:
        self._tags = tags
        self._lengths = np.array([len(sentence) for sentence in sentences], np.int64)
        self._columns = np.array([c for sentence in sentences for c in sentence], np.int64)
        self._random = np.random.default_rng(seed)
        self.words = len(self._columns)

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[list[str]]:
        place = self._random.permutation(len(self))
        order = np.lexsort((self._random.random(self.words), np.repeat(place, self._lengths)))
        words = [self._tags[column] for column in self._columns[order].tolist()]
        start = 0
        for length in self._lengths[np.argsort(place)].tolist():
            yield words[start : start + length]
            start += length


class _EpochProgress(CallbackAny2Vec):  # type: ignore[misc]
    def __init__(self, doing: str, epochs: int, progress: Progress) -> None:
        self._doing, self._epochs, self._progress = doing, epochs, progress
        self._done = 0

    def on_epoch_end(self, model: Any) -> None:
        self._done += 1
        self._progress(self._doing, self._done, self._epochs)


def aligned(hashtags: Sequence[str], tags: Sequence[str], vectors: Floats) -> Floats:
    """Vectors (len(hashtags), dims) of a vocabulary; zeros for hashtags that have none."""
    row = {tag: index for index, tag in enumerate(tags)}
    known = [row.get(tag, -1) for tag in hashtags]
    padded = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), vectors.dtype)])
    return np.asarray(padded[known], np.float32)
