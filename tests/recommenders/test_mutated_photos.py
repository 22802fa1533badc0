"""Mutated files of every format are a photo or a reason, at a bounded cost, and nothing dies."""

from tests.recommenders import mutated_photos


def test_a_few_hundred_mutated_files_are_photos_or_refused() -> None:
    outcome = mutated_photos.run(files=400, seed=1)
    assert outcome.wrong == {}
    assert outcome.kinds.total() == 400
    assert outcome.kinds["photo"] > 20 < outcome.kinds["truncated"]
