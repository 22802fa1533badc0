"""Reads a dataset's posts with Spark, and locates its photos: a folder or Hadoop file system.

Posts are ``posts.jsonl``, or ``posts.parquet`` with the same names as columns; photos are files
beside it, which a post names by their path inside the folder.
"""

import os
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from training.datasets.format import (
    POSTS,
    DatasetError,
    ImageOf,
    Location,
    Post,
    Problems,
    image_in,
    posts_of_lines,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PARQUET = "posts.parquet"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_GLOB = re.compile(r"([\\*?\[\]{}^])")


@dataclass(frozen=True)
class DatasetFiles:
    """Where a dataset is.

    Attributes:
        root: its address, as Spark names files: ``file:/srv/posts``, ``hdfs://namenode/posts``.
        local: the folder, where it is one of this machine.
    """

    root: str
    local: Path | None

    def url_of(self, image: Path) -> str:
        """A photo's address, as Spark names it."""
        return f"{self.root}/{image}" if self.local is None else address(image)


def address(location: Location) -> str:
    """The address of a folder or file; a path without a scheme is one of this machine."""
    text = str(location)
    if _SCHEME.match(text):
        return text.rstrip("/")
    return f"file:{os.path.normpath(Path(text).absolute())}"


def literal(url: str) -> str:
    """An address with its glob characters escaped."""
    return _GLOB.sub(r"\\\1", url)


def read_posts(
    session: "SparkSession", dataset: Location, problems: Problems | None
) -> tuple[list[Post], DatasetFiles]:
    """A dataset's posts, as ``training.datasets.format.read_posts``, and where its photos are.

    Raises:
        DatasetError: where there is no dataset, or no post in it.
    """
    folder = address(dataset)
    name, table = _table(session, folder)
    image_of: ImageOf = _image_inside
    if folder.startswith("file:"):
        local = Path("/" + folder.removeprefix("file:").lstrip("/"))
        files, image_of = DatasetFiles(address(local), local), partial(image_in, local)
    else:
        # As the file system itself writes it: hdfs:///posts is hdfs://namenode/posts.
        sources = table.inputFiles()
        root = unquote(sources[0]).partition(f"/{name}")[0] if sources else folder
        files = DatasetFiles(root, None)
    try:
        lines = table.toArrow().column(0).to_pylist()
    except UnicodeDecodeError:
        raise DatasetError(
            f"{dataset}/{name} is not UTF-8, and Spark reads nothing else: save it as UTF-8."
        ) from None
    problems = Problems() if problems is None else problems
    return posts_of_lines(lines, f"{dataset}/{name}", image_of, problems=problems), files


def _table(session: "SparkSession", folder: str) -> "tuple[str, DataFrame]":
    """The name of a dataset's posts, and these as lines of JSON."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as sql

    for name in (PARQUET, POSTS):
        source = literal(f"{folder}/{name}")
        try:
            if name == POSTS:
                return name, session.read.text(source)
            posts = session.read.parquet(source)
            return name, posts.select(sql.to_json(sql.struct("*")).alias("value"))
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise DatasetError(
                    f"{folder}/{name} cannot be read ({error.getCondition()})."
                ) from error
    raise DatasetError(
        f"{folder} is not a dataset: it has neither {POSTS} nor {PARQUET}. `tag4pic train import` "
        "makes one from other layouts."
    )


def _image_inside(value: object, where: str, problems: Problems) -> Path | None:
    """The path of a photo that a post names, relative to its dataset's folder."""
    if not value:
        return None
    path = PurePosixPath(str(value))
    if path.is_absolute() or ".." in path.parts:
        problems.add("image outside the folder", where)
        return None
    return Path(path)
