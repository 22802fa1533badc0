"""Features of photos computed by Spark's workers, and cached as Parquet.

Photos are read by Spark's own reader, which knows every Hadoop file system; workers get their
bytes, decode them and run the network, which is broadcast once. A cached row has a photo's address,
size and modification time, by which it is recognised without being read, and its features as
float16, or why there are none.
"""

import pickle
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recommenders.backbones.backbone import Backbone
from training.datasets.format import Location, Problems
from training.features.changes import Change
from training.features.compute import batches, features_of, loaded_from
from training.progress import Progress
from training.spark.dataset_files import DatasetFiles, address, literal

if TYPE_CHECKING:
    import pyarrow
    from pyspark.broadcast import Broadcast
    from pyspark.sql import SparkSession

CHUNK = 4096
"""Photos cached at a time; at most this many are lost when a fit is cut short."""

_BATCH = 16
_KEY = ("path", "length", "modificationTime")
_SCHEMA = "path string, length long, modificationTime timestamp, features binary, reason string"
_COLON = "name has a colon, which Spark cannot read: rename the file"
_HIDDEN = "name begins with _ or ., which Spark does not read: rename the file or folder"
_MISSING = "No such file or directory"


def embed(
    session: "SparkSession",
    files: DatasetFiles,
    paths: Sequence[Path],
    backbone: Backbone,
    cache_dir: Location,
    *,
    change: Change,
    progress: Progress,
    problems: Problems,
    chunk: int = CHUNK,
) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Features of photos, cached or computed; see ``training.features.compute.embed``.

    Args:
        cache_dir: a folder or address that all workers reach.
        chunk: photos cached at a time.
    """
    from pyspark.errors import AnalysisException

    table = f"{backbone.name}-{backbone.sha256[:12]}{change.file_suffix}.parquet"
    cache = f"{address(cache_dir)}/{table}"
    rows_of: dict[str, list[int]] = {}
    for row, path in enumerate(paths):
        rows_of.setdefault(files.url_of(path), []).append(row)
    listed = _listed(session, files)
    there = {url: listed[url] for url in rows_of if url in listed and not _has_colon(url)}

    def cached(*columns: str) -> Iterator[Any]:
        """The cached rows of photos that have not changed since."""
        try:
            rows = session.read.schema(_SCHEMA).parquet(literal(cache))
        except AnalysisException:  # nothing is cached yet
            return
        for row in rows.select(*_KEY, *columns).toLocalIterator(prefetchPartitions=True):
            if there.get(row.path) == (row.length, row.modificationTime):
                yield row

    computed = {row.path for row in cached()}
    missing = [url for url in there if url not in computed]
    doing, total = f"{backbone.name}{change}", len(rows_of)
    progress(doing, total - len(missing), total)
    if missing:
        network = session.sparkContext.broadcast(pickle.dumps(backbone))
        compute = partial(_compute, network, change)
        for chosen in batches(len(missing), chunk):
            urls = [literal(url) for url in missing[chosen]]
            photos = session.read.format("binaryFile").load(urls).select(*_KEY, "content")
            photos.mapInArrow(compute, _SCHEMA).write.mode("append").parquet(cache)
            progress(doing, total - len(missing) + chosen.stop, total)

    features = np.zeros((len(paths), backbone.dims), np.float16)
    readable = np.zeros(len(paths), np.bool_)
    reasons = {row: _why_missing(url, files) for url, rows in rows_of.items() for row in rows}
    for row in cached("features", "reason"):
        for place in rows_of[row.path]:
            if row.features is None:
                reasons[place] = row.reason
            else:
                features[place] = np.frombuffer(row.features, np.float16)
                readable[place] = True
    for place in np.flatnonzero(~readable).tolist():
        problems.add(reasons[place], str(paths[place]))
    return features, readable


def _has_colon(url: str) -> bool:
    """Whether a local file's name has one, at which Spark would fail, and the whole fit with it.

    Only this machine's file system looks for checksums beside a file, by a path of its name.
    """
    return url.startswith("file:") and ":" in url.rpartition("/")[2]


def _why_missing(url: str, files: DatasetFiles) -> str:
    """Why Spark has not read a photo."""
    for name in url.removeprefix(files.root).split("/"):
        if name.startswith(".") or (name.startswith("_") and "=" not in name):
            return _HIDDEN
    return _COLON if _has_colon(url) else _MISSING


def _listed(session: "SparkSession", files: DatasetFiles) -> dict[str, tuple[Any, ...]]:
    """Size and modification time of every file in a dataset's folder, without reading any."""
    listing = (
        session.read.format("binaryFile")
        .option("recursiveFileLookup", "true")
        .load(literal(files.root))
        .select(*_KEY)
    )
    return {
        row.path: (row.length, row.modificationTime)
        for row in listing.toLocalIterator(prefetchPartitions=True)
    }


def _compute(
    network: "Broadcast[bytes]", change: Change, tables: "Iterator[pyarrow.RecordBatch]"
) -> "Iterator[pyarrow.RecordBatch]":
    """On a worker: tables of photos with their content become tables of their features."""
    import pyarrow

    backbone = _built(network.value)
    load = partial(loaded_from, view=backbone.view, change=change)
    for table in tables:
        for start in range(0, table.num_rows, _BATCH):
            photos = table.slice(start, _BATCH)
            loaded = [load(content.as_py()) for content in photos.column("content")]
            vectors = features_of(loaded, backbone)
            features = [None if vector is None else vector.tobytes() for vector in vectors]
            yield pyarrow.RecordBatch.from_arrays(
                [
                    *(photos.column(name) for name in _KEY),
                    pyarrow.array(features, pyarrow.binary()),
                    pyarrow.array([reason for _, _, reason in loaded], pyarrow.string()),
                ],
                names=[*_KEY, "features", "reason"],
            )


@lru_cache(maxsize=1)
def _built(network: bytes) -> Backbone:
    """The network, built once in each of a worker's processes."""
    backbone: Backbone = pickle.loads(network)
    return backbone
