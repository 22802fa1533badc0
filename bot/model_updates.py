"""Runs fine-tuning in another process, and loads the versions that are promoted.

The process is ``tag4pic train finetune``, at the lowest priority. Whoever promotes a version or
rolls one back, that process or a person, only changes the file that names the version in use, and
adds the news to the database. Every few seconds the bot reads both. It loads a new version in a
thread, teaches it what people taught, swaps the engine between two photos, and tells the admins.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.bundle_shelf import Published, Shelf
from bot.chat.services import Services
from bot.chat.version_messages import tell_admins
from bot.learning_status import learning_status, next_night
from bot.meanwhile import meanwhile
from bot.settings import Settings
from recommenders.backbones.device import has_pytorch
from recommenders.backbones.weights import WeightsError
from recommenders.bundle import MANIFEST, BundleError
from recommenders.engine import Engine
from recommenders.versions import Versions
from storage import StorageError, training_labels, version_news

log = logging.getLogger(__name__)

CHECK_EVERY = 3.0
"""Seconds between checks of which version is in use."""

COUNT_EVERY = 20.0
"""Seconds between counts of new labels."""

GRACE = 3.0
"""Seconds that a fine-tuning, or a message to admins, gets to finish when the bot stops."""

FINETUNING_IS_OFF = "FINETUNE_EVERY is set, but PyTorch is not installed: nothing is fine-tuned."
FINETUNE_ELSEWHERE = "Leave it empty, and fine-tune in an environment that `make setup` made."

LAST_LINES = 5
"""Lines of a failed fine-tuning's output that are reported."""


@dataclass(frozen=True)
class AtStart:
    """The version in use when the engine was loaded: what the file named, and its folder."""

    named: str | None
    folder: Path

    @classmethod
    def of(cls, versions: Versions) -> "AtStart":
        return cls(versions.named(), versions.current())


@asynccontextmanager
async def kept_current(
    services: Services,
    versions: Versions,
    at_start: AtStart,
    *,
    check_every: float = CHECK_EVERY,
    count_every: float = COUNT_EVERY,
) -> AsyncIterator[None]:
    """While the block runs, the engine follows the version in use, and is fine-tuned when due.

    Args:
        at_start: from before the engine was loaded, so that what was promoted meanwhile is noticed.
    """
    address = services.settings.bundle
    follower = (
        _ShelfFollower(services, versions, at_start, address)
        if address
        else _VersionFollower(services, versions, at_start)
    )
    work = [follower.run(check_every)]
    if services.settings.finetune_every is not None and not has_pytorch():
        log.warning("%s %s", FINETUNING_IS_OFF, FINETUNE_ELSEWHERE)
    elif services.settings.finetune_every is not None:
        work.append(_FineTuner(services, versions).run(count_every))
    async with meanwhile(*work):
        yield


class _VersionFollower:
    """Loads promoted versions, and sends admins the news of versions."""

    def __init__(self, services: Services, versions: Versions, at_start: AtStart) -> None:
        self._services = services
        self._versions = versions
        self._folder = at_start.folder
        self._last_named = at_start.named
        self._warned_of_missing = False
        self._last_error = ""
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, every: float) -> None:
        try:
            while True:
                await asyncio.sleep(every)
                try:
                    await self._follow()
                    self._sending.update(await tell_admins(self._services))
                    self._sending = {task for task in self._sending if not task.done()}
                    self._last_error = ""
                except (BundleError, WeightsError, StorageError, OSError) as error:
                    if str(error) != self._last_error:  # a lasting one is logged once
                        log.error("%s goes on answering. %s", self._services.engine.model, error)
                    self._last_error = str(error)
                except Exception:
                    log.exception("%s goes on answering", self._services.engine.model)
        finally:
            if self._sending:
                await asyncio.wait(self._sending, timeout=GRACE)
            for task in self._sending:
                task.cancel()

    async def _follow(self) -> None:
        named = self._versions.named()
        if named == self._last_named:
            self._warn_if_missing()
            return
        # A version that cannot be loaded is tried once.
        before, self._last_named = self._last_named, named
        folder = self._versions.current()
        if named is not None and folder.name != named:
            log.error(
                "%s goes on answering: version %s is no longer there.",
                self._services.engine.model,
                named,
            )
            return
        if folder == self._folder:
            return
        try:
            await self._load_version(folder)
        except StorageError:
            self._last_named = before  # the version is sound, and the database may be the next time
            raise

    async def _load_version(self, folder: Path) -> None:
        services = self._services
        engine = await asyncio.to_thread(
            Engine.load, folder, services.settings.weights_dir, at_work=services.engine
        )
        await services.learner.change_to(engine)
        self._folder, self._warned_of_missing = folder, False
        log.info("%s answers from now on.", engine.model)

    def _warn_if_missing(self) -> None:
        missing = not (self._folder / MANIFEST).is_file()
        if missing and not self._warned_of_missing:
            log.error(
                "%s goes on answering from memory, since its folder %s is gone. Put it back before "
                "the bot is started again.",
                self._services.engine.model,
                self._folder,
            )
        self._warned_of_missing = missing


class _ShelfFollower(_VersionFollower):
    """Loads the bundle that is published at an address that all replicas read."""

    def __init__(
        self, services: Services, versions: Versions, at_start: AtStart, address: str
    ) -> None:
        super().__init__(services, versions, at_start)
        self._address = address
        self._shelf: Shelf | None = None
        self._refused: Published | None = None

    async def _follow(self) -> None:
        folder, published = await asyncio.to_thread(self._fetched)
        if folder.name == self._folder.name:
            self._warn_if_missing()
            return
        try:
            await self._load_version(folder)
        except (StorageError, OSError):
            raise  # the bundle is sound, and the database or the disk may be the next time
        except Exception:
            self._refused = published  # not tried again
            raise

    def _fetched(self) -> tuple[Path, Published]:
        # Object storage takes a tenth of a second to open; after a failure it is opened anew.
        shelf, self._shelf = self._shelf or Shelf(self._address), None
        published = shelf.current()
        self._shelf = shelf
        with suppress(OSError):
            # The oldest is deleted; the newest answers a start without the address. No ``touch``,
            # which would make a file where the folder is gone.
            os.utime(self._folder)
        # Already in memory, or not to be tried again.
        if published.folder == self._folder.name or published == self._refused:
            return self._folder, published
        return shelf.fetch(published), published


@dataclass
class _FineTuner:
    """Runs the fine-tuning when there are enough new labels, or at night."""

    services: Services
    versions: Versions

    async def run(self, every: float) -> None:
        nightly = self.services.settings.finetune_every == "nightly"
        night = next_night(datetime.now())
        while True:
            await asyncio.sleep(every)
            try:
                if nightly:
                    now = datetime.now()
                    night = min(night, next_night(now))  # the clock may have been set back
                    if now < night:
                        continue
                    night = next_night(now)
                async with self.services.database.alone("fine-tuning") as is_alone:
                    if is_alone:
                        await self._fine_tune_if_due()
            except (BundleError, OSError, StorageError) as error:
                log.error("No fine-tuning for now: %s", error)
            except Exception:
                log.exception("No fine-tuning for now")

    async def _fine_tune_if_due(self) -> None:
        settings, database = self.services.settings, self.services.database
        knowing = await asyncio.to_thread(self.versions.knowing)
        fewest = settings.finetune_every if isinstance(settings.finetune_every, int) else 1
        async with database.reading() as session:
            # A quick count first: mostly there are too few, and the full status takes longer.
            if await training_labels.untried(session, knowing, at_most=fewest) < fewest:
                return
        status = await learning_status(settings, database)
        if not status.due or await asyncio.to_thread(self.versions.busy):
            return
        log.info("Fine-tuning on %d new labels", status.new)
        failure = await _finetune(settings)
        after = await learning_status(settings, database)
        # Labels that are still not learnt must not start the next fine-tuning at once.
        in_vain = set(status.counts.next_ids) & set(after.counts.next_ids)
        async with database.session() as session:
            await training_labels.mark_tried(session, sorted(in_vain))
            if failure:
                await version_news.add(session, status.model, "failed", {"lines": failure})


async def _finetune(settings: Settings) -> list[str]:
    """Runs ``tag4pic train finetune`` on the bot's own database and bundle, and logs its output.

    Returns:
        The last lines of its output where it failed; otherwise nothing.
    """
    starting = asyncio.create_task(
        asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "bot.cli", "train", "finetune", "--gently"),
            env=os.environ | _environment(settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    )

    async def output() -> tuple[bytes, bytes]:
        return await (await starting).communicate()

    answer = asyncio.create_task(output())
    try:
        out, err = await asyncio.shield(answer)
    except asyncio.CancelledError:
        process = await starting
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            out, err = await asyncio.wait_for(asyncio.shield(answer), GRACE)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            out, err = await answer
        lines = _last_lines(out, err)
        log.info(
            "Fine-tuning was stopped with the bot, and begins anew another time.%s",
            f" Its last lines: {' / '.join(lines)}" if lines else "",
        )
        raise
    status = starting.result().returncode
    assert status is not None
    if status == 0:
        log.info("Fine-tuning: %s", " ".join(out.decode(errors="replace").split()))
        return []
    lines = [*_last_lines(out, err), *_how_it_ended(status)]
    log.error("Fine-tuning failed: %s", " / ".join(lines))
    return lines


def _last_lines(out: bytes, err: bytes) -> list[str]:
    """The last lines of a process's stderr, or of its stdout where stderr is empty."""
    text = (err.strip() or out).decode(errors="replace")
    lines = [line.strip().removeprefix("Error: ") for line in text.splitlines()]
    return [line for line in lines if line][-LAST_LINES:]


def _how_it_ended(status: int) -> list[str]:
    """A sentence where a process was killed by a signal, or its exit status is not 1."""
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = str(-status)
        return [f"It was killed by the signal {name}."]
    return [] if status == 1 else [f"It ended with status {status}."]


def _environment(settings: Settings) -> dict[str, str]:
    variables: dict[str, str | Path | None] = {
        "DATABASE_URL": settings.database_url,
        "MODEL_DIR": settings.model_dir,
        "WEIGHTS_DIR": settings.weights_dir,
        "LOG_LEVEL": settings.log_level,
        # Its output goes to the log: no colours, no wrapping.
        "NO_COLOR": "1",
    }
    return {name: str(value) for name, value in variables.items() if value is not None}
