"""Who captions and sets say is in a photo, and learning to tell it from features."""

from pathlib import Path

import numpy as np
import pytest

from recommenders.people import PRESENCE, PRESUPPOSED, People
from training.starter.presence import fit_people, presence_of
from training.starter.sources import TaggedPhoto
from training.starter.word_tables import presence_of_sets, presupposing_hashtags


def photo(*captions: str, source: str = "flickr8k", words: tuple[str, ...] = ()) -> TaggedPhoto:
    return TaggedPhoto(Path("a.jpg"), source, "", {}, frozenset(), frozenset(words), captions)


def likeliest(one: TaggedPhoto) -> str:
    return PRESENCE[int(presence_of([one])[0].argmax())]


@pytest.mark.parametrize(
    ("captions", "who"),
    [
        (("A dog runs on the beach", "The brown dog runs"), "nobody"),
        (("A man climbs a cliff", "A climber in red"), "one"),
        (("A man in a hat is smiling", "A boy with glasses looks at the camera"), "close_up"),
        (("Two men on a bench", "People sit outside"), "several"),
        (("A man and a woman kiss", "A man hugs a girl"), "several"),
    ],
)
def test_captions_tell_how_many_people_there_are(captions: tuple[str, ...], who: str) -> None:
    assert likeliest(photo(*captions)) == who


def test_captions_that_disagree_are_as_many_votes() -> None:
    presence = presence_of([photo("a dog", "a man", "a man", "two men")])[0]
    assert presence.tolist() == [0.25, 0, 0.5, 0.25]


def test_a_set_of_dishes_shows_nobody() -> None:
    assert likeliest(photo(source="food101_10", words=("apple", "pie"))) == "nobody"


def test_a_word_of_a_set_tells() -> None:
    assert likeliest(photo(source="har15", words=("hugging",))) == "several"
    assert likeliest(photo(source="har15", words=("laughing",))) == "close_up"


def test_a_set_that_says_nothing_is_not_learnt_from() -> None:
    assert not presence_of([photo(source="har15", words=("cycling",))]).any()


def test_the_tables_name_what_can_be_told() -> None:
    assert {who for _, _, who in presence_of_sets()} <= set(PRESENCE)
    assert set(presupposing_hashtags().values()) == set(PRESUPPOSED)


def test_what_features_tell_is_learnt_and_the_same_twice() -> None:
    draw = np.random.default_rng(0)
    truth = np.arange(200) % len(PRESENCE)
    features = draw.standard_normal((200, 30)).astype(np.float32)
    features[np.arange(200), truth] += 6
    presence = np.eye(len(PRESENCE), dtype=np.float32)[truth]
    weight, bias = fit_people(features, presence)
    told = People("any", weight, bias, {}, {}).presence(features).argmax(axis=1)
    assert (told == truth).mean() > 0.95
    again, _ = fit_people(features, presence)
    assert (again == weight).all()
