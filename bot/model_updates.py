"""Fine-tuning beside the bot: another process learns, and what it promotes answers from then on.

The process is ``tag4pic train finetune``, at the lowest priority. Whoever promotes a version or
rolls one back, that process or a person, only changes the file that names the version in use; the
bot looks at it every few seconds, loads the version in a thread, teaches it what people taught, and
swaps the engine between two photos.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.chat.learner import Learner
from bot.chat.services import Services
from bot.settings import Settings
from recommenders.bundle import MANIFEST
from recommenders.engine import BundleError, Engine, WeightsError
from recommenders.versions import Versions
from storage import StorageError, training_labels

log = logging.getLogger(__name__)

CHECK_EVERY = 3.0
"""Seconds between checks of which version is in use."""

COUNT_EVERY = 20.0
"""Seconds between counts of what was taught."""

NIGHT = 3
"""The hour, local time, of a nightly fine-tuning."""

GRACE = 3.0
"""Seconds that a fine-tuning has to end when the bot does."""


@asynccontextmanager
async def kept_current(
    services: Services,
    learner: Learner,
    versions: Versions,
    *,
    check_every: float = CHECK_EVERY,
    count_every: float = COUNT_EVERY,
) -> AsyncIterator[None]:
    """While it lasts, the engine follows the version in use, and is fine-tuned when it is time."""
    tasks = [asyncio.create_task(_VersionFollower(services, learner, versions).run(check_every))]
    if services.settings.finetune_every is not None:
        tasks.append(asyncio.create_task(_FineTuner(services).run(count_every)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


class _VersionFollower:
    """Takes up promoted versions."""

    def __init__(self, services: Services, learner: Learner, versions: Versions) -> None:
        self._services = services
        self._learner = learner
        self._versions = versions
        self._folder = versions.current()
        self._tried = versions.named()
        self._warned_of_missing = False

    async def run(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            try:
                await self._follow()
            except (BundleError, WeightsError, StorageError, OSError) as error:
                log.error("%s goes on answering. %s", self._services.engine.model, error)
            except Exception:
                log.exception("%s goes on answering", self._services.engine.model)

    async def _follow(self) -> None:
        named = self._versions.named()
        if named == self._tried:
            self._warn_if_missing()
            return
        # Whatever comes of it, it is tried once for each version that is named.
        self._tried = named
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
        engine = await asyncio.to_thread(
            partial(
                Engine.load,
                folder,
                self._services.settings.weights_dir,
                at_work=self._services.engine,
            )
        )
        await self._learner.change_to(engine)
        self._services.engine = engine
        self._folder, self._warned_of_missing = folder, False
        log.info("%s answers from now on.", engine.model)

    def _warn_if_missing(self) -> None:
        missing = not (self._folder / MANIFEST).is_file()
        if missing and not self._warned_of_missing:
            log.error(
                "The bundle %s is gone from %s. %s goes on answering from memory; put it back "
                "before the bot is started again.",
                self._folder.name,
                self._folder.parent,
                self._services.engine.model,
            )
        self._warned_of_missing = missing


@dataclass
class _FineTuner:
    """Runs the fine-tuning when enough was taught, or at night."""

    services: Services
    postponed: int = 0
    """Labels that the last run did not learn: they wait for approval, or it was not promoted."""
    now: Callable[[], datetime] = datetime.now

    async def run(self, every: float) -> None:
        schedule = self.services.settings.finetune_every
        night = next_night(self.now())
        while True:
            await asyncio.sleep(every)
            try:
                waiting = await self._waiting()
                if schedule == "nightly":
                    if self.now() < night:
                        continue
                    night = next_night(self.now())
                    due = waiting > 0
                else:
                    assert isinstance(schedule, int)
                    # Labels that were taken back since make room for others.
                    self.postponed = min(self.postponed, waiting)
                    due = waiting - self.postponed >= schedule
                if due:
                    log.info("Fine-tuning on %d new labels", waiting)
                    await _finetune(self.services.settings)
                    self.postponed = await self._waiting()
            except (OSError, StorageError) as error:
                log.error("No fine-tuning for now: %s", error)
            except Exception:
                log.exception("No fine-tuning for now")

    async def _waiting(self) -> int:
        async with self.services.database.reading() as session:
            return await training_labels.unlearnt(session)


def next_night(now: datetime) -> datetime:
    """When fine-tuning is next due where it runs every night."""
    night = now.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


async def _finetune(settings: Settings) -> None:
    """Runs ``tag4pic train finetune`` on the bot's own database and bundle, and logs its answer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "bot.cli", "train", "finetune", "--gently"),
        env=os.environ | _environment(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), GRACE)
            except TimeoutError:
                process.kill()
                await process.wait()
        raise
    if process.returncode == 0:
        log.info("Fine-tuning: %s", " ".join(out.decode(errors="replace").split()))
    else:
        errors = err.decode(errors="replace").strip().splitlines()
        reason = errors[-1] if errors else f"it ended with status {process.returncode}"
        log.error("Fine-tuning failed, and nothing changed: %s", reason.removeprefix("Error: "))


def _environment(settings: Settings) -> dict[str, str]:
    variables: dict[str, str | Path | None] = {
        "DATABASE_URL": settings.database_url,
        "MODEL_DIR": settings.model_dir,
        "WEIGHTS_DIR": settings.weights_dir,
        "LOG_LEVEL": settings.log_level,
        # What the process prints is for the log: no colours, no wrapping.
        "NO_COLOR": "1",
    }
    return {name: str(value) for name, value in variables.items() if value is not None}
