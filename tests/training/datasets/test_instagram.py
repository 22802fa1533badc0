"""Collecting, with a stand-in for the instaloader module: no network, real files."""

import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sources import metadata, photo, picture, rows, table

from training.datasets.format import DatasetError
from training.datasets.importing import import_posts
from training.datasets.instagram import CollectError, CollectSummary, collect

_PARENTS = {
    "InstaloaderException": Exception,
    "AbortDownloadException": Exception,
    "ConnectionException": "InstaloaderException",
    "TooManyRequestsException": "ConnectionException",
    "QueryReturnedNotFoundException": "ConnectionException",
    "QueryReturnedForbiddenException": "InstaloaderException",
    "LoginRequiredException": "InstaloaderException",
    "ProfileNotExistsException": "InstaloaderException",
    "PrivateProfileNotFollowedException": "InstaloaderException",
    "BadResponseException": "InstaloaderException",
}


def _exceptions() -> SimpleNamespace:
    made: dict[str, Any] = {}
    for name, parent in _PARENTS.items():
        made[name] = type(name, (made[parent] if isinstance(parent, str) else parent,), {})
    return SimpleNamespace(**made)


class Instagram:
    """Looks like the module ``instaloader`` and has posts, newest first, by target."""

    def __init__(self) -> None:
        self.exceptions = _exceptions()
        self.posts: dict[str, list[Any]] = {}
        self.asked: list[str] = []
        self.fetched: list[str] = []
        self.fail: Callable[[str], BaseException | None] = lambda what: None
        self.sessions: set[str] = set()
        self.options: dict[str, Any] = {}
        self.RateController = type("RateController", (), {"sleep": lambda self, seconds: None})
        self.Hashtag = SimpleNamespace(
            from_name=lambda _, name: SimpleNamespace(
                get_posts_resumable=lambda: self._newest("#" + name)
            )
        )
        self.Profile = SimpleNamespace(
            from_username=lambda _, name: SimpleNamespace(get_posts=lambda: self._newest(name))
        )

    def post(self, target: str, number: int, typename: str = "GraphImage") -> None:
        """Posts something new."""
        moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        post = SimpleNamespace(shortcode=f"C{number}", date_utc=moment, typename=typename)
        self.posts.setdefault(target, []).insert(0, post)

    def _newest(self, target: str) -> Iterator[Any]:
        self.raise_failure(target)
        for post in self.posts[target]:
            self.asked.append(post.shortcode)
            yield post

    def raise_failure(self, what: str) -> None:
        if error := self.fail(what):
            raise error

    def Instaloader(self, **options: Any) -> "Loader":  # noqa: N802, the module's own name
        self.options = options
        return Loader(self, options)


class Loader:
    """Looks like an ``Instaloader`` and writes the files that one writes."""

    def __init__(self, instagram: Instagram, options: dict[str, Any]) -> None:
        self.instagram = instagram
        self.context = None
        self.folder: str = options["dirname_pattern"]

    def __enter__(self) -> "Loader":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def load_session_from_file(self, name: str, file: str | None) -> None:
        if name not in self.instagram.sessions:
            raise FileNotFoundError(2, "No such file", file)

    def test_login(self) -> str | None:
        return None if self.instagram.fail("login") else "ann"

    def download_post(self, post: Any, target: str) -> bool:
        folder = Path(self.folder.format(target=target))
        base = f"{post.date_utc:%Y-%m-%d_%H-%M-%S}_UTC_{post.shortcode}"
        photo(folder / f"{base}.jpg", int(post.shortcode[1:]))
        self.instagram.raise_failure(post.shortcode)
        table(folder / f"{base}.txt", f"#sea #no{post.shortcode}")
        metadata(folder / f"{base}.json.xz", {"shortcode": post.shortcode, "caption": "#sea"})
        self.instagram.fetched.append(post.shortcode)
        return True


@pytest.fixture
def instagram() -> Instagram:
    instagram = Instagram()
    for number in range(10):
        instagram.post("#sea", number)
        instagram.post("ann", 100 + number)
    return instagram


@pytest.fixture
def run(instagram: Instagram, tmp_path: Path) -> Callable[..., CollectSummary]:
    def run(
        hashtags: tuple[str, ...] = ("sea",), profiles: tuple[str, ...] = (), **options: Any
    ) -> CollectSummary:
        options = {"sleep": lambda seconds: None, **options}
        return collect(hashtags, profiles, tmp_path / "downloads", instaloader=instagram, **options)

    return run


Run = Callable[..., CollectSummary]


def test_what_is_collected_can_be_imported(run: Run, tmp_path: Path) -> None:
    assert run(("#Sea",), ("@ann",), limit=4).new == 8
    summary = import_posts(tmp_path / "downloads", tmp_path / "to")
    assert (summary.kind, summary.posts, summary.photos) == ("instaloader", 8, 8)
    assert rows(tmp_path / "to")[0]["search_hashtag"] == "sea"


def test_only_new_posts_are_fetched_the_next_time(run: Run, instagram: Instagram) -> None:
    run(limit=10)
    instagram.post("#sea", 50)
    instagram.fetched.clear()
    instagram.asked.clear()
    summary = run(limit=10)
    assert instagram.fetched == ["C50"]
    assert len(instagram.asked) < 8  # it stopped at posts it knows
    assert summary.new == 1


def test_a_larger_limit_reaches_further_back(run: Run) -> None:
    assert run(limit=4).new == 4
    assert run(limit=9).new == 5


@pytest.mark.parametrize("at", ["C9", "C7", "C4"])
def test_an_interrupted_run_is_completed_by_the_next(
    run: Run, instagram: Instagram, tmp_path: Path, at: str
) -> None:
    instagram.fail = lambda what: KeyboardInterrupt() if what == at else None
    with pytest.raises(KeyboardInterrupt):
        run(limit=8)
    instagram.fail = lambda what: None
    run(limit=8)
    assert sorted(instagram.fetched) == [f"C{number}" for number in range(2, 10)]
    assert import_posts(tmp_path / "downloads", tmp_path / "to").photos == 8


def test_videos_are_passed_over(run: Run, instagram: Instagram) -> None:
    instagram.post("#sea", 60, "GraphVideo")
    summary = run(limit=3)
    assert (summary.new, summary.videos) == (2, 1)


def test_it_pauses_between_posts_but_not_for_those_that_are_there(run: Run) -> None:
    pauses: list[float] = []
    run(limit=5, pause=2.0, sleep=pauses.append)
    assert len(pauses) == 5 and all(1 <= pause <= 3 for pause in pauses)
    pauses.clear()
    run(limit=5, sleep=pauses.append)
    assert pauses == []


def test_instaloaders_own_limits_stay_on_and_long_waits_are_told(
    run: Run, instagram: Instagram
) -> None:
    progress: list[str] = []
    run(limit=1, progress=lambda doing, done, total: progress.append(doing))
    controller = instagram.options["rate_controller"]
    assert issubclass(controller, instagram.RateController)
    controller().sleep(90)
    assert progress == ["#sea", "waiting 1.5 minutes for Instagram's rate limit"]


REFUSALS = pytest.mark.parametrize(
    ("name", "text", "message", "final"),
    [
        ("TooManyRequestsException", "429", "slow down", True),
        ("ConnectionException", "401 Unauthorized, Please wait a few minutes", "slow down", True),
        ("AbortDownloadException", 'responded with "429 Too Many Requests"', "slow down", True),
        ("AbortDownloadException", 'responded with "401 Unauthorized"', r"refuses \(401\)", True),
        ("AbortDownloadException", 'responded with "403 Forbidden"', r"refuses \(403\)", True),
        ("AbortDownloadException", "checkpoint_required", "account is yours", True),
        ("AbortDownloadException", "You've been logged out", "ended the session", True),
        ("ConnectionException", "Name or service not known", "reached .*offline", True),
        ("ConnectionException", "HTTPSConnectionPool: Read timed out.", "no answer in time", True),
        ("LoginRequiredException", "Login required", "instaloader --login", False),
        ("ProfileNotExistsException", "ann does not exist", "no such profile", False),
        ("PrivateProfileNotFollowedException", "private", "is private", False),
        ("QueryReturnedNotFoundException", "404 Not Found", "does not have it", False),
        ("BadResponseException", "no JSON", "pip install --upgrade instaloader", False),
    ],
)


def refuse_sea(instagram: Instagram, name: str, text: str) -> None:
    error = getattr(instagram.exceptions, name)(text)
    instagram.fail = lambda what: error if what == "#sea" else None


@REFUSALS
def test_what_instagram_refuses_is_told_with_what_to_do(
    run: Run, instagram: Instagram, name: str, text: str, message: str, final: bool
) -> None:
    refuse_sea(instagram, name, text)
    summary = run(("sea",), ("ann",), limit=2)
    (refusal,) = summary.refusals
    assert refusal.target == "#sea" and re.search(message, refusal.message)
    assert f"#sea: {refusal.message}" in summary.lines()


@REFUSALS
def test_the_next_target_is_tried_unless_all_is_over(
    run: Run, instagram: Instagram, name: str, text: str, message: str, final: bool
) -> None:
    refuse_sea(instagram, name, text)
    summary = run(("sea",), ("ann",), limit=2)
    assert summary.refusals[0].final is final
    assert summary.new == (0 if final else 2)
    assert ("Not tried after that: ann." in summary.lines()) is final


def test_an_answer_of_another_shape_stops_only_its_target(run: Run, instagram: Instagram) -> None:
    instagram.fail = lambda what: KeyError("graphql") if what == "#sea" else None
    summary = run(("sea",), ("ann",), limit=2)
    assert "does not understand" in summary.refusals[0].message
    assert summary.new == 2


def test_a_post_that_cannot_be_fetched_is_counted_and_tried_again_later(
    run: Run, instagram: Instagram
) -> None:
    gone = instagram.exceptions.QueryReturnedNotFoundException("404")
    instagram.fail = lambda what: gone if what == "C2" else None
    summary = run(limit=10)
    assert summary.new == 9
    assert summary.problems.counts == {"post not fetched: QueryReturnedNotFoundException": 1}
    instagram.fail = lambda what: None
    assert run(limit=10).new == 1


def test_failure_after_failure_ends_the_run(run: Run, instagram: Instagram) -> None:
    broken = instagram.exceptions.ConnectionException("reset by peer")
    instagram.fail = lambda what: broken if what.startswith("C") else None
    summary = run(limit=10)
    assert len(instagram.asked) == 5
    assert summary.refusals[0].final


def test_too_many_requests_in_the_middle_keep_what_was_fetched(
    run: Run, instagram: Instagram, tmp_path: Path
) -> None:
    slow = instagram.exceptions.TooManyRequestsException("429")
    instagram.fail = lambda what: slow if what == "C6" else None
    summary = run(limit=8)
    assert summary.new == 3 and "slow down" in summary.refusals[0].message
    assert not (tmp_path / "downloads" / "collected.json").exists()
    instagram.fail = lambda what: None
    assert run(limit=8).new == 5


def test_a_session_file_logs_in(run: Run, instagram: Instagram) -> None:
    instagram.sessions.add("ann")
    assert run(login="ann", limit=1).new == 1


def test_a_login_without_a_session_file_says_how_to_get_one(run: Run) -> None:
    with pytest.raises(CollectError, match="instaloader --login ann"):
        run(login="ann")


def test_a_session_that_ended_says_so(run: Run, instagram: Instagram) -> None:
    instagram.sessions.add("ann")
    instagram.fail = lambda what: Exception() if what == "login" else None
    with pytest.raises(CollectError, match="does not accept the session"):
        run(login="ann")


@pytest.mark.parametrize(
    ("hashtags", "profiles"), [((), ()), (("!",), ()), ((), ("../x",)), ((), ("..",)), ((), ("",))]
)
def test_names_that_are_none_are_refused_before_anything_is_asked(
    run: Run, hashtags: tuple[str, ...], profiles: tuple[str, ...]
) -> None:
    with pytest.raises(CollectError):
        run(hashtags, profiles)


def test_a_folder_that_cannot_be_written_is_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "downloads").write_text("a file")
    with pytest.raises(DatasetError, match="What was fetched is kept"):
        run()


def test_braces_in_the_folders_name_are_no_pattern(instagram: Instagram, tmp_path: Path) -> None:
    to = tmp_path / "{profile}"
    collect(["sea"], [], to, limit=1, instaloader=instagram, sleep=lambda seconds: None)
    assert [path.name for path in to.iterdir() if path.is_dir()] == ["#sea"]


def test_without_instaloader_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "instaloader", None)
    with pytest.raises(CollectError, match=r"pip install 'tag4pic\[collect\]'"):
        collect(["sea"], [], tmp_path)


@pytest.mark.skipif(not importlib.util.find_spec("instaloader"), reason="needs instaloader")
def test_the_real_instaloader_writes_what_is_looked_for_and_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module("instaloader")
    for name in _PARENTS:
        assert issubclass(getattr(module.exceptions, name), Exception)
    file = BytesIO()
    picture(1).save(file, "JPEG")
    monkeypatch.setattr(
        module.InstaloaderContext,
        "get_raw",
        lambda self, url: SimpleNamespace(headers={"Content-Type": "image/jpeg"}, raw=file),
    )
    monkeypatch.setattr(
        module.InstaloaderContext,
        "write_raw",
        lambda self, response, name: Path(name).write_bytes(response.raw.getvalue()),
    )
    node = {
        "shortcode": "Cab_12",
        "id": "1",
        "__typename": "GraphImage",
        "is_video": False,
        "taken_at_timestamp": 1672922024,
        "display_url": "https://example.org/a.jpg?x",
        "edge_media_to_caption": {"edges": [{"node": {"text": "#sea #sun"}}]},
        "edge_media_preview_like": {"count": -1},
    }

    def posts(tag: Any) -> Iterator[Any]:
        tag._context.error("an attempt that failed")
        yield module.Post(tag._context, node)

    monkeypatch.setattr(
        module.Hashtag, "from_name", lambda context, name: module.Hashtag(context, {"name": name})
    )
    monkeypatch.setattr(module.Hashtag, "get_posts_resumable", posts)
    to = tmp_path / "downloads"
    first = collect(["sea"], [], to, limit=5, sleep=lambda seconds: None)
    again = collect(["sea"], [], to, limit=5, sleep=lambda seconds: None)
    assert (first.new, again.new, again.known) == (1, 0, 1), first.lines()
    assert capsys.readouterr().err == ""
    assert json.loads((to / "collected.json").read_text()) == {"#sea": 5}
    summary = import_posts(to, tmp_path / "to")
    (row,) = rows(tmp_path / "to")
    assert (row["hashtags"], row["posted_at"]) == (["sea", "sun"], "2023-01-05T12:33:44+00:00")
    assert (summary.photos, summary.likes_hidden) == (1, 1)


def test_one_post_and_one_video_are_told_as_one() -> None:
    (line,) = CollectSummary(new=1, known=1, videos=1).lines()
    assert line == "1 new post, 1 already there, 1 video skipped."
