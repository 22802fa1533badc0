"""Downloads new posts of hashtags and profiles with instaloader.

instaloader is an optional extra. Its files land in a folder that ``training.datasets.importing``
reads. It limits its own request rate; we also pause between posts, request nothing twice, and stop
at the first sign that Instagram wants us to.
"""

import importlib
import json
import logging
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from recommenders.hashtags import HashtagError, normalise
from training.datasets.format import DatasetError, Problems, write_json
from training.plurals import counted
from training.progress import Progress, silent

log = logging.getLogger(__name__)

COMPLETED = "collected.json"
"""A file with, by target, how many posts a completed run went through."""
_PINNED = 3
"""Posts that a profile may pin before its newest one."""
_FAILURES_IN_A_ROW = 5
_PROFILE = re.compile(r"(?!\.)[A-Za-z0-9._]{1,30}")
_NETWORK = {
    "failed to resolve": "its name cannot be resolved; this machine seems to be offline",
    "name or service not known": "its name cannot be resolved; this machine seems to be offline",
    "timed out": "no answer in time",
    "connection refused": "the connection was refused",
    "network is unreachable": "the network cannot be reached",
    "certificate verify failed": "its certificate is not trusted here",
}
_AGAIN = "run the same command again: it goes on where it stopped."
_LOGIN = (
    "log in once with `instaloader --login` followed by your Instagram name, which saves a "
    "session file, and give the same name with --login here."
)
_LOGGED_OUT = "Instagram ended the session. Wait a while, then " + _LOGIN
_SLOW_DOWN = "Instagram asks to slow down (429). Wait an hour or longer, then " + _AGAIN
_CHECKPOINT = (
    "Instagram wants you to confirm that the account is yours. Open Instagram in a browser or the "
    "app, do what it asks, wait a day, then " + _AGAIN
)
_REFUSED = (
    "Instagram refuses ({code}): from here it answers only people who are logged in, or nobody "
    f"for now. Either {_LOGIN} Or wait a few hours, then {_AGAIN}"
)
_UNREACHABLE = "Instagram cannot be reached ({error}). Check the connection, then " + _AGAIN
_NOT_UNDERSTOOD = (
    "instaloader does not understand Instagram's answer. Instagram may have changed: "
    ".venv/bin/pip install --upgrade instaloader, then " + _AGAIN
)
_OF_THIS_TARGET = {
    "ProfileNotExistsException": (
        "there is no such profile, or it is hidden from you. Check the name."
    ),
    "PrivateProfileNotFollowedException": (
        "the profile is private. Log in as someone who follows it."
    ),
    "LoginRequiredException": "Instagram shows this only to people who are logged in: " + _LOGIN,
    "QueryReturnedNotFoundException": "Instagram does not have it (404). Check the name.",
}
"""instaloader's errors that concern one target alone."""


class CollectError(DatasetError):
    """Collecting cannot begin; the message says why and what to do."""


@dataclass(frozen=True)
class Refusal:
    """A target that Instagram refused.

    Attributes:
        target: ``#hashtag`` or a profile's name.
        message: what happened and what to do.
        final: nothing more can be asked for now; the targets after this one were not tried.
    """

    target: str
    message: str
    final: bool = False


@dataclass
class CollectSummary:
    """What a run fetched.

    Attributes:
        new: posts fetched.
        known, videos: posts skipped: fetched by an earlier run, or without a picture.
        untried: targets that were not asked for, since nothing more could be had.
        problems: single posts that could not be fetched, by reason.
    """

    new: int = 0
    known: int = 0
    videos: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)

    def lines(self) -> list[str]:
        """Sentences for people."""
        return [
            f"{counted(self.new, 'new post')}, {self.known:,} already there, "
            f"{counted(self.videos, 'video')} skipped.",
            *self.problems.lines(),
            *(f"{refusal.target}: {refusal.message}" for refusal in self.refusals),
            *([f"Not tried after that: {', '.join(self.untried)}."] if self.untried else ()),
        ]


def collect(
    hashtags: Iterable[str],
    profiles: Iterable[str],
    to: Path,
    *,
    limit: int = 100,
    login: str | None = None,
    session_file: Path | None = None,
    pause: float = 2.0,
    progress: Progress = silent,
    instaloader: Any = None,
    sleep: Callable[[float], None] = time.sleep,
) -> CollectSummary:
    """Fetches the newest posts of each hashtag and profile that are not there yet.

    A post is complete once its metadata is there, which is written last: the next run completes an
    interrupted one. After a completed run, the next stops at the first known posts.

    Args:
        hashtags, profiles: with or without ``#`` and ``@``.
        to: the folder, with a subfolder for each target.
        limit: how many of a target's newest posts are looked at.
        login: the Instagram user whose session file is used.
        session_file: where that file is; instaloader's own place where None.
        pause: seconds between two posts, on average.
        progress: called with (target, posts looked at, limit).
        instaloader: the module, imported where None.
        sleep: waits so many seconds.

    Raises:
        CollectError: if instaloader is not installed, or a name or the session is invalid.
        DatasetError: where ``to`` cannot be written.
    """
    targets = _targets(hashtags, profiles)
    if limit < 1:
        raise CollectError(f"limit must be 1 or more, not {limit}.")
    module = _module() if instaloader is None else instaloader
    summary = CollectSummary()
    try:
        to.mkdir(parents=True, exist_ok=True)
        with _loader(module, to, progress) as loader:
            if login is not None:
                _log_in(loader, module, login, session_file)
            collector = _Collector(module, loader, to, limit, pause, sleep, progress, summary)
            for number, target in enumerate(targets, 1):
                if not collector.fetch_target(target):
                    summary.untried = targets[number:]
                    break
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise DatasetError(
            f"{what}{error.strerror or error}. What was fetched is kept. Fix this, then " + _AGAIN
        ) from error
    return summary


def _targets(hashtags: Iterable[str], profiles: Iterable[str]) -> list[str]:
    targets: dict[str, None] = {}
    for hashtag in hashtags:
        try:
            targets["#" + normalise(hashtag)] = None
        except HashtagError as error:
            raise CollectError(f"{error}.") from None
    for profile in profiles:
        name = profile.strip().removeprefix("@")
        if not _PROFILE.fullmatch(name):
            raise CollectError(f"{profile[:40]!r} is not a profile name.")
        targets[name.lower()] = None
    if not targets:
        raise CollectError("Name a hashtag or a profile to collect.")
    return list(targets)


def _module() -> Any:
    try:
        return importlib.import_module("instaloader")
    except ImportError:
        raise CollectError(
            "Collecting needs instaloader, which is optional: "
            ".venv/bin/pip install 'tag4pic[collect]'."
        ) from None


def _loader(module: Any, to: Path, progress: Progress) -> Any:
    def wait(controller: Any, seconds: float) -> None:
        if seconds >= 10:
            progress(f"waiting {seconds / 60:.1f} minutes for Instagram's rate limit", 0, 0)
        module.RateController.sleep(controller, seconds)

    controller = type("ReportingRateController", (module.RateController,), {"sleep": wait})
    folder = str(to.absolute()).replace("{", "{{").replace("}", "}}")
    loader = module.Instaloader(
        quiet=True,
        dirname_pattern=folder + "/{target}",
        # Two people can post in the same second.
        filename_pattern="{date_utc}_UTC_{shortcode}",
        download_videos=False,
        download_video_thumbnails=False,
        save_metadata=True,
        compress_json=True,
        rate_controller=controller,
        fatal_status_codes=[401, 403, 429],
    )
    # It writes every attempt that failed to stderr, even when quiet; people get one sentence.
    if loader.context is not None:
        loader.context.error = lambda message, repeat_at_end=True: log.debug("%s", message)
    return loader


def _log_in(loader: Any, module: Any, login: str, session_file: Path | None) -> None:
    again = f"Log in again with `instaloader --login {login}`."
    try:
        loader.load_session_from_file(login, str(session_file) if session_file else None)
    except FileNotFoundError:
        raise CollectError(f"There is no session file for {login}. {again}") from None
    except Exception as error:  # whatever a damaged file makes instaloader raise
        raise CollectError(f"The session file for {login} cannot be read. {again}") from error
    try:
        name = loader.test_login()
    except (module.exceptions.InstaloaderException, KeyError, TypeError):
        name = None
    if name is None:
        raise CollectError(f"Instagram does not accept the session of {login}. {again}")


@dataclass
class _Collector:
    module: Any
    loader: Any
    to: Path
    limit: int
    pause: float
    sleep: Callable[[float], None]
    progress: Progress
    summary: CollectSummary

    def fetch_target(self, target: str) -> bool:
        """Fetches a target's posts; False where nothing more should be asked for."""
        errors = self.module.exceptions
        try:
            self._fetch_new(target, self._newest(target))
        except (errors.InstaloaderException, errors.AbortDownloadException) as error:
            refusal = _explain(error, target, errors)
        except (KeyError, TypeError, AttributeError, ValueError):
            refusal = Refusal(target, _NOT_UNDERSTOOD)
        else:
            return True
        self.summary.refusals.append(refusal)
        return not refusal.final

    def _newest(self, target: str) -> Iterator[Any]:
        context = self.loader.context
        if target.startswith("#"):
            return iter(self.module.Hashtag.from_name(context, target[1:]).get_posts_resumable())
        return iter(self.module.Profile.from_username(context, target).get_posts())

    def _fetch_new(self, target: str, posts: Iterable[Any]) -> None:
        completed = _read_completed(self.to)
        is_complete = completed.get(target, 0) >= self.limit
        problems_before = sum(self.summary.problems.counts.values())
        known_in_a_row = failures_in_a_row = 0
        for number, post in enumerate(islice(posts, self.limit), 1):
            if self._is_there(target, post):
                self.summary.known += 1
                known_in_a_row += 1
                if is_complete and known_in_a_row > _PINNED:
                    break
            elif post.typename == "GraphVideo":
                self.summary.videos += 1
            else:
                known_in_a_row = 0
                failures_in_a_row = 0 if self._fetch(target, post) else failures_in_a_row + 1
                if failures_in_a_row == _FAILURES_IN_A_ROW:
                    raise self.module.exceptions.ConnectionException(
                        f"{failures_in_a_row} posts in a row could not be fetched"
                    )
                self.sleep(self.pause * random.uniform(0.5, 1.5))
            self.progress(target, number, self.limit)
        if sum(self.summary.problems.counts.values()) == problems_before:
            count = max(self.limit, completed.get(target, 0))
            write_json(self.to / COMPLETED, completed | {target: count})

    def _is_there(self, target: str, post: Any) -> bool:
        name = f"{post.date_utc:%Y-%m-%d_%H-%M-%S}_UTC_{post.shortcode}.json.xz"
        return (self.to / target / name).exists()

    def _fetch(self, target: str, post: Any) -> bool:
        """Fetches a post; False where it could not be, which stops nothing by itself."""
        errors = self.module.exceptions
        try:
            self.loader.download_post(post, target=target)
        except (errors.LoginRequiredException, errors.TooManyRequestsException):
            raise
        except errors.InstaloaderException as error:
            self.summary.problems.add(f"post not fetched: {type(error).__name__}", post.shortcode)
            return False
        except (KeyError, TypeError):
            self.summary.problems.add("post not fetched: the answer is not understood", target)
            return False
        self.summary.new += 1
        return True


def _explain(error: Exception, target: str, errors: Any) -> Refusal:
    """What an error of ``instaloader.exceptions`` means for people, and what to do."""
    text = str(error)
    if isinstance(error, errors.TooManyRequestsException) or _mentions(
        text, "429", "too many requests", "wait a few minutes"
    ):
        return Refusal(target, _SLOW_DOWN, final=True)
    if _mentions(text, "checkpoint", "challenge", "feedback_required"):
        return Refusal(target, _CHECKPOINT, final=True)
    for name, message in _OF_THIS_TARGET.items():
        if isinstance(error, getattr(errors, name)):
            return Refusal(target, message)
    if isinstance(error, errors.AbortDownloadException) and _mentions(text, "logged out"):
        return Refusal(target, _LOGGED_OUT, final=True)
    for code in ("401", "403"):
        if _mentions(text, code):
            return Refusal(target, _REFUSED.format(code=code), final=True)
    if isinstance(error, errors.ConnectionException | errors.AbortDownloadException):
        return Refusal(target, _UNREACHABLE.format(error=_short(text)), final=True)
    return Refusal(target, f"{_NOT_UNDERSTOOD} ({_short(text)})")


def _mentions(text: str, *signs: str) -> bool:
    """Whether one of the signs is in the text; a number must stand by itself."""
    return any(re.search(rf"(?<!\w){re.escape(sign)}(?!\d)", text, re.IGNORECASE) for sign in signs)


def _short(text: str) -> str:
    for sign, meaning in _NETWORK.items():
        if _mentions(text, sign):
            return meaning
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:159] + "…"


def _read_completed(to: Path) -> dict[str, int]:
    try:
        content = json.loads((to / COMPLETED).read_bytes())
        return {str(target): int(count) for target, count in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
