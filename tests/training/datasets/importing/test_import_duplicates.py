"""The same photo posted twice."""

from pathlib import Path

from PIL import Image
from sources import Import, photo, picture, table


def test_photos_of_the_same_bytes_become_one_post_with_all_hashtags_and_the_larger_likes(
    run_import: Import, source: Path
) -> None:
    imported = run_import(source)
    first = imported.rows[0]
    assert first["hashtags"] == ["dog", "puppy", "pet"]
    assert first["likes"] == 20
    assert imported.summary.duplicates == 1
    assert "1 post merged with another post of the same photo." in imported.summary.lines()


def test_a_smaller_copy_of_low_quality_is_the_same_photo(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "source"
    for seed in range(12):
        photo(folder / f"{seed}.png", seed)
        copy = picture(seed).resize((160, 107))
        copy.save(folder / f"{seed}-copy.jpg", quality=50)
    names = [name for seed in range(12) for name in (f"{seed}.png,a{seed}", f"{seed}-copy.jpg,b")]
    table(folder / "posts.csv", "image,tags", *names)
    imported = run_import(folder)
    assert imported.hashtags == [[f"a{seed}", "b"] for seed in range(12)]


def test_pictures_of_one_flat_colour_are_not_taken_for_one_photo(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, shade in (("a", 40), ("b", 44)):
        picture(0).point(lambda _, shade=shade: shade).save(folder / f"{name}.png")
    table(folder / "posts.csv", "image,tags", "a.png,night", "b.png,dark")
    assert run_import(folder).summary.posts == 2


def test_pictures_are_read_upright_before_they_are_compared(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    picture(1).save(folder / "a.jpg", quality=95)
    turned = picture(1).transpose(2)  # 90° to the left: EXIF says how to turn it back
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(folder / "b.jpg", quality=95, exif=exif)
    table(folder / "posts.csv", "image,tags", "a.jpg,sea", "b.jpg,sun")
    assert run_import(folder).summary.duplicates == 1


def test_cards_of_one_layout_and_other_colours_are_two_photos(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    grey = picture(1).convert("L").point(lambda shade: 70 + shade // 3)
    for name, red, green in (("red", 60, -31), ("green", -60, 31)):  # as bright as each other
        bands = (
            grey.point(lambda shade, by=red: shade + by),
            grey.point(lambda shade, by=green: shade + by),
            grey,
        )
        Image.merge("RGB", bands).save(folder / f"{name}.png")
    table(folder / "posts.csv", "image,tags", "red.png,a", "green.png,b")
    assert run_import(folder).summary.posts == 2
