"""Whether hashtags name what captions tell of."""

import pytest

from training.evaluation.caption_hits import caption_hits, content_words

DOG, BEACH = frozenset({"dog"}), frozenset({"beach"})


def test_words_count_that_two_captions_share() -> None:
    captions = ["A dog runs along the beach", "The dog plays", "Two people on a beach"]
    assert content_words(captions) == {"dog", "beach"}


def test_a_hashtag_names_a_photo_when_it_contains_one_of_its_words() -> None:
    hits = caption_hits([["dogsofinstagram"], ["sea"]], [DOG, BEACH], ())
    assert (hits.photos, hits.hit, hits.precision) == (2, 0.5, pytest.approx(1 / 10))


def test_only_the_first_five_hashtags_count() -> None:
    hits = caption_hits([["sea", "sun", "sky", "sand", "summer", "dog"]], [DOG], ())
    assert hits.hit == 0


def test_a_list_that_is_the_same_for_every_photo_has_lift_one() -> None:
    hits = caption_hits([["dog", "beach"]] * 6, [DOG, BEACH] * 3, ())
    assert hits.lift == pytest.approx(1)


def test_generic_hashtags_are_counted() -> None:
    assert caption_hits([["love", "dog"]], [DOG], {"love"}).generic == pytest.approx(1 / 5)
