"""The starter bundle as it ships: what it answers out of the box, and on a better backbone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from recommenders import bundle as bundles
from recommenders.answers import AnswerRequest, read_rules
from recommenders.backbones.torchvision_ops import import_torchvision_models
from recommenders.bundle import STARTER
from recommenders.engine import Engine
from recommenders.photos import decode
from tests.dusk import dusk
from training.fitting.replay import replay_of
from training.starter.word_tables import forbidden_pairs, people, unseen

BOTH = AnswerRequest("both")


@pytest.fixture(scope="module")
def starter() -> Engine:
    return Engine.load()


@pytest.fixture(scope="module", name="dusk")
def photo() -> Image.Image:
    return dusk()


def test_the_bundle_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in STARTER.iterdir()) < 25 * 10**6


@pytest.mark.parametrize("backend", ["als", "w2v", "both"])
def test_a_low_sun_is_called_a_sunset_or_a_sunrise_which_looks_the_same(
    starter: Engine, dusk: Image.Image, backend: str
) -> None:
    features = starter.features([dusk], starter.backbones[backend])
    (answer,) = starter.recommend(features, backend, top=10)
    assert len(answer) == 10
    assert any("sunset" in h.tag or "sunrise" in h.tag for h in answer[:5])


def test_a_sunset_brings_what_people_post_with_it(starter: Engine, dusk: Image.Image) -> None:
    answer = starter.answer(starter.features([dusk], starter.backbones["both"]), BOTH)
    assert {"sunset", "goldenhour", "sky"} <= {hashtag.tag for hashtag in answer[:5]}


@pytest.fixture(scope="module")
def resnet50(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights of ResNet50, drawn at random."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    network = import_torchvision_models().resnet50(weights=None)
    torch.save(network.state_dict(), folder / "resnet50.pth")
    return folder


@pytest.mark.usefixtures("on_torch")
def test_word2vec_moves_to_resnet50_as_soon_as_its_weights_are_there(
    resnet50: Path, dusk: Image.Image
) -> None:
    engine = Engine.load(None, resnet50)
    assert engine.backbones == {
        "als": ("efficientnet_lite2",),
        "w2v": ("resnet50", "efficientnet_lite2"),  # which judges what needs care
        "both": ("efficientnet_lite2",),
    }
    features = engine.features([dusk], engine.backbones["w2v"])
    assert features["resnet50"].shape == (1, 2048)
    for backend in engine.backends:
        assert len(engine.recommend(features, backend, top=30)[0]) == 30


@pytest.mark.usefixtures("on_torch")
def test_the_fusion_asks_the_network_that_it_was_fitted_on(
    resnet50: Path, starter: Engine, dusk: Image.Image
) -> None:
    moved = Engine.load(None, resnet50)
    features = starter.features([dusk], ["efficientnet_lite2"])
    assert moved.answer(features, BOTH) == starter.answer(features, BOTH)


@pytest.mark.usefixtures("on_torch")
def test_another_version_takes_over_the_networks_that_are_loaded(
    resnet50: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.load(None, resnet50)
    monkeypatch.setattr("recommenders.building.load_backbone", pytest.fail)
    assert Engine.load(None, resnet50, at_work=engine).backbones == engine.backbones


@pytest.mark.usefixtures("on_torch")
def test_weights_of_resnet50_without_a_classifier_leave_word2vec_where_it_was(
    resnet50: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = torch.load(resnet50 / "resnet50.pth")
    torch.save(
        {k: v for k, v in state.items() if not k.startswith("fc.")}, tmp_path / "resnet50.pth"
    )
    engine = Engine.load(None, tmp_path)
    assert engine.backbones["w2v"] == ("efficientnet_lite2",)
    assert "no ImageNet classifier" in caplog.text


def test_a_photo_and_its_decoded_file_get_the_same_answer(
    starter: Engine, dusk: Image.Image, tmp_path: Path
) -> None:
    dusk.save(tmp_path / "dusk.png")
    one, other = starter.recommend(
        starter.features([dusk, decode(tmp_path / "dusk.png")], ["efficientnet_lite2"]), "als"
    )
    assert one == other


@pytest.mark.parametrize("caption", ["My lovely bird!", "птицы на ветке", "#birds"])
def test_a_caption_makes_its_words_likelier(
    starter: Engine, dusk: Image.Image, caption: str
) -> None:
    features = starter.features([dusk], starter.backbones["both"])
    bird = starter.hashtags.index("bird")
    without, with_it = (
        starter.scores(features, "both", words=words)[0]
        for words in ((), [starter.words_in(caption)])
    )
    assert with_it[bird] > 5 * without[bird]
    assert (with_it >= without).all()


def test_a_photo_is_answered_alike_without_a_caption_and_with_one_that_names_nothing(
    starter: Engine, dusk: Image.Image
) -> None:
    features = starter.features([dusk], starter.backbones["both"])
    words = starter.words_in("So happy today")
    assert starter.answer(features, replace(BOTH, words=words)) == starter.answer(features, BOTH)


def test_what_each_source_counted_for_is_told_with_the_words(
    starter: Engine, dusk: Image.Image
) -> None:
    features = starter.features([dusk], starter.backbones["both"])
    sunset, laptop = starter.explain(
        features, "both", ["sunset", "laptop"], words=("sunset", "bird")
    )
    assert sum(share for _, share in sunset.sources) == pytest.approx(1)
    assert {"als", "w2v", "words"} <= dict(sunset.sources).keys()
    assert sunset.words[0] == "sunset"
    assert "sunset" not in laptop.words


def test_what_people_taught_counts_alone_for_its_scene(starter: Engine, dusk: Image.Image) -> None:
    features = starter.features([dusk], starter.backbones["both"])
    of_one = {name: rows[0] for name, rows in features.items()}
    starter.learn({"ann": (of_one, {None: ["ourterrace", "sunset"]})})
    for reason in starter.explain(features, "both", ["ourterrace", "sunset"]):
        assert reason.sources == (("als", 1.0),)
    starter.learn({"ann": (of_one, {})})


@pytest.mark.parametrize("text", ["sunset beach", "закат на пляже"])
def test_words_alone_get_hashtags_too(starter: Engine, text: str) -> None:
    tags = [hashtag.tag for hashtag in starter.for_words(text, top=10)]
    assert len(tags) == 10
    assert {"sunset", "beach"} <= set(tags[:5])


def test_words_alone_get_hashtags_as_russians_post_them(starter: Engine) -> None:
    tags = [hashtag.tag for hashtag in starter.for_words("закат", top=5, language="ru")]
    assert tags[0] == "закат" and len(tags) == 5


@pytest.mark.parametrize(
    ("text", "none_of"),
    [
        ("hair", {"paint", "piercing"}),
        ("rain", {"snail", "windowview"}),
        ("friends", {"outfitoftheday"}),
        ("forest", {"wolves"}),
        ("маникюр", {"hardware", "beautysalon"}),
    ],
)
def test_what_is_only_a_little_like_a_word_does_not_answer_it(
    starter: Engine, text: str, none_of: set[str]
) -> None:
    tags = [hashtag.tag for hashtag in starter.for_words(text)]
    assert len(tags) >= 4 and none_of.isdisjoint(tags)


def test_less_alike_hashtags_with_the_word_in_them_answer_it(starter: Engine) -> None:
    tags = [hashtag.tag for hashtag in starter.for_words("forest")]
    assert {"forestwalk", "winterforest"} <= set(tags)


def test_words_about_sport_get_no_coaches_to_ride_in(starter: Engine) -> None:
    tags = [hashtag.tag for hashtag in starter.for_words("спорт", language="ru")]
    assert "тренер" in tags and {"автобус", "снасти"}.isdisjoint(tags)


def test_what_is_not_to_be_shown_is_not_among_hashtags_for_words(starter: Engine) -> None:
    tags = [hashtag.tag for hashtag in starter.for_words("sunset", skip={"sunset"})]
    assert tags and "sunset" not in tags


def test_words_that_name_nothing_get_no_hashtags(starter: Engine) -> None:
    assert starter.for_words("blah, what a day") == []


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_nothing_gets_no_five_best_hashtags(starter: Engine, level: int) -> None:
    features = starter.features(
        [Image.new("RGB", (320, 240), (level,) * 3)], ["efficientnet_lite2"]
    )
    assert len(starter.answer(features, BOTH)) < 5


def test_noise_gets_no_five_best_hashtags(starter: Engine) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    features = starter.features([Image.fromarray(noise)], ["efficientnet_lite2"])
    assert len(starter.answer(features, BOTH)) < 5


def test_no_hashtag_of_the_starter_labels_a_person(starter: Engine) -> None:
    labels = {tag for tag, in_place in people().items() if in_place != (tag,)}
    assert labels.isdisjoint(starter.hashtags)


def test_no_hashtag_of_the_starter_names_a_place_that_no_photo_shows(starter: Engine) -> None:
    assert unseen().isdisjoint(starter.hashtags)


def test_the_starter_holds_apart_what_must_not_meet(starter: Engine) -> None:
    pairs = starter.bundle.settings["answers"]["forbidden_pairs"]
    assert len(pairs) == len(forbidden_pairs()) > 5


def test_no_category_of_the_starter_shows_what_must_not_meet(starter: Engine) -> None:
    assert starter.knowledge is not None
    for category in starter.knowledge.categories():
        shown = {*category.hashtags, *category.name.split("_")}
        for left, right in forbidden_pairs():
            assert shown.isdisjoint(left) or shown.isdisjoint(right), category.name


@pytest.mark.parametrize("backend", ["als", "w2v"])
def test_one_recommender_names_what_needs_care_only_where_both_together_are_sure(
    starter: Engine, backend: str
) -> None:
    bundle = bundles.load(STARTER)
    careful, photos = read_rules(bundle).careful, replay_of(bundle)
    shown = 0
    for row in photos.features[:200]:
        features = {"efficientnet_lite2": row[None]}
        answer = starter.answer(features, AnswerRequest(backend, 30))
        (sure,) = starter.scores(features, "both")
        for tag in {hashtag.tag for hashtag in answer} & careful.keys():
            shown += 1
            assert sure[starter.hashtags.index(tag)] >= careful[tag], tag
    assert shown
