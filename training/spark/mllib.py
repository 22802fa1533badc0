"""MLlib's PCA, implicit ALS, Word2Vec and k-means, instead of those for one machine.

Where MLlib's formulas differ from those of ``implicit`` and gensim, each function says how it maps
the plan; what cannot be mapped is refused by ``training.spark.spark_engine``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csr_matrix
from sklearn.metrics import pairwise_distances_argmin

from recommenders.arrays import Floats
from recommenders.nearest import PhotoSpace
from training.datasets.format import Post
from training.features.examples import Features
from training.fitting.als import space_of
from training.fitting.categories import Points
from training.fitting.plan import AlsPlan, VectorsPlan
from training.fitting.vectors import sentences_of
from training.spark.columns import decoded, lists

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ROWS = 2048
"""Rows in a piece that goes to a worker."""
_K_MEANS_ROUNDS = 100


def photo_space(session: "SparkSession", features: Features, plan: AlsPlan) -> PhotoSpace:
    """PCA of features (n, dims): ``training.fitting.als.photo_space``.

    The covariance (dims, dims) is MLlib's, summed over the cluster. Its eigenvectors are taken here
    by LAPACK: MLlib's PCA takes them on the driver too, but in Java, many times slower.
    """
    from pyspark.mllib.linalg.distributed import RowMatrix
    from pyspark.mllib.util import MLUtils

    vectors = MLUtils.convertVectorColumnsFromML(_vectors(session, features), "vector")
    rows = RowMatrix(vectors)
    mean = rows.computeColumnSummaryStatistics().mean()
    variances, directions = np.linalg.eigh(rows.computeCovariance().toArray())
    return space_of(
        np.asarray(mean, np.float32), np.maximum(variances[::-1], 0), directions[:, ::-1], plan
    )


def _vectors(session: "SparkSession", features: Features) -> "DataFrame":
    """Features (n, dims) as MLlib's column ``vector``; they travel as float16."""
    import pyarrow
    from pyspark.ml.functions import array_to_vector

    pieces = []
    for start in range(0, len(features), _ROWS):
        block = np.ascontiguousarray(features[start : start + _ROWS], np.float16)
        fixed = pyarrow.binary(block.shape[1] * block.itemsize)
        rows = pyarrow.FixedSizeBinaryArray.from_buffers(
            fixed, len(block), [None, pyarrow.py_buffer(block.tobytes())]
        )
        pieces.append(rows.cast(pyarrow.binary()))
    table = pyarrow.table({"features": pyarrow.chunked_array(pieces)})
    numbers = session.createDataFrame(table).mapInArrow(decoded, "vector array<double>")
    return numbers.select(array_to_vector("vector").alias("vector"))


def factorise(session: "SparkSession", counts: csr_matrix, plan: AlsPlan) -> tuple[Floats, Floats]:
    """Implicit ALS of counts (photos, V): ``training.fitting.als.factorise``.

    A hashtag on a photo weighs ``alpha`` with implicit and ``1 + alpha`` with MLlib, so MLlib gets
    one less. implicit adds ``regularization`` to each photo's and hashtag's equation; MLlib adds
    ``regParam`` times the number of its counts (Zhou et al. 2008), so it gets ``regularization``
    divided by the mean number of hashtags per photo: the same for a photo with that many, more for
    a hashtag on more photos. MLlib solves each equation exactly (Cholesky), implicit by three steps
    of conjugate gradients.
    """
    import pyarrow
    from pyspark.ml.recommendation import ALS

    entries = sparse.coo_matrix(counts)
    table = pyarrow.table(
        {
            "photo": entries.row.astype(np.int32),
            "hashtag": entries.col.astype(np.int32),
            "weight": entries.data.astype(np.float32),
        }
    )
    per_photo = counts.nnz / max(int((np.diff(counts.indptr) > 0).sum()), 1)
    rank = min(plan.factors, *counts.shape)
    blocks = session.sparkContext.defaultParallelism
    als = ALS(
        rank=rank,
        maxIter=plan.iterations,
        regParam=plan.regularization / per_photo,
        alpha=plan.alpha - 1,
        implicitPrefs=True,
        numUserBlocks=blocks,
        numItemBlocks=blocks,
        userCol="photo",
        itemCol="hashtag",
        ratingCol="weight",
        seed=plan.seed,
    )
    fitted = als.fit(session.createDataFrame(table))

    def factors(rows: "DataFrame", count: int) -> Floats:
        """(count, rank) float32; zeros for what has no counts."""
        arrow = rows.toArrow().combine_chunks()
        made = np.zeros((count, rank), np.float32)
        values = arrow.column("features").combine_chunks().flatten().to_numpy()
        made[arrow.column("id").to_numpy()] = values.reshape(-1, rank)
        return made

    photos, hashtags = counts.shape
    return factors(fitted.userFactors, photos), factors(fitted.itemFactors, hashtags)


def train_vectors(
    session: "SparkSession", posts: Sequence[Post], plan: VectorsPlan, *, seed: int
) -> tuple[list[str], Floats]:
    """Skip-gram vectors of hashtags: ``training.fitting.vectors.train_vectors``.

    MLlib's Word2Vec uses hierarchical softmax where gensim draws negatives, subsamples no frequent
    words, and reads words in the same order in every iteration; so it gets all epochs, each
    shuffled, as one iteration. One partition: several are trained apart and averaged, which costs
    quality.
    """
    import pyarrow
    from pyspark.ml.feature import Word2Vec
    from pyspark.sql import functions as sql

    counts, sentences, epochs = sentences_of(posts, plan)
    words = np.array([column for sentence in sentences for column in sentence], np.int32)
    starts = np.cumsum([0, *map(len, sentences)], dtype=np.int32)
    column = pyarrow.ListArray.from_arrays(pyarrow.array(starts), pyarrow.array(words))
    hashtags = session.createDataFrame(pyarrow.table({"post": column})).coalesce(1)
    shuffled = (
        hashtags.crossJoin(session.range(epochs, numPartitions=1).withColumnRenamed("id", "epoch"))
        .select(
            "epoch",
            sql.rand(seed).alias("place"),
            sql.shuffle("post", seed + 1).cast("array<string>").alias("words"),
        )
        .sortWithinPartitions("epoch", "place")
    )
    word2vec = Word2Vec(
        vectorSize=plan.dims,
        windowSize=plan.window,
        minCount=0,
        maxIter=1,
        numPartitions=1,
        seed=seed,
        inputCol="words",
        outputCol="vector",
    )
    tags = list(counts)
    vectors = np.zeros((len(tags), plan.dims), np.float32)
    for row in word2vec.fit(shuffled).getVectors().toLocalIterator():
        vectors[int(row.word)] = row.vector.toArray()
    return tags, vectors


@dataclass(frozen=True)
class Centres:
    """The centres (k, dims) of k-means."""

    centres: Floats

    def predict(self, points: Points, /) -> NDArray[np.intp]:
        """The nearest centre of each point."""
        nearest: NDArray[np.intp] = pairwise_distances_argmin(_dense(points), self.centres)
        return nearest


def k_means(session: "SparkSession", points: Points, k: int, seed: int) -> Centres:
    """k-means|| (Bahmani et al. 2012) of points (n, dims), once, where scikit-learn takes the best
    of four starts."""
    if k == 1:  # which MLlib refuses
        return Centres(_dense(points).mean(axis=0, keepdims=True))
    import pyarrow
    from pyspark.ml.clustering import KMeans
    from pyspark.ml.functions import array_to_vector

    table = session.createDataFrame(pyarrow.table({"point": lists(_dense(points))}))
    vectors = table.select(array_to_vector("point").alias("features")).cache()
    fitted = KMeans(k=k, seed=seed, maxIter=_K_MEANS_ROUNDS).fit(vectors)
    vectors.unpersist()
    return Centres(np.asarray(fitted.clusterCenters(), np.float32))


def _dense(points: Points) -> Floats:
    return np.asarray(points.toarray() if sparse.issparse(points) else points, np.float32)
