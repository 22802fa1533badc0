"""Files from strangers cost at most so much, and what they kill is not the bot."""

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recommenders import decoding_process
from recommenders.decoding_process import BYTES, DecodingProcess, DecodingProcesses
from recommenders.photos import MAX_BYTES, PhotoError, decode
from tests.recommenders.pictures import bombs, corners, encoded, endless_jpeg, near, tiled_tiff

CORNERS = ((230, 20, 30), (20, 200, 40), (30, 40, 220), (128, 128, 128))


@pytest.fixture
def process() -> Iterator[DecodingProcess]:
    one = DecodingProcess()
    yield one
    one.close()


def child_of(process: DecodingProcess) -> int:
    assert process._process is not None
    return process._process.pid


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF"])
def test_photos_come_out_as_in_this_process(process: DecodingProcess, kind: str) -> None:
    data = encoded(corners(900, 700), kind)
    assert process.decode(data, 100) == decode(data, 100)


def test_files_are_refused_for_the_same_reasons(process: DecodingProcess, tmp_path: Path) -> None:
    files: list[bytes | Path] = [*bombs().values(), b"", b"hello", bytes(MAX_BYTES + 1)]
    files += [encoded(corners(), "JPEG")[:500], tmp_path / "missing.jpg"]
    for file in files:
        with pytest.raises(PhotoError) as here:
            decode(file)
        with pytest.raises(PhotoError) as there:
            process.decode(file)
        assert (there.value.reason, str(there.value)) == (here.value.reason, str(here.value))


def test_a_file_that_takes_too_long_is_refused_and_the_next_is_decoded() -> None:
    process = DecodingProcess(seconds=1)
    photo = encoded(corners(), "PNG")
    assert near(process.decode(photo), *CORNERS)
    before = child_of(process)
    with pytest.raises(PhotoError, match="too much time or memory") as caught:
        process.decode(endless_jpeg())
    assert caught.value.reason == "truncated"
    assert near(process.decode(photo), *CORNERS)
    assert child_of(process) != before
    process.close()


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit of memory elsewhere")
def test_a_file_that_takes_too_much_memory_is_refused() -> None:
    process = DecodingProcess(memory=2**28)
    with pytest.raises(PhotoError, match="cut off or damaged"):
        process.decode(tiled_tiff(side=20_000))  # of 16 by 16 pixels, in a tile of 400 MB
    assert near(process.decode(encoded(corners(), "PNG")), *CORNERS)
    process.close()


def test_a_process_that_was_ended_is_replaced(process: DecodingProcess) -> None:
    photo = encoded(corners(), "PNG")
    process.decode(photo)
    os.kill(child_of(process), signal.SIGKILL)
    assert process._process is not None
    process._process.wait()
    assert near(process.decode(photo), *CORNERS)


def test_an_idle_process_is_ended_and_the_next_file_starts_another(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding_process, "IDLE", 0.01)
    photo = encoded(corners(), "PNG")
    for _ in range(2):
        assert near(process.decode(photo), *CORNERS)
        assert process._idle is not None
        process._idle.join()
        assert process._process is not None
        assert process._process.returncode is not None


def test_a_closed_process_does_not_start_again(process: DecodingProcess) -> None:
    photo = encoded(corners(), "PNG")
    process.decode(photo)
    ended = child_of(process)
    process.close()
    with pytest.raises(RuntimeError, match="closed"):
        process.decode(photo)
    assert child_of(process) == ended


def test_a_file_costs_no_more_time_under_a_limit_for_the_whole_process() -> None:
    script = (
        "import resource\n"
        "from recommenders.decoding_process import _limit_time\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (300, 300))\n"
        "_limit_time(5)\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU)[0] < 10)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "True\n"


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecodingProcesses]:
    """Processes of a machine of four cores and memory for three."""
    monkeypatch.setattr("recommenders.machine.cores", lambda: 4)
    monkeypatch.setattr(decoding_process, "free_memory", lambda: 3 * BYTES)
    several = DecodingProcesses()
    yield several
    several.close()


def started(processes: DecodingProcesses) -> int:
    return sum(one._process is not None for one in processes._all)


def test_files_that_come_one_by_one_are_decoded_by_one_process(
    processes: DecodingProcesses,
) -> None:
    for kind in ("PNG", "JPEG", "GIF"):
        assert near(processes.decode(encoded(corners(), kind)), *CORNERS)
    assert started(processes) == 1


def test_there_are_no_more_processes_than_memory_allows_if_each_takes_its_most(
    processes: DecodingProcesses,
) -> None:
    photo = encoded(corners(3000, 2000), "PNG")
    with ThreadPoolExecutor(8) as threads:
        for decoded in threads.map(processes.decode, [photo] * 16):
            assert near(decoded, *CORNERS)
    assert started(processes) == 3


def test_nothing_is_imported_from_the_folder_it_is_started_in(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "struct.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    assert near(process.decode(encoded(corners(), "PNG")), *CORNERS)


def test_a_process_that_cannot_decode_at_all_is_an_error_and_not_the_files_fault(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding_process, "_COMMAND", [sys.executable, "-c", "raise SystemExit(7)"])
    with pytest.raises(RuntimeError, match="status 7"):
        process.decode(encoded(corners(), "PNG"))


@pytest.mark.skipif(sys.platform != "linux", reason="no /proc elsewhere")
def test_the_process_has_no_secrets_and_is_ended_first(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", "123:secret")
    process.decode(encoded(corners(), "PNG"))
    child = Path(f"/proc/{child_of(process)}")
    environment = (child / "environ").read_bytes()
    assert b"secret" not in environment and b"OPENBLAS_NUM_THREADS=1\0" in environment
    assert int((child / "oom_score_adj").read_text()) == 1000


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'{"size": [0, 5]}',
        b'{"size": [100000, 100000]}',
        b'{"size": ["a", 5]}',
        b'{"reason": "because", "detail": ""}',
        b"[]",
    ],
)
def test_nothing_the_process_says_is_believed(
    process: DecodingProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: bytes
) -> None:
    liar = tmp_path / "liar.py"
    liar.write_text(
        "import sys, time\n"
        f"sys.stdout.buffer.write({struct.pack('!I', len(line)) + line!r})\n"
        "sys.stdout.flush(); time.sleep(60)\n"
    )
    monkeypatch.setattr(decoding_process, "_COMMAND", [sys.executable, str(liar)])
    with pytest.raises(PhotoError):
        process.decode(encoded(corners(), "PNG"))
