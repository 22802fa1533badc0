"""Instagram's own export of an account."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import Import, as_instagram_exports, hashtags, photo, table

from recommenders.hashtags import normalise
from training.datasets.format import DatasetError
from training.datasets.importing import import_posts

SECONDS = 1672922024
PLACES = ("your_instagram_activity/media", "your_instagram_activity/content", "content")


def export(folder: Path, name: str, content: object, place: str = PLACES[0]) -> Path:
    """Writes one of the export's files."""
    table(folder / place / name, as_instagram_exports(content))
    return folder


def picture(folder: Path, seed: int) -> dict[str, object]:
    """A picture of the export, and what a post says of it."""
    uri = f"media/posts/202301/{seed}.jpg"
    photo(folder / uri, seed)
    return {"uri": uri, "creation_timestamp": SECONDS, "title": ""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the export was unpacked."""
    return tmp_path / "instagram-ann-2025-01-01"


@pytest.mark.parametrize("place", PLACES)
def test_an_export_is_recognised_and_its_posts_are_read(
    run_import: Import, folder: Path, place: str
) -> None:
    single = {"media": [{**picture(folder, 1), "title": "У моря 🌊 #Закат #sea"}]}
    imported = run_import(export(folder, "posts_1.json", [single], place))
    assert imported.summary.kind == "instagram"
    (row,) = imported.rows
    assert row["hashtags"] == ["закат", "sea"]
    assert row["posted_at"] == "2023-01-05T12:33:44+00:00"
    assert imported.summary.photos == 1


def test_a_post_of_several_pictures_is_an_album(run_import: Import, folder: Path) -> None:
    pictures = [picture(folder, seed) for seed in (1, 2, 3)]
    album = {"media": pictures, "title": "#trip #море", "creation_timestamp": SECONDS}
    imported = run_import(export(folder, "posts_1.json", [album]))
    assert imported.hashtags == [["trip", "море"]] * 3
    assert len({row["album"] for row in imported.rows}) == 1
    assert (imported.summary.posts, imported.summary.photos) == (1, 3)
    assert imported.summary.lines()[0].startswith("1 post with 2 different hashtags and 3 photos")


@pytest.mark.parametrize("uri", ["../\ud800.jpg", "media/\udfff.jpg", "../" + "a" * 300])
def test_a_picture_of_an_impossible_name_is_missing_and_the_others_are_read(
    run_import: Import, folder: Path, uri: str
) -> None:
    posts = [
        {"media": [{"uri": uri}], "title": "#lost"},
        {"media": [picture(folder, 1), {"uri": uri}], "title": "#sea"},
    ]
    table(folder / PLACES[0] / "posts_1.json", json.dumps(posts))
    imported = run_import(folder)
    assert sorted(imported.hashtags) == [["lost"], ["sea"]]
    assert (imported.summary.photos, imported.summary.photos_missing) == (1, 2)


def test_pictures_that_are_too_many_for_an_album_are_posts_of_their_own(
    run_import: Import, folder: Path
) -> None:
    pictures = [picture(folder, seed) for seed in range(21)]
    imported = run_import(export(folder, "posts_1.json", [{"media": pictures, "title": "#trip"}]))
    assert imported.summary.posts == len(imported.rows) == 21
    assert not any("album" in row for row in imported.rows)


def test_all_numbered_files_and_archived_posts_are_read(run_import: Import, folder: Path) -> None:
    for number in (1, 2):
        post = {"media": [picture(folder, number)], "title": f"#number{number}"}
        export(folder, f"posts_{number}.json", [post])
    archived = {"media": [picture(folder, 3)], "title": "#archived"}
    export(folder, "archived_posts.json", {"ig_archived_post_media": [archived]})
    tags = sorted(tag for tags in run_import(folder).hashtags for tag in tags)
    assert tags == ["archived", "number1", "number2"]


def test_videos_stories_and_the_like_are_left_out_and_counted(
    run_import: Import, folder: Path
) -> None:
    video = {"uri": "media/posts/202301/v.mp4", "creation_timestamp": SECONDS, "title": "#video"}
    mixed = {"media": [picture(folder, 1), {**video, "title": ""}], "title": "#mixed"}
    export(folder, "posts_1.json", [mixed, {"media": [video]}])
    export(folder, "stories.json", {"ig_stories": [video, video]})
    export(folder, "reels.json", {"ig_reels_media": [{"media": [video]}]})
    export(folder, "profile_photos.json", {"ig_profile_picture": [picture(folder, 9)]})
    imported = run_import(folder)
    assert imported.hashtags == [["mixed"]]
    assert "album" not in imported.rows[0]
    assert +imported.summary.skipped == {
        "videos": 2,
        "stories": 2,
        "reels": 1,
        "profile pictures and covers": 1,
    }


def test_the_newest_list_of_labels_in_any_language_is_the_same_post_once(
    run_import: Import, folder: Path
) -> None:
    media = picture(folder, 1)
    labelled = {
        "timestamp": SECONDS,
        "label_values": [
            {"label": "Подпись", "value": "Дома #кот"},
            {"label": "URL", "value": "https://instagram.com/p/C#x", "href": "https://a.org/#x"},
            {"label": "Медиа", "media": [media]},
        ],
    }
    export(folder, "posts.json", [labelled])
    export(folder, "posts_1.json", [{"media": [media], "title": "Дома #кот"}])
    imported = run_import(folder)
    assert imported.hashtags == [["кот"]]
    assert imported.summary.duplicates == 0


def test_the_oldest_exports_have_one_list(run_import: Import, folder: Path) -> None:
    for seed in (1, 2, 3):
        photo(folder / f"photos/201811/{seed}.jpg", seed)
    taken = {"taken_at": "2018-11-05T20:19:29+00:00"}
    photos = [
        {"caption": "Вечер #закат", **taken, "path": "photos/201811/1.jpg"},
        {"caption": "Вечер #закат", **taken, "path": "photos/201811/2.jpg"},
        {"caption": "#tea", "taken_at": "2018-11-06T00:00:00", "path": "photos/201811/3.jpg"},
    ]
    content = {"photos": photos, "stories": [{"path": "s.jpg"}], "videos": [{"path": "v.mp4"}]}
    imported = run_import(export(folder, "media.json", content, "."))
    assert imported.hashtags == [["закат"], ["закат"], ["tea"]]
    assert [row.get("album") for row in imported.rows] == ["photos/201811/1.jpg"] * 2 + [None]
    assert imported.rows[0]["posted_at"] == "2018-11-05T20:19:29+00:00"
    assert +imported.summary.skipped == {"stories": 1, "videos": 1}


def test_pictures_may_lie_in_another_part_of_the_export(run_import: Import, tmp_path: Path) -> None:
    parts = tmp_path / "unpacked"
    post = {"media": [picture(parts / "part_2", 1)], "title": "#sea"}
    export(parts / "part_1", "posts_1.json", [post])
    imported = run_import(parts)
    assert imported.hashtags == [["sea"]]
    assert imported.summary.photos == 1


def test_an_export_as_web_pages_is_refused_by_name(run_import: Import, folder: Path) -> None:
    picture(folder, 1)
    table(folder / PLACES[0] / "posts_1.html", "<html>#sea</html>")
    with pytest.raises(DatasetError, match=r"HTML.*choose the format JSON"):
        run_import(folder)


def test_an_export_without_posts_is_refused_by_name(run_import: Import, folder: Path) -> None:
    picture(folder, 1)
    export(folder, "message_1.json", {"messages": []}, "your_instagram_activity/messages/inbox/bob")
    with pytest.raises(DatasetError, match="has no posts exported by Instagram"):
        run_import(folder)


def test_one_file_of_an_export_asks_for_its_folder(run_import: Import, folder: Path) -> None:
    export(folder, "posts_1.json", [])
    with pytest.raises(DatasetError, match="Name the folder"):
        run_import(folder / PLACES[0] / "posts_1.json")


@pytest.mark.parametrize(
    ("place", "part"),
    [
        *((place, place) for place in PLACES),
        *((place, "your_instagram_activity") for place in PLACES[:2]),
        (PLACES[0], "media"),
    ],
)
def test_a_part_of_an_export_asks_for_the_whole(
    run_import: Import, folder: Path, place: str, part: str
) -> None:
    export(folder, "posts_1.json", [{"media": [picture(folder, 1)], "title": "#sea"}], place)
    with pytest.raises(DatasetError, match="part of Instagram's export: name the folder that"):
        run_import(folder / part)


def test_what_is_broken_is_counted_and_stops_nothing(run_import: Import, folder: Path) -> None:
    post = {"media": [picture(folder, 1)], "title": "#sea"}
    strange = [
        None, 3, {}, {"media": 7}, {"media": [None, {"uri": 5}]}, {"label_values": [3]},
        {"media": [{"uri": "../../etc/passwd"}], "title": "#outside"},
        {"media": [{"uri": "\0.jpg"}], "title": "#zero"}, {"media": [{"uri": "gone.jpg"}]},
        {"title": "#words"}, post,
    ]  # fmt: skip
    export(folder, "posts_1.json", strange)
    table(folder / PLACES[0] / "posts_2.json", "[{broken")
    table(folder / PLACES[0] / "stories.json", "")
    imported = run_import(folder)
    assert imported.hashtags == [["outside"], ["zero"], ["words"], ["sea"]]
    assert imported.summary.photos == 1
    assert imported.summary.problems.counts["file cannot be read"] == 2


def test_pictures_beside_a_media_json_of_somebody_elses_are_no_export(
    run_import: Import, tmp_path: Path
) -> None:
    photo(tmp_path / "s" / "IMG_1.jpg", 1)
    table(tmp_path / "s" / "IMG_1.txt", "#sea")
    table(tmp_path / "s" / "media.json", '{"photos": 3}')
    assert run_import(tmp_path / "s").summary.kind == "instaloader"


@given(st.text("aéñßøžłжщєґאشक中日한🌊☕", min_size=1))
def test_every_text_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, word: str
) -> None:
    folder = tmp_path_factory.mktemp("exports")
    export(folder / "one", "posts_1.json", [{"title": f"{word} #a{word}"}])
    import_posts(folder / "one", folder / "to")
    letters = re.split("[🌊☕]", f"a{word}")[0]
    assert hashtags(folder / "to") == [[normalise(letters)]]
