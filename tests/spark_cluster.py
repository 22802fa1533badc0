"""A Spark cluster of the tests' own: a master and workers, each a process on loopback."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options of a JVM that lives for seconds."""

_SECONDS = 600.0


def missing() -> str | None:
    """Why Spark cannot run here, or None where it can."""
    if find_spec("pyspark") is None:
        return "PySpark is not installed: pip install 'tag4pic[spark]'"
    if shutil.which("java") is None:
        return "there is no Java: apt install default-jre-headless"
    return None


class Cluster:
    """A master whose workers have one core each; all logs stand in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start("Master", "--port", "0")
        line = self._printed("Master", "Starting Spark master at ")
        self.url = line.rpartition(" ")[2]

    def add_worker(self) -> int:
        """Starts a worker and waits until the master knows it; returns its number."""
        number = len(self._processes)
        folder = str(self._folder / f"worker{number}")
        self._start("Worker", self.url, "--cores", "1", "--memory", "1g", "--work-dir", folder)
        self._printed(f"Worker{number}", "Successfully registered with master")
        return number

    def kill(self, number: int) -> None:
        """Kills a worker and what it started, as when its machine is gone."""
        with suppress(ProcessLookupError):
            os.killpg(self._processes[number].pid, signal.SIGKILL)
        self._processes[number].wait()

    def stop(self) -> None:
        for number in range(len(self._processes)):
            self.kill(number)

    def _start(self, what: str, *arguments: str) -> None:
        import pyspark

        spark = Path(pyspark.__file__).parent
        environment = os.environ | {
            "SPARK_HOME": str(spark),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "128m",
            "SPARK_DAEMON_JAVA_OPTS": QUICK_JAVA,
        }
        number = len(self._processes) or ""
        with (self._folder / f"{what}{number}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [
                        spark / "bin" / "spark-class",
                        f"org.apache.spark.deploy.{what.lower()}.{what}",
                        *("--host", "127.0.0.1", "--webui-port", "0"),
                        *arguments,
                    ],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def _printed(self, log: str, text: str) -> str:
        """The line that has a text, as soon as it is printed."""
        until = monotonic() + _SECONDS
        while monotonic() < until:
            lines = (self._folder / f"{log}.log").read_text(errors="replace").splitlines()
            for line in lines:
                if text in line:
                    return line
            assert self._processes[-1].poll() is None, lines
            sleep(0.05)
        raise TimeoutError(f"{log} never printed {text!r}: {lines}")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A master without workers, which ends with the block and all its workers with it."""
    with TemporaryDirectory(prefix="spark") as folder:
        one = Cluster(Path(folder))
        try:
            yield one
        finally:
            one.stop()
