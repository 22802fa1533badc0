"""Fits that Spark computes: on this machine's cores, and on a cluster of two workers."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from recommenders.arrays import unit
from recommenders.bundle import load
from tests.bot.cli.fitted import Tag4pic
from tests.shapes import posts_of, shapes, small_plan, write_posts
from tests.spark_cluster import QUICK_JAVA, cluster, missing
from training.datasets.format import DatasetError, Post, Problems
from training.features.changes import AS_IT_IS
from training.features.compute import embed
from training.fitting.fit_engine import ONE_MACHINE
from training.fitting.plan import AlsPlan, VectorsPlan
from training.fitting.prepare import get_backbone
from training.fitting.vocabulary import matrix
from training.progress import silent
from training.spark.dataset_files import address
from training.spark.session import SparkError, sentence_of, spark_session
from training.spark.spark_engine import SparkEngine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

needs_spark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

BACKBONE = "efficientnet_lite0"
TINY = {
    "heads": 1,
    "categories": 2,
    "photos.mirrored": False,
    "vectors.epochs": 1,
    "vectors.dims": 8,
}


@pytest.fixture(scope="module", autouse=True)
def memory() -> Iterator[None]:
    """The only JVM of these tests, and the workers that it asks for, take little memory."""
    with pytest.MonkeyPatch.context() as patch:
        options = {
            "spark.executor.memory": "512m",
            "spark.driver.extraJavaOptions": QUICK_JAVA,
            "spark.executor.extraJavaOptions": QUICK_JAVA,
            # A query of a few rows is over before Java for it would be written and compiled.
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.shuffle.partitions": "2",
        }
        listed = " ".join(f"--conf '{name}={value}'" for name, value in options.items())
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"--driver-memory 512m {listed} pyspark-shell")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
        yield


@pytest.fixture
def session() -> "Iterator[SparkSession]":
    with spark_session("local[2]") as session:
        yield session


@needs_spark
def test_a_fit_by_spark_is_a_bundle_that_answers(tag4pic: Tag4pic, folder: Path) -> None:
    dataset = shapes(folder / "posts", 36, test=9)
    knobs = [f"--set={name}={str(value).lower()}" for name, value in TINY.items()]
    fitted = tag4pic(
        *("train", "fit", "--dataset", str(dataset), "--out", "mine", "--cache", "kept"),
        *("--engine", "spark", "--master", "local[2]", "--backbone", BACKBONE),
        *("--backend", "w2v", "--plan", str(small_plan(folder)), *knobs),
    )
    assert fitted.exit_code == 0, fitted.output
    assert load(folder / "mine").provenance["engine"].startswith("spark 4")
    photo = str(dataset / "images" / "000.jpg")
    answered = tag4pic("recommend", photo, "--json", env={"MODEL_DIR": "mine"})
    assert "red" in [one["tag"] for one in json.loads(answered.stdout)["hashtags"]]


@needs_spark
def test_features_are_kept_and_are_those_of_one_machine(
    session: "SparkSession", tmp_path: Path
) -> None:
    posts = shapes(tmp_path / "posts", 8, test=0)
    odd = tmp_path / "posts" / "images" / "é 100%25 [x].jpg"
    (posts / "images" / "000.jpg").rename(odd)
    (posts / "images" / "001.jpg").write_bytes(b"no photo")
    (posts / "images" / "002.jpg").unlink()
    (posts / "images" / "003.jpg").rename(posts / "images" / "_DSC3.jpg")
    (posts / "images" / "004.jpg").rename(posts / "images" / "4:5.jpg")
    names = ["001.jpg", "002.jpg", "_DSC3.jpg", "4:5.jpg", "005.jpg", "006.jpg", "007.jpg"]
    paths = [odd, *(posts / "images" / name for name in names)]
    network = get_backbone(BACKBONE, None)
    readable_ones = [True, *[False] * 4, *[True] * 3]
    here, _ = embed(paths, network, tmp_path / "here", processes=1)
    engine = SparkEngine(session)
    engine.read_posts(posts, None)

    def by_spark(doing: Any = silent) -> tuple[Any, Problems]:
        problems = Problems()
        features, readable = engine.embed(
            *(paths, network, tmp_path / "kept"),
            change=AS_IT_IS,
            progress=doing,
            problems=problems,
        )
        assert readable.tolist() == readable_ones
        return features, problems

    features, problems = by_spark()
    assert np.array_equal(features[readable_ones], here[readable_ones])
    reason_of = {example: why for why, [example] in problems.examples.items()}
    assert sorted(reason_of) == sorted(map(str, paths[1:5]))
    assert reason_of[str(paths[2])] == "No such file or directory"
    assert reason_of[str(paths[3])].startswith("name begins with _ or .")
    assert reason_of[str(paths[4])].startswith("name has a colon")
    done: list[int] = []
    again, _ = by_spark(lambda doing, count, total: done.append(count))
    assert np.array_equal(again, features)
    assert done == [8]


@needs_spark
def test_each_step_finds_what_one_machine_finds(session: "SparkSession") -> None:
    engine, random = SparkEngine(session), np.random.default_rng(0)
    beach, city = ["sea", "sand", "sun"], ["street", "tower", "bridge"]
    posts = [Post(tuple(random.permutation(tags)[:2])) for tags in [beach, city] * 20]
    group = np.arange(40) % 2
    features = (random.standard_normal((40, 6)) + 3 * group[:, None]).astype(np.float16)

    plan = AlsPlan(factors=4, iterations=5, variance=0.9)
    spaces = [one.photo_space(features, plan).project(features) for one in (engine, ONE_MACHINE)]
    assert np.allclose(*(space @ space.T for space in spaces), atol=1e-3)

    counts = matrix([post.hashtags for post in posts], [*beach, *city])
    photos, tags_of = engine.factorise(counts, plan)
    for photo, carried in zip(photos, counts.toarray() > 0, strict=True):  # as implicit's equation
        own = tags_of[carried]
        left = tags_of.T @ tags_of + (plan.alpha - 1) * own.T @ own
        left += plan.regularization * np.eye(plan.factors)
        assert np.allclose(left @ photo, plan.alpha * own.sum(axis=0), atol=1e-3)

    knobs = VectorsPlan(dims=8, epochs=60)
    tags, vectors = engine.train_vectors(posts, "skipgram", knobs, seed=0, progress=silent)
    near = unit(vectors) @ unit(vectors).T
    same = np.array([[(a in beach) == (b in beach) for a in tags] for b in tags])
    assert near[same].mean() > near[~same].mean() + 0.2

    assert not engine.k_means(features, 1, 0).predict(features).any()
    found = engine.k_means(features, 2, 0).predict(features)
    assert len(np.unique(found)) == 2
    assert np.array_equal(found == found[0], group == group[0])


def test_the_address_of_a_folder_beside_this_one_has_no_dots() -> None:
    assert address("/srv/work/../posts/") == "file:/srv/posts"


@needs_spark
def test_posts_are_read_from_parquet_at_an_address(session: "SparkSession", tmp_path: Path) -> None:
    posts = shapes(tmp_path / "posts", 9, test=3)
    (posts / "posts.jsonl").rename(tmp_path / "rows.jsonl")
    session.read.json(str(tmp_path / "rows.jsonl")).write.parquet(str(posts / "posts.parquet"))
    read = SparkEngine(session).read_posts(posts.as_uri(), None)
    write_posts(posts, (tmp_path / "rows.jsonl").read_text().splitlines())
    rows = posts_of(posts)
    assert [list(post.hashtags) for post in read] == [row["hashtags"] for row in rows]
    assert [post.image for post in read] == [posts / row["image"] for row in rows]
    assert [post.likes for post in read] == [row["likes"] for row in rows]


@needs_spark
def test_posts_that_are_not_utf_8_are_a_sentence(session: "SparkSession", tmp_path: Path) -> None:
    engine = SparkEngine(session)
    for encoding in ("utf-16", "cp1251"):
        (tmp_path / "posts.jsonl").write_text('{"hashtags": ["море"]}\n', encoding=encoding)
        with pytest.raises(DatasetError, match=r"posts\.jsonl is not UTF-8.*save it as UTF-8"):
            engine.read_posts(tmp_path, None)


@needs_spark
def test_a_colon_in_a_name_is_read_where_the_file_system_takes_it(
    session: "SparkSession", tmp_path: Path
) -> None:
    posts = shapes(tmp_path / "posts", 1, test=0)
    (posts / "images" / "000.jpg").rename(posts / "images" / "4:5.jpg")
    # A Hadoop file system of its own, onto this folder without the checksums that trip over colons.
    session.conf.set("fs.file.impl", "org.apache.hadoop.fs.RawLocalFileSystem")
    session.conf.set("fs.viewfs.mounttable.colons.link./posts", address(posts))
    engine = SparkEngine(session)
    engine.read_posts("viewfs://colons/posts", None)
    problems = Problems()
    _, readable = engine.embed(
        *([Path("images/4:5.jpg")], get_backbone(BACKBONE, None), tmp_path / "kept"),
        change=AS_IT_IS,
        progress=silent,
        problems=problems,
    )
    assert readable.all(), problems


@needs_spark
def test_one_of_two_workers_is_killed_half_way_and_nothing_is_lost(tmp_path: Path) -> None:
    posts = shapes(tmp_path / "posts", 24, test=0)
    network = get_backbone(BACKBONE, None)
    here, _ = embed(sorted(posts.glob("images/*")), network, tmp_path / "here", processes=1)
    with cluster() as workers:
        first, _ = workers.add_worker(), workers.add_worker()
        with spark_session(workers.url) as session:
            tracker = session.sparkContext.statusTracker()
            killer = Thread(target=lambda: (_job_runs(tracker), workers.kill(first)))

            def kill_half_way(doing: str, done: int, total: int) -> None:
                if 0 < done < total and not killer.ident:
                    killer.start()

            engine = SparkEngine(session, chunk=8)
            read = engine.read_posts(posts, None)
            paths = [post.image for post in read if post.image is not None]
            features, readable = engine.embed(
                *(paths, network, tmp_path / "kept"),
                change=AS_IT_IS,
                progress=kill_half_way,
                problems=Problems(),
            )
            killer.join()
            counts = matrix([post.hashtags for post in read], ["red", "blue", "circle"])
            factors, _ = engine.factorise(counts, AlsPlan(factors=2, iterations=2))
    assert readable.all()
    assert np.array_equal(features, here)
    assert np.isfinite(factors).all()


def _job_runs(tracker: Any) -> None:
    while not tracker.getActiveJobsIds():
        sleep(0.01)


@needs_spark
@pytest.mark.parametrize(
    ("worker", "sentence"),
    [("out of memory", "ran out of memory"), ("killed", "most likely because memory ran out")],
)
def test_a_worker_without_memory_is_a_sentence(worker: str, sentence: str) -> None:
    def fails(tables: Iterator[Any]) -> Iterator[Any]:
        if worker == "killed":
            os._exit(137)
        raise MemoryError

    with pytest.raises(SparkError, match=sentence), spark_session("local[1]") as session:
        session.range(1).mapInArrow(fails, "id long").collect()


def test_a_cluster_whose_workers_end_for_want_of_memory_is_a_sentence() -> None:
    reason = (
        "Lost task 0.3 in stage 6.0 (TID 4008) (127.0.0.1 executor 1): "
        "java.util.concurrent.RejectedExecutionException: Task "
        "org.apache.spark.executor.Executor$TaskRunner@59d89b06 rejected from "
        "java.util.concurrent.ThreadPoolExecutor@42871dd9[Shutting down, pool size = 1]"
    )
    assert "most likely because memory ran out" in str(sentence_of(RuntimeError(reason)))


@needs_spark
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("ufs://bucket/posts", "Spark does not know addresses that begin with ufs: "),
        ("s3a://bucket/posts", "Spark does not know addresses that begin with s3a: "),
        ("hdfs://127.0.0.1:1/posts", "No file system answers at localhost:1: start it"),
    ],
)
def test_an_address_that_spark_cannot_read_is_a_sentence(address: str, sentence: str) -> None:
    with pytest.raises(SparkError) as refused, spark_session("local[2]") as session:
        SparkEngine(session).read_posts(address, None)
    assert str(refused.value).startswith(sentence)


def test_a_host_that_nobody_knows_is_a_sentence() -> None:
    reason = "java.net.UnknownHostException: namenode"
    assert str(sentence_of(RuntimeError(reason))).startswith("No host is named namenode: ")


def test_a_failure_is_told_by_its_last_cause() -> None:
    reason = """An error occurred while calling o58.getResult.
: org.apache.spark.SparkException: Exception thrown in awaitResult:
\tat org.apache.spark.util.ThreadUtils$.awaitResult(ThreadUtils.scala:56)
Caused by: org.apache.spark.SparkException: Encountered error while reading file posts.jsonl.
Caused by: org.apache.hadoop.hdfs.BlockMissingException: Could not obtain block: 7 of posts.jsonl
\t... 1 more"""
    sentence = "Spark could not go on: Could not obtain block: 7 of posts.jsonl. "
    assert str(sentence_of(RuntimeError(reason))).startswith(sentence)


@needs_spark
@pytest.mark.parametrize(
    ("master", "sentence"),
    [
        ("spark://127.0.0.1:1", "No Spark master answers at spark://127.0.0.1:1"),
        ("spark://nowhere", "--master spark://nowhere is not an address"),
        ("mesos", "Spark does not start with --master mesos: "),
    ],
)
def test_a_wrong_master_is_a_sentence(
    tag4pic: Tag4pic, folder: Path, master: str, sentence: str
) -> None:
    arguments = ("--dataset", "posts", "--out", "mine", "--engine", "spark", "--master", master)
    result = tag4pic("train", "fit", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {sentence}")
    assert result.stderr.count("\n") == 1


@needs_spark
def test_spark_without_java_is_a_sentence(tag4pic: Tag4pic, folder: Path) -> None:
    arguments = ("--dataset", "posts", "--out", "mine", "--engine", "spark")
    result = tag4pic("train", "fit", *arguments, env={"JAVA_HOME": str(folder)})
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: Spark needs Java, and JAVA_HOME={folder} has none")


@pytest.mark.parametrize("knob", ["vectors.model=cbow", "vectors.negative=9", "als.alpha=1"])
def test_a_knob_that_spark_cannot_honour_is_refused_by_name(
    tag4pic: Tag4pic, folder: Path, knob: str
) -> None:
    arguments = ("--dataset", "posts", "--out", "mine", "--engine", "spark", "--set", knob)
    result = tag4pic("train", "fit", *arguments)
    assert result.exit_code == 1
    assert knob.partition("=")[0] in result.stderr
    assert "does not work with Spark" in result.stderr


def test_a_master_is_of_spark_alone(tag4pic: Tag4pic, folder: Path) -> None:
    arguments = ("--dataset", "posts", "--out", "mine", "--master", "local[2]")
    result = tag4pic("train", "fit", *arguments)
    assert result.exit_code == 1
    assert "--engine spark" in result.stderr
