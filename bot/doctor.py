"""Checks everything that the bot needs, and says how to fix what is wrong.

Read-only: it creates no tables, sets no webhook and asks for no updates.
"""

import asyncio
import json
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
from telegram.error import NetworkError

from bot.chat.telegram_requests import TelegramRequests
from bot.model_updates import FINETUNE_ELSEWHERE, FINETUNING_IS_OFF
from bot.settings import Settings, misspelt
from recommenders.backbones import device
from recommenders.backbones.backbone import load_backbone
from recommenders.backbones.recipe import UnknownBackboneError
from recommenders.backbones.registry import official_name, without_side
from recommenders.backbones.weights import WeightsError, find
from recommenders.bundle import BundleError, read_manifest
from recommenders.engine import Engine
from recommenders.machine import one_core_each
from recommenders.versions import in_use
from storage.condition import Condition, condition_of
from storage.errors import StorageError
from training.plurals import counted

log = logging.getLogger(__name__)

State = Literal["ok", "warning", "wrong", "unknown"]

Model = Callable[[], tuple[Path, str]]
"""Returns a bundle's folder, and why it is not the one that BUNDLE names, if so."""

PATIENCE = 10.0
"""Seconds for Telegram to answer."""

RECENT = 3600
"""Seconds; older webhook failures are ignored."""

MANY_WAIT = 100
"""With more updates waiting at Telegram the bot is too slow, or not running."""

CLOCK_MAY_DIFFER = 60
"""Seconds."""

LITTLE, TOO_LITTLE = 1_000_000_000, 200_000_000
"""Bytes free on the disk, for the database and for fine-tuned bundles."""


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        state: ``unknown`` where it could not be checked.
        advice: what to do where it is not ``ok``.
    """

    name: str
    state: State
    found: str
    advice: str = ""


async def examine(settings: Settings, model: Model) -> AsyncIterator[Check]:
    """Runs every check, one after the other.

    Args:
        model: finds the bundle that would answer.
    """
    yield _settings(settings)
    telegram = _Telegram(settings)
    for check in await telegram.checks():
        yield check
    condition, check = await _database(settings)
    yield check
    yield await asyncio.to_thread(_device)
    for check in await asyncio.to_thread(_bundle, settings, model):
        yield check
    yield _disk(condition)


@dataclass(frozen=True)
class _Answer:
    status: int
    date: str
    result: dict[str, Any]
    """Empty where Telegram refused, or something in between answered."""


class _Telegram:
    """Asks Telegram over the bot's own connections, so through the same proxy."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._answered: list[aiohttp.ClientResponse] = []
        self._requests = TelegramRequests(
            connections=1, read_timeout=PATIENCE, proxied=True, answered=self._answered.append
        )
        self._host = urlsplit(settings.telegram_api_url).netloc.rpartition("@")[2]

    async def checks(self) -> list[Check]:
        """Checks token, webhook and clock over one connection."""
        settings = self._settings
        try:
            async with self._requests:
                if settings.bot_token is None:
                    answer = await self._ask("HEAD", settings.telegram_api_url)
                    return [self._no_token(), self._clock(answer)]
                token = settings.bot_token.get_secret_value()
                url = f"{settings.telegram_api_url}/bot{token}/"
                me = await self._ask("POST", f"{url}getMe")
                checks = [self._token(me), self._clock(me)]
                if checks[0].state == "ok":
                    webhook = await self._ask("POST", f"{url}getWebhookInfo")
                    checks.insert(1, self._webhook(webhook))
                return checks
        except NetworkError as error:
            log.debug("Telegram was not reached", exc_info=error)
            return self._offline(str(error))

    async def _ask(self, method: str, url: str) -> _Answer:
        status, content = await self._requests.do_request(url, method, pool_timeout=PATIENCE)
        try:
            body = json.loads(content)
        except ValueError:
            body = None
        result = body.get("result") if isinstance(body, dict) else None
        date = self._answered[-1].headers.get("Date", "")
        return _Answer(status, date, result if isinstance(result, dict) else {})

    def _offline(self, why: str) -> list[Check]:
        found = f"not checked: {self._host} cannot be reached ({why})"
        advice = "Check the network, a proxy (HTTPS_PROXY) or TELEGRAM_API_URL."
        clock = Check("clock", "unknown", "not checked: nothing to compare it with")
        if self._settings.bot_token is None:
            return [self._no_token(), clock]
        return [
            Check("token", "unknown", found, advice),
            Check("webhook", "unknown", "not checked, for the same reason"),
            clock,
        ]

    @staticmethod
    def _no_token() -> Check:
        return Check("token", "ok", "none: `tag4pic run` serves a chat in the browser")

    def _token(self, answer: _Answer) -> Check:
        if answer.status in (401, 404):
            return Check(
                "token",
                "wrong",
                f"{self._host} does not accept BOT_TOKEN",
                "Copy it again from @BotFather (/mybots, API Token).",
            )
        if "username" not in answer.result:
            return self._refused("token", answer)
        return Check("token", "ok", f"belongs to @{answer.result['username']}")

    def _refused(self, name: str, answer: _Answer) -> Check:
        found = f"not checked: {self._host} answers with status {answer.status}"
        return Check(name, "unknown", found, "Try again in a few minutes.")

    def _webhook(self, answer: _Answer) -> Check:
        info = answer.result
        if "url" not in info:
            return self._refused("webhook", answer)
        wanted = self._settings.webhook_url or ""
        url, waiting = str(info.get("url", "")), int(info.get("pending_update_count", 0))
        host = urlsplit(url).hostname
        found = f"Telegram calls {host}" if url else "none: the bot asks for updates"
        found += f"; {counted(waiting, 'update')} waiting" if waiting else ""
        failed_at = int(info.get("last_error_date", 0))
        if url and datetime.now(UTC).timestamp() - failed_at < RECENT:
            return Check(
                "webhook",
                "wrong",
                f"{found}, but failed lately: {info.get('last_error_message', 'no reason given')}",
                "Make sure that WEBHOOK_URL leads to the port of `tag4pic run --port`, with a "
                "valid certificate.",
            )
        if wanted != url:
            whom = urlsplit(wanted).hostname
            found += f", not WEBHOOK_URL's {whom}" if wanted else ", though WEBHOOK_URL is empty"
            advice = "sets it" if wanted else "removes it; set WEBHOOK_URL to keep it"
            return Check("webhook", "warning", found, f"Starting the bot {advice}.")
        if waiting > MANY_WAIT:
            return Check("webhook", "warning", found, "Check that the bot is running and keeps up.")
        return Check("webhook", "ok", found)

    def _clock(self, answer: _Answer) -> Check:
        try:
            there = parsedate_to_datetime(answer.date)
        except ValueError:
            return Check("clock", "unknown", f"not checked: {self._host} did not give the time")
        # "-0000" is no zone, but the time is UTC's (RFC 5322, section 3.3).
        there = there if there.tzinfo else there.replace(tzinfo=UTC)
        ahead = round((datetime.now(UTC) - there).total_seconds())
        if abs(ahead) <= CLOCK_MAY_DIFFER:
            return Check("clock", "ok", f"agrees with {self._host}'s")
        how = f"{abs(ahead):,} s {'ahead of' if ahead > 0 else 'behind'} {self._host}'s"
        return Check("clock", "wrong", how, "Set it, preferably by NTP: timedatectl set-ntp true.")


def _settings(settings: Settings) -> Check:
    if close := misspelt():
        found = "; ".join(
            f"{name} is not a setting: did you mean {one}?" for name, one in close.items()
        )
        return Check("settings", "warning", found, "Correct it in the environment or in .env.")
    if settings.finetune_every is not None and not device.has_pytorch():
        return Check("settings", "warning", FINETUNING_IS_OFF, FINETUNE_ELSEWHERE)
    return Check("settings", "ok", "can be used")


async def _database(settings: Settings) -> tuple[Condition | None, Check]:
    try:
        condition = await condition_of(settings.database_url)
    except StorageError as error:
        problem, _, advice = str(error).partition(": ")
        return None, Check("database", "wrong", problem, advice[:1].upper() + advice[1:])
    if condition.revision is None:
        return condition, Check("database", "ok", "none yet: the first start creates it")
    size = f"{condition.bytes / 1e6:,.1f} MB, " if condition.folder else ""
    found = f"{size}whole, writable, revision {condition.revision}"
    if condition.revision != condition.newest:
        advice = f"The next start upgrades it to {condition.newest}: back it up first."
        return condition, Check("database", "warning", found, advice)
    if condition.set_aside:
        names = ", ".join(file.name for file in condition.set_aside)
        advice = f"Delete {names} once you do not need it: it keeps what people have deleted."
        return condition, Check("database", "warning", f"{found}; an old one beside it", advice)
    return condition, Check("database", "ok", found)


def _device() -> Check:
    try:
        where = device.in_use()
    except device.DeviceError as error:
        return Check("device", "wrong", "the chosen DEVICE is not available here", str(error))
    if where == "cpu":
        advice = (
            "OpenVINO is several times faster: .venv/bin/pip install openvino, and set DEVICE=auto."
        )
        return Check("device", "warning", "torch on this CPU, which is slow", advice)
    return Check("device", "ok", {"openvino": "OpenVINO on this CPU", "cuda": "a GPU"}[where])


def _bundle(settings: Settings, model: Model) -> list[Check]:
    """Checks the bundle with the weights that it needs, then those that it can do without."""
    try:
        one_core_each()
        folder, problem = model()
        engine = Engine.load(folder, settings.weights_dir)
    except BundleError as error:
        return [Check("bundle", "wrong", "cannot be loaded", str(error))]
    except WeightsError as error:
        return [Check("bundle", "wrong", "weights are missing or damaged", str(error))]
    except device.DeviceError:
        return [Check("bundle", "unknown", "not checked: no DEVICE to load it on")]
    names = " and ".join(sorted(engine.all_backbones))
    hashtags = counted(len(engine.own_hashtags), "hashtag")
    found = f"{engine.model}, {hashtags}, sees with {names}"
    weights = _weights(settings, read_manifest(folder))
    if problem:
        found += ", fetched from BUNDLE at an earlier time"
        return [Check("bundle", "warning", found, problem), weights]
    if settings.model_dir is not None and in_use(settings.model_dir) != settings.model_dir:
        found += f" (a fine-tuned version of {settings.model_dir.name})"
    return [Check("bundle", "ok", found), weights]


def _weights(settings: Settings, manifest: Mapping[str, Any]) -> Check:
    """Checks the weights that a bundle uses if they are here; with the others it was loaded."""
    here, missing = list(manifest["backbones"]), list[str]()
    problems: dict[str, str] = {}
    for name in manifest["settings"].get("w2v_classes", {}).get("backbones", ()):
        path, own_name = find(name, settings.weights_dir), without_side(name)
        if path is None:
            missing.append(name)
            continue
        here.append(name)
        try:
            backbone = load_backbone(name, settings.weights_dir)
        except (UnknownBackboneError, WeightsError) as error:
            problems[f"{name} cannot be used"] = str(error)
            continue
        if official_name(own_name, backbone.sha256) != own_name:
            problems[f"{name} is not the official file"] = (
                f"Remove {path} and get it again with `tag4pic weights get {own_name}`."
            )
    if problems:
        return Check("weights", "warning", "; ".join(problems), " ".join(problems.values()))
    found = " and ".join(here)
    return Check("weights", "ok", f"{found}; optional: {', '.join(missing)}" if missing else found)


def _disk(condition: Condition | None) -> Check:
    folder = condition.folder if condition and condition.folder else Path.cwd()
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:,.1f} GB free for {folder}"
    state: State = "wrong" if free < TOO_LITTLE else "warning" if free < LITTLE else "ok"
    return Check("disk", state, found, "" if state == "ok" else "Free some space.")
