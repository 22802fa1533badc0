"""How many people are in a photo, and what is not posted where nobody is."""

from pathlib import Path

import numpy as np
import pytest

from recommenders import bundle as bundles
from recommenders.answers import AnswerRequest
from recommenders.arrays import Floats
from recommenders.bundle import Bundle, BundleError
from recommenders.engine import Engine
from recommenders.people import PRESENCE, People, people_part, read_people
from tests.bundles import BACKBONE, tiny_bundle
from tests.recommenders.small_bundle import refusal

DIMS = 1280


def people() -> People:
    """Tells by the first four features, one for each of ``PRESENCE``."""
    weight = np.zeros((len(PRESENCE), DIMS), np.float32)
    np.fill_diagonal(weight, 10)
    return People(
        BACKBONE,
        weight,
        np.zeros(len(PRESENCE), np.float32),
        {"kids": "somebody", "bride": "close_up", "family": "several"},
        {"somebody": 0.5, "close_up": 0.2, "several": 0.2},
    )


def photo(who: str) -> Floats:
    features = np.full((1, DIMS), 1e-3, np.float32)
    features[0, PRESENCE.index(who)] = 1
    return features


def bundle_with(part: People) -> Bundle:
    bundle = Bundle("people-1", ["kids", "bride", "family"], {BACKBONE: ""})
    return bundle.with_parts({"people": people_part(part)})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tiny_bundle(tmp_path_factory.mktemp("people") / "tiny", w2v=BACKBONE)
    bundle = bundles.load(folder).with_parts({"people": people_part(people())})
    bundles.save(bundle, folder)
    return Engine.load(folder)


def recommended(engine: Engine, who: str, backend: str = "both") -> set[str]:
    (hashtags,) = engine.recommend({BACKBONE: photo(who)}, backend, top=len(engine.hashtags))
    return {hashtag.tag for hashtag in hashtags}


def test_the_likeliest_is_what_the_features_say() -> None:
    features = np.concatenate([photo(who) for who in PRESENCE])
    presence = people().presence(features)
    assert presence.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert presence.sum(axis=1) == pytest.approx(np.ones(4))


@pytest.mark.parametrize(
    ("who", "missing"),
    [
        ("nobody", {"kids", "bride", "family"}),
        ("close_up", {"family"}),
        ("one", {"bride", "family"}),
        ("several", {"bride"}),
    ],
)
def test_what_a_hashtag_presupposes_is_there_or_missing(who: str, missing: set[str]) -> None:
    columns, scores = {"kids": 0, "bride": 1, "family": 2}, np.ones((1, 3), np.float32)
    people().silence(scores, photo(who), columns, None)
    assert {tag for tag, column in columns.items() if not scores[0, column]} == missing


@pytest.mark.parametrize("backend", ["als", "w2v", "both"])
def test_where_nobody_is_nothing_that_presupposes_people_is_recommended(
    engine: Engine, backend: str
) -> None:
    assert {"kids", "bride", "family"}.isdisjoint(recommended(engine, "nobody", backend))


@pytest.mark.parametrize("backend", ["als", "w2v", "both"])
def test_the_other_hashtags_stay(engine: Engine, backend: str) -> None:
    everything = set(engine.hashtags)
    assert recommended(engine, "nobody", backend) == everything - {"kids", "bride", "family"}


def test_several_may_be_a_family(engine: Engine) -> None:
    assert "family" in recommended(engine, "several")


def test_an_album_may_have_what_one_of_its_photos_shows(engine: Engine) -> None:
    album = np.concatenate([photo("nobody"), photo("several")])
    tags = {hashtag.tag for hashtag in engine.answer({BACKBONE: album}, AnswerRequest("als", 40))}
    assert "family" in tags and "bride" not in tags


def test_what_people_taught_for_a_scene_comes_whoever_is_there(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "tiny", w2v=BACKBONE)
    bundles.save(bundles.load(folder).with_parts({"people": people_part(people())}), folder)
    engine = Engine.load(folder)
    features = photo("nobody")
    engine.learn({1: ({BACKBONE: features[0]}, {None: ["family"]})})
    assert "family" in {
        hashtag.tag for hashtag in engine.answer({BACKBONE: features}, AnswerRequest("both"))
    }


def test_the_part_comes_back_from_a_bundle() -> None:
    again = read_people(bundle_with(people()))
    assert again is not None
    assert (again.presuppose, again.least) == (people().presuppose, people().least)
    assert (again.weight == people().weight).all()


def test_a_bundle_without_the_part_cannot_tell() -> None:
    assert read_people(Bundle("plain-1", ["kids"], {BACKBONE: ""})) is None


def test_a_bundle_whose_weights_have_another_shape_is_refused(tmp_path: Path) -> None:
    folder = tiny_bundle(tmp_path / "tiny")
    bundle = bundles.load(folder).with_parts({"people": people_part(people())})
    bundle.arrays["people"]["weight"] = np.zeros((4, 7), np.float16)
    bundles.save(bundle, folder)
    assert "people/weight has shape (4, 7)" in refusal(folder, Engine.load)


@pytest.mark.parametrize(
    "settings",
    [{"hashtags": {"crowd": ["kids"]}}, {"hashtags": 7}, {"backbone": "nosuch"}, {"least": {}}],
    ids=str,
)
def test_settings_that_cannot_be_are_a_damaged_bundle(settings: dict[str, object]) -> None:
    bundle = bundle_with(people())
    bundle.settings["people"] |= settings
    with pytest.raises(BundleError):
        read_people(bundle)
