"""Which of the starter's hashtags the words of real captions name, in Russian and in English."""

import pytest

from recommenders import bundle as bundles
from recommenders.w2v import read_directions
from recommenders.words import Words


@pytest.fixture(scope="module")
def words() -> Words:
    bundle = bundles.load(bundles.STARTER)
    return Words(bundle.hashtags, read_directions(bundle))


@pytest.mark.parametrize(
    ("caption", "named"),
    [
        ("Белые розы", ["roses"]),
        ("Мой белый кот", ["cat"]),
        ("Моя жена", []),
        ("С женой на море", ["sea"]),
        ("Жених и невеста", ["groom", "bride"]),
        ("Такая красота, такое счастье", []),
        ("Скоро лето", ["summer"]),
        ("Нам 5 лет", []),
        ("Едем домой", []),
        ("Стало холодно", ["cold"]),
        ("Почти готово!", []),
        ("Сегодня жарко", []),
        ("Голубое небо и голубые цветы", ["bluesky", "sky", "flowers"]),
        ("Дорогие друзья!", ["friends"]),
        ("С друзьями и детьми", ["friends", "kids"]),
        ("Семь утра", []),
        ("Семьёй в трамвае", ["family", "tram"]),
        ("Линия горизонта", ["horizon"]),
        ("На левом берегу", ["shoreline"]),
        ("Плата за вход", ["entrance"]),
        ("Казань, июнь", []),
        ("Наш Артём, Соня, Коля и Женя", []),
        ("Шампанское и кола", []),
        ("Белое вино", ["wine"]),
        ("Горячего чая!", ["tea"]),
        ("Яркие краски", ["colorful", "paint"]),
        ("Гуляли, играли с щенком", ["walking", "playing", "puppy"]),
        ("Тренировка в зале", ["training", "gym"]),
        ("Бегаю по утрам", ["running"]),
        ("Яблоки", ["apples"]),
        ("В офисе", ["office"]),
        ("Новые очки", ["glasses"]),
        ("Туфли на каблуках", ["shoes", "heels"]),
        ("Кот-и-пёс", ["cat", "dog"]),
        ("Кружок рисования, новая кружка", ["mug"]),
        ("Сыро. Пол сырой", []),
        ("Косы до пояса", []),
        ("Левой рукой", []),
        ("Каким цветом? Подайте счёт, выпьем! 100-летие", []),
        ("Море огней. Греемся у огня", ["sea", "lights", "fire"]),
        ("Обед, потом ужин", ["lunch", "dinner"]),
        ("Карты и ножи", ["playingcards", "knives"]),
        ("Суп с луком", ["soup", "onion"]),
        ("Нью-Йорк! Снова в Нью-Йорке", []),
        ("Наш йорк", ["yorkie"]),
        ("Снасти, спиннинг и буксир на перроне", ["fishingreel"]),
        ("С днём рождения, мама!", ["birthday"]),
        ("С Новым годом!", ["christmastime"]),
        ("С друзьями у моря", ["friends", "sea"]),
        ("Котята и собачка", ["kitten", "dog"]),
        ("Доброе утро, блины", ["pancakes"]),
    ],
)
def test_a_russian_caption_names_what_it_speaks_of(
    words: Words, caption: str, named: list[str]
) -> None:
    assert list(words.named(caption)) == named


@pytest.mark.parametrize(
    ("caption", "named"),
    [
        ("Farmer's market finds", ["farmersmarket", "market"]),
        ("FARMER’S MARKET", ["farmersmarket", "market"]),
        ("Man's best friend", ["mansbestfriend", "friends"]),
        ("The dog's ball", ["dogs", "ball"]),
        ("Let's go, people's lives, it's the world's best", []),
        ("T-shirt weather", ["tshirt", "weather"]),
        ("Dog-friendly park", ["dog", "park"]),
        ("T-shirts, an F-16 and an S-class", ["tshirts", "f16", "sclass"]),
        ("E-bike tour", ["bike"]),
        ("e-book, e-sports, U-boat", ["book", "sports", "boat"]),
        ("mac-n-cheese, cats-n-dogs", ["cheese", "cats", "dogs"]),
        ("pick-a-pumpkin", ["pumpkin"]),
        ("An X-ray, two x-rays", []),
        ("golden_hour, sunset_lovers", ["goldenhour", "sunsetlovers", "sunset"]),
        ("_sunset_ beach_2024", ["sunset", "beach"]),
        ("sunset·beach", ["sunset", "beach"]),
        ("Leave me alone on the beach", ["beach"]),
        ("Light lunch", ["lunch"]),
        ("How sweet, that sounds good", []),
        ("Raining again, children playing", ["rain", "kids", "playing"]),
        ("Happy New Year! Happy Chinese New Year", ["holidayseason"]),
        ("Good morning, five stars", []),
        ("My outfit for the snowing city", ["outfitoftheday", "snow", "city"]),
    ],
)
def test_an_english_caption_names_what_it_speaks_of(
    words: Words, caption: str, named: list[str]
) -> None:
    assert list(words.named(caption)) == named


@pytest.mark.parametrize(
    ("forms", "named"),
    [
        ("закат заката закату закатом закате закаты закатов закатам закатами закатах", "sunset"),
        ("медведь медведя медведю медведем медведе медведи медведей медведям медведях", "bear"),
        ("трамвай трамвая трамваю трамваем трамвае трамваев трамваям трамваями", "tram"),
        ("чай чая чаю чаем чае", "tea"),
        ("огурец огурца огурцу огурцом огурце", "cucumber"),
        ("щенок щенка щенку щенком щенке", "puppy"),
        ("камень камня камню камнем камне камней камнями", "stone"),
        ("огонь огня огню огнем огне", "fire"),
        ("костер костра костру костром костре костры костров", "campfire"),
        ("роза розы розе розу розой роз", "rose"),
        ("кошка кошки кошке кошку кошкой кошек", "cat"),
        ("змея змеи змее змею змеей змей", "snake"),
        ("семья семьи семье семью семьей семьям семьями семьях", "family"),
        ("лошадь лошади лошадью лошадей лошадям лошадьми лошадях", "horse"),
        ("озеро озера озеру озером озере озер", "lake"),
        ("солнце солнца солнцу солнцем", "sun"),
        ("море моря морю морем морей морям морями морях", "sea"),
        ("здание здания зданию зданием здании зданий зданиям зданиями зданиях", "building"),
        ("платье платья платью платьем платьев платьям платьями платьях", "dress"),
        ("холодно холодный холодная холодное холодные холодного холодному холодных", "cold"),
        ("гуляю гуляешь гуляет гуляем гуляли гуляла гулять", "walking"),
    ],
)
def test_all_forms_of_a_word_name_the_same(words: Words, forms: str, named: str) -> None:
    """In the plural perhaps its plural: кошке is #cat, кошки #cats."""
    for form in forms.split():
        assert words.named(form)[0].startswith(named), form


def test_accents_make_no_difference(words: Words) -> None:
    assert words.named("Café, crèche, fiancé") == words.named("Cafe, creche, fiance") == ("cafe",)
