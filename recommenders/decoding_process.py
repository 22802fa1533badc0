"""Decodes files that strangers made, in a process of its own that may die of them.

A file of a few kilobytes can keep a decoder busy for hours or make it take gigabytes, whatever size
it declares. Here it costs at most ``SECONDS`` of processor time and ``BYTES`` of memory, and where
memory runs out, Linux ends this process before any other.
"""

import json
import os
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import LifoQueue
from typing import IO, Any, get_args

from PIL import Image

from recommenders.machine import free_memory, photos_at_once
from recommenders.photos import LONGEST, WORKING_SIDE, PhotoError, Reason, decode, read

SECONDS = 10
"""Processor time for a file: twice what the largest that is no trick takes on a slow machine."""

BYTES = 2**30
"""Memory: a third more than 64 megapixels take in the hungriest format."""

IDLE = 60.0
"""Seconds until the process is ended; the next file starts another, in a quarter of a second."""

_PATIENCE = 6
"""Times ``SECONDS`` on the clock after which it is ended, since it may also wait for something."""

_REQUEST = struct.Struct("!III")
"""Pixels of the shorter side, seconds of processor time, bytes of the file, which follow."""

_ANSWER = struct.Struct("!I")
"""Bytes of a JSON object, which follows: the size of the pixels behind it, or a reason."""

_ENVIRONMENT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME")
"""What the process is given beside our import path; tokens and passwords are not."""

_COMMAND = [sys.executable, "-P", "-m", __name__]


class DecodingProcess:
    """Decodes one file at a time. Safe to call from several threads.

        process = DecodingProcess()
        photo = process.decode(data, engine.working_side)

    Args:
        seconds: of processor time for a file.
        memory: bytes that the process may hold.
    """

    def __init__(self, seconds: int = SECONDS, memory: int = BYTES) -> None:
        self._seconds = seconds
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()
        self._closed = False
        self._idle: threading.Timer | None = None

    def decode(self, source: bytes | Path, shorter_side: int = WORKING_SIDE) -> Image.Image:
        """The photo, as ``recommenders.photos.decode`` gives it.

        Raises:
            PhotoError: as there; ``truncated`` where the file costs too much.
        """
        data = read(source) if isinstance(source, Path) else source
        with self._turn:
            process = self._running()
            try:
                return self._ask(process, data, shorter_side)
            except PhotoError:
                raise
            except Exception as error:  # it has ended, or is not to be asked again
                if (status := _ended(process)) >= 0:
                    raise RuntimeError(f"Decoding ended with exit status {status}.") from error
                detail = "decoding it takes too much time or memory"
                raise PhotoError("truncated", detail) from error
            finally:
                self._end_when_idle()

    def close(self) -> None:
        """Ends the process, even while it decodes, and starts no other."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        if self._process is not None:
            _ended(self._process)

    def _end_when_idle(self) -> None:
        def end() -> None:
            with self._turn:
                if self._idle is idle and self._process is not None:  # no file came meanwhile
                    _ended(self._process)

        if self._idle is not None:
            self._idle.cancel()
        self._idle = idle = threading.Timer(IDLE, end)
        idle.daemon = True
        idle.start()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._closed:
            raise RuntimeError("Nothing is decoded any more: the process is closed.")
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [*_COMMAND, str(self._memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # where decoders write their complaints
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the bot, which finishes what it has begun
            )
        return self._process

    def _ask(
        self, process: "subprocess.Popen[bytes]", data: bytes, shorter_side: int
    ) -> Image.Image:
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = threading.Timer(_PATIENCE * self._seconds, process.kill)
        deadline.start()
        try:
            process.stdin.write(_REQUEST.pack(shorter_side, self._seconds, len(data)))
            process.stdin.write(data)
            process.stdin.flush()
            return _answer(process.stdout, shorter_side)
        finally:
            deadline.cancel()


class DecodingProcesses:
    """Decodes several files at a time: one a core, where the memory is free that all may take.

    A process starts only while those before it are busy: files that come one by one need one. Safe
    to call from several threads.

    Args:
        seconds: of processor time for a file.
    """

    def __init__(self, seconds: int = SECONDS) -> None:
        free = free_memory()
        most = photos_at_once() if free is None else min(photos_at_once(), free // BYTES)
        self._all = [DecodingProcess(seconds) for _ in range(max(1, most))]
        self._free: LifoQueue[DecodingProcess] = LifoQueue()  # so that the others become idle
        for process in self._all:
            self._free.put(process)

    def decode(self, source: bytes | Path, shorter_side: int = WORKING_SIDE) -> Image.Image:
        """The photo, as ``DecodingProcess.decode`` gives it.

        Raises:
            PhotoError: as there.
        """
        process = self._free.get()
        try:
            return process.decode(source, shorter_side)
        finally:
            self._free.put(process)

    def close(self) -> None:
        """Ends all processes, even while they decode."""
        for process in self._all:
            process.close()


def _environment() -> dict[str, str]:
    given = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    given["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    # It would take 41 MB for every core of the machine, of which it uses one.
    given["OPENBLAS_NUM_THREADS"] = "1"
    return given


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Ends a process, and gives its exit status: negative where a signal ended it."""
    process.kill()
    with suppress(OSError), process:  # closes the pipes, and waits
        pass
    return process.wait()


def _answer(stream: IO[bytes], shorter_side: int) -> Image.Image:
    """Reads an answer, and believes nothing: a hole in a decoder may have written it."""
    (length,) = _ANSWER.unpack(_read(stream, _ANSWER.size))
    answer = json.loads(_read(stream, min(length, 2**12)))
    if "reason" in answer:
        if answer["reason"] not in get_args(Reason):
            raise ValueError("no such reason")
        raise PhotoError(answer["reason"], str(answer["detail"])[:100])
    width, height = map(int, answer["size"])
    if not 0 < width * height <= 2 * LONGEST * (2 * shorter_side) ** 2:
        raise ValueError("no such size")
    return Image.frombytes("RGB", (width, height), _read(stream, 3 * width * height))


def _read(stream: IO[bytes], length: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: where there are fewer.
    """
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _serve(memory: int) -> None:
    """Decodes what arrives until there is no more."""
    _limit(memory)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := requests.read(_REQUEST.size):
        shorter_side, seconds, length = _REQUEST.unpack(head)
        data = _read(requests, length)
        _limit_time(seconds)
        answer: dict[str, Any]
        try:
            photo = decode(data, shorter_side)
        except PhotoError as error:
            answer, pixels = {"reason": error.reason, "detail": error.detail}, b""
        else:
            answer, pixels = {"size": photo.size}, photo.tobytes()
        line = json.dumps(answer).encode()
        answers.write(_ANSWER.pack(len(line)) + line + pixels)
        answers.flush()


def _limit(memory: int) -> None:
    with suppress(OSError):  # Linux only: of all processes, this one is ended first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _limit_time(seconds: int) -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        most = int(time.process_time()) + 1 + seconds
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
