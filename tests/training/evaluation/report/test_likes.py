"""What the report draws of likes."""

import re

from training.datasets.format import Post
from training.evaluation.report.charts import Axis
from training.evaluation.report.likes import likes_of_posts

POSTS = [
    *[Post(("sea", "sun"), likes=likes, search_hashtag="summer") for likes in (10, 30)],
    *[Post(("sea", "sun", f"x{likes}"), likes=likes) for likes in (1, 100, 10_000)],
    Post(("sea", "<b>"), likes=None),
]


def test_likes_are_drawn_by_hashtags_per_post_by_search_hashtag_and_against_ratings() -> None:
    section = likes_of_posts(POSTS)
    assert "Posts of the dataset whose likes are known: 5." in section
    assert "2 hashtags: 2 posts, median 20 likes" in section
    assert "3 hashtags: 3 posts, median 100 likes" in section
    assert re.search(r"#summer</td><td>2</td><td><b>20</b><small>15–25", section)
    assert "#sea: 10,000 likes among 3 hashtags, rating 1.61" in section
    assert "#x100:" not in section  # used once, which tells nothing
    assert section.count("<svg") == 2


def test_medians_are_written_out() -> None:
    section = likes_of_posts([Post(("sea",), likes=4_402_180, search_hashtag="sea")] * 2)
    assert "<b>4,402,180</b>" in section and "median 4,402,180 likes" in section


def test_an_album_is_drawn_as_one_post() -> None:
    party = [Post(("party", "venue"), likes=100, album="p1")] * 10
    section = likes_of_posts([*party, Post(("party", "sea"), likes=1)])
    assert "Posts of the dataset whose likes are known: 2." in section
    assert "2 hashtags: 2 posts, median 50.5 likes" in section


def test_without_likes_nothing_is_drawn() -> None:
    assert likes_of_posts([Post(("sea",)), Post((), likes=9)]) == ""
    # One post, and no hashtag used twice.
    assert likes_of_posts([Post(("sea",), likes=0)]).count("<svg") == 1


def test_ticks_are_round_and_within_the_axis() -> None:
    assert Axis("likes", 0, 1234, logarithmic=True).ticks() == [0, 1, 10, 100, 1000]
    assert Axis("rating", 0, 1.9).ticks() == [0, 0.5, 1, 1.5]
    assert Axis("hashtags", 3, 3).ticks()
