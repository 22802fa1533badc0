"""A Spark session for one fit, with its errors as sentences for people.

Its workers' memory and cores are Spark's own configuration: ``spark-defaults``
in ``SPARK_CONF_DIR``, or ``PYSPARK_SUBMIT_ARGS="--conf spark.executor.memory=8g pyspark-shell"``.
"""

import logging
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Timer
from typing import TYPE_CHECKING

from training.datasets.format import DatasetError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)

USUAL_MASTER = "local[*]"
JAVA = 17
_CONNECT_SECONDS = 5.0
_WORKER_SECONDS = 90.0
"""How long to wait for a worker to take a job."""

_CONF = {
    "spark.ui.enabled": "false",  # a port open to the whole network
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",  # errors are exceptions here
    "spark.driver.maxResultSize": "0",  # no limit: results are collected here
    # Photos may vanish between listing and reading.
    "spark.sql.files.ignoreMissingFiles": "true",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "32",
}
_RESUMABLE = "Computed features are kept: run the same command again to go on."
_MEMORY = re.compile(
    r"OutOfMemoryError|MemoryError|exit code:? 137|exitCode 137|OOMKilled|Cannot allocate memory"
)
# A worker that runs out of memory ends, and meanwhile rejects the tasks that it is still sent.
_LOST = re.compile(
    r"ExecutorLostFailure|Python worker exited unexpectedly|RejectedExecutionException"
)
# What Hadoop says of an address in --dataset or --cache.
_NO_SCHEME = re.compile(r'No FileSystem for scheme "([^"]+)"|Class \S+\.(\w+)\.\w+ not found')
_NO_HOST = re.compile(r"UnknownHostException: ([^\s:]+)")
_NO_ANSWER = re.compile(r"Call From .+ to (\S+:\d+) failed on")


class SparkError(DatasetError):
    """Spark cannot do what is asked of it; the message says why and what to do."""


@contextmanager
def spark_session(master: str | None = None) -> Iterator["SparkSession"]:
    """A session that ends with the block; turns Spark's errors in it into sentences.

    Args:
        master: ``local[2]``, ``spark://host:7077``, ``yarn``, ``k8s://…``; all of this machine's
            cores where None.

    Raises:
        SparkError: without PySpark or Java, where the master cannot be reached or has no worker,
            or where a job fails.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise SparkError(
            "Training on Spark needs PySpark: .venv/bin/pip install 'tag4pic[spark]'. Without "
            "--engine spark neither it nor Java is needed."
        ) from None
    _needs_java()
    master = master or USUAL_MASTER
    _reachable(master)
    # Where nothing else is chosen, workers run the same Python, which has this package.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("tag4pic").master(master)
    for name, value in _CONF.items():
        builder = builder.config(name, value)
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
        try:
            with _printing_to(printed.fileno()):
                session = builder.getOrCreate()
        except Exception as error:  # py4j's, the JVM's and PySpark's own have nothing in common
            log.debug("Spark does not start", exc_info=error)
            printed.seek(0)
            cause = _cause(printed.read() if "JAVA_GATEWAY_EXITED" in str(error) else str(error))
            raise SparkError(
                f"Spark does not start with --master {master}: {cause}. A master looks like "
                "local[2], spark://host:7077, yarn or k8s://…"
            ) from error
    try:
        _has_workers(session, master)
        yield session
    except (PySparkException, ConnectionError) as error:
        raise sentence_of(error) from error
    except Exception as error:
        if not type(error).__module__.startswith("py4j"):
            raise
        raise sentence_of(error) from error
    finally:
        with suppress(Exception):  # where the JVM has ended there is nothing to stop
            session.stop()


@contextmanager
def _printing_to(file: int) -> Iterator[None]:
    """Redirects stderr to a file for processes that start meanwhile: the JVM prints a banner."""
    before = os.dup(2)
    os.dup2(file, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def sentence_of(error: BaseException) -> SparkError:
    """What Spark's error means, and what to do."""
    text = str(error)
    log.debug("Spark failed", exc_info=error)
    if _MEMORY.search(text):
        return SparkError(
            "A Spark worker ran out of memory. Give workers more (spark.executor.memory, or "
            "spark.driver.memory with a local master, in PYSPARK_SUBMIT_ARGS or spark-defaults) or "
            f"fewer cores each. {_RESUMABLE}"
        )
    if _LOST.search(text):
        return SparkError(
            "Spark workers repeatedly died while working, most likely because memory ran out: give "
            "them more (spark.executor.memory, spark.executor.memoryOverhead) or fewer cores "
            f"each. {_RESUMABLE}"
        )
    if isinstance(error, ConnectionError) or "Answer from Java side is empty" in text:
        return SparkError(
            "Spark's own process here died, most likely because memory ran out: give it more "
            f"(spark.driver.memory, in PYSPARK_SUBMIT_ARGS or spark-defaults). {_RESUMABLE}"
        )
    missing = re.search(r"No module named '([\w.]+)'", text)
    if missing:
        return SparkError(
            f"A Spark worker lacks the Python package {missing[1]}: install the same tag4pic on "
            "every worker, and set PYSPARK_PYTHON to its Python."
        )
    if scheme := _NO_SCHEME.search(text):
        return SparkError(
            f"Spark does not know addresses that begin with {scheme[1] or scheme[2]}: correct "
            "them, or give Spark the package that reads them (spark.jars.packages, such as "
            "org.apache.hadoop:hadoop-aws for s3a)."
        )
    if host := _NO_HOST.search(text):
        return SparkError(f"No host is named {host[1]}: correct the address. {_RESUMABLE}")
    if server := _NO_ANSWER.search(text):
        return SparkError(
            f"No file system answers at {server[1]}: start it, or correct the address. {_RESUMABLE}"
        )
    return SparkError(f"Spark could not go on: {_cause(text)}. {_RESUMABLE}")


def _needs_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else shutil.which("java")
    how = f"install Java {JAVA} or newer (on Debian: apt install default-jre-headless)"
    if java is None or not Path(java).is_file():
        where = f"JAVA_HOME={home} has none" if home else "none was found"
        raise SparkError(f"Spark needs Java, and {where}: {how}, or set JAVA_HOME.")
    printed = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(?:1\.)?(\d+)', printed.stderr)
    if version is not None and int(version[1]) < JAVA:
        raise SparkError(f"Spark needs Java {JAVA}, and {java} is Java {version[1]}: {how}.")


def _reachable(master: str) -> None:
    """Refuses a standalone master that does not answer; Spark itself would wait a minute."""
    if not master.startswith("spark://"):
        return
    addresses = re.findall(r"(?:^|,)([^,/:]+):(\d{1,5})(?=,|$)", master.removeprefix("spark://"))
    if not addresses:
        raise SparkError(f"--master {master} is not an address: write spark://host:7077.")
    why = ""
    for host, port in addresses:
        try:
            socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
            return
        except (OSError, OverflowError) as error:
            why = str(getattr(error, "strerror", None) or error)
    raise SparkError(
        f"No Spark master answers at {master} ({why}). Start one (sbin/start-master.sh) or "
        "correct --master."
    )


def _has_workers(session: "SparkSession", master: str) -> None:
    """Waits until a worker takes a job; Spark itself would wait for ever."""
    context = session.sparkContext
    timed_out = Event()

    def give_up() -> None:
        timed_out.set()
        context.cancelAllJobs()

    timer = Timer(_WORKER_SECONDS, give_up)
    timer.daemon = True
    timer.start()
    try:
        session.range(1).count()
    except Exception as error:
        if not timed_out.is_set():
            raise
        raise SparkError(
            f"No worker of {master} took a job within {_WORKER_SECONDS:.0f} seconds: start "
            "workers, or ask for less of each (spark.executor.memory, spark.executor.cores)."
        ) from error
    finally:
        timer.cancel()


def _cause(text: str) -> str:
    """The most telling line of an error, without the names of its classes: Java's last cause."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    roots = [line for line in lines if line.startswith("Caused by: ")]
    causes = [line for line in lines if "Exception: " in line or "Error: " in line]
    line = (roots[-1:] or causes or lines or ["no reason given"])[0]
    line = re.sub(r'^(?:Caused by: |: |Exception in thread "[^"]*" )*', "", line)
    line = re.sub(r"^[\w.$]+(?:Exception|Error): ", "", line)
    return line[:300].rstrip(".")
