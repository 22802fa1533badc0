"""What a language of the bot is: one sentence for each thing that the bot says."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.chat.texts.versions import VersionTexts


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The bot's sentences in one language; ``{names}`` are filled in with ``str.format``."""

    language: str
    plural_forms: int
    """2 where there is one form for one and one for many (English), 3 as in Russian."""

    commands: Mapping[str, str]
    """Command and its description, as the menu of Telegram shows them (3 to 256 characters)."""
    group_commands: Mapping[str, str]
    """Those of groups, beside ``commands``."""
    admin_commands: Mapping[str, str]

    start: str
    start_group: str
    start_more: str
    """Below either."""
    help: str
    help_photo: str
    """How to get hashtags for a photo in a private chat, and in a group."""
    help_photo_group: str
    help_words: str
    """In a private chat, which answers words too."""
    help_admin: str
    hint: str
    words_unknown: str
    complaint: str
    complaint_words: str
    """Where there is no answer with buttons: to words, or none at all."""
    welcome: str
    """To thanks."""
    welcome_group: str
    """In a group, where not every photo is for the bot."""
    unknown_command: str
    moved: str
    """Below the answer to a command of old: what it is called now."""
    similar_moved: str

    best_five: str
    best_few: str
    more: str
    album_part: str
    no_more: str
    nothing_found: str
    unsure: str
    """Below fewer hashtags than were asked for, since the others are too improbable."""

    all_out: str
    """Instead of hashtags, once every single one was taken out."""
    copy_part: str
    """Below an answer that does not fit into its button whole."""
    edit_hint: str
    taken_out: str
    put_back: str
    apart_already: str

    button_copy: str
    button_copy_some: str
    button_more: str
    button_apart: str
    button_why: str
    button_add: str
    button_all_photos: str
    button_back: str

    model: str
    model_switched: str
    model_unknown: str
    model_missing: str
    model_lines: Mapping[str, str]

    choice_unknown: str
    any_of: str
    """Before the last of several: 5, 10 or 30."""

    settings: str
    setting_names: Mapping[str, str]
    settings_unknown: str
    button_settings: str

    platform: str
    platform_takes: str
    platform_advises: str
    platform_no_limit: str
    platform_sends: str
    """After a rule: how many of what it allows the chat gets."""
    platform_own_number: str
    """After a rule: how many the chat gets, since it chose a number itself."""
    platform_changed: str
    platform_ended: str
    platform_unknown: str
    platform_none: str
    platform_anywhere: str
    """The button of ``platform_none``."""

    count: str
    count_usual: str
    count_own: str
    count_changed: str
    count_changed_over: str
    count_unknown: str

    mix: str
    mix_of_platform: str
    mix_of_training: str
    mix_changed: str
    mix_last: str
    mix_names: Mapping[str, str]
    mix_lines: Mapping[str, str]
    size_names: Mapping[str, str]

    languages: str
    """Of hashtags, not of what the bot says."""
    language_changed: str
    language_names: Mapping[str, str]
    language_lines: Mapping[str, str]

    style: str
    style_changed: str
    style_unrated: str
    style_names: Mapping[str, str]
    style_lines: Mapping[str, str]

    own: str
    own_none: str
    own_changed: str
    own_removed: str
    own_left_out: str
    own_too_many: str
    own_gone: str
    """Those that others have replaced."""
    button_own_none: str

    knows_little: str
    """A model of an earlier version, which has nothing on sizes, categories and the like."""

    categories: str
    categories_fitting: str
    category: str
    category_gone: str
    button_categories: str

    why: str
    why_alike: str
    why_known: str
    why_beside: str
    why_sees: str
    why_sees_all: str
    why_class: str
    why_words: str
    why_counted: str
    why_sources: Mapping[str, str]
    why_hints: str
    why_unknown: str
    why_nothing: str
    """Instead of ``nothing_found``, which speaks of a button under the answer."""
    why_which: str

    tags_no_photo: str

    wrong_file: Mapping[str, str]
    """By the reason: a photo error's, or what kind of message came instead of a photo."""
    wrong: str
    storage_wrong: str
    not_shown: str
    """To a tap whose result is stored."""
    unsaved: str
    """Below an answer of which nothing could be stored."""
    too_late: str
    """To those whom the bot should have answered more than an hour before."""
    button_stale: str
    mydata_why: str
    mydata_kept: str
    too_fast: str
    """To whoever sends more than anybody could read: once, until they are slower."""
    many_photos: str
    """To whoever sends so many photos that they wait for one another."""
    refused: Mapping[str, str]
    """What did not arrive, by the name of Telegram's refusal (``bot.chat.refusals``)."""

    channel_which: str
    channel_unknown: str
    channel_not_admin: str
    channel_unseen: str
    channel_no_rights: str
    channel_on: str
    channel_off: str
    button_channel_on: str
    button_channel_off: str

    thanks_up: str
    thanks_down: str
    vote_back: str

    add_which: str
    add_prompt: str
    add_placeholder: str
    add_no_photo: str
    add_declined: str
    add_only_hashtags: str
    """To a reply with hashtags among other words."""
    added: str
    added_already: str
    add_refused: str
    add_too_many: str
    add_blocked: str
    add_daily: str
    add_pending: str
    add_pending_all: str

    mydata: str
    button_mydata: str
    button_mytags: str
    button_export: str
    export_private: str
    exported: str

    mine: str
    mine_none: str
    mine_removed: str
    mine_page: str
    button_previous: str
    button_next: str

    forget: str
    button_forget: str
    button_forget_yes: str
    button_keep: str
    not_yours: str
    not_your_channel: str
    forgotten: str
    forget_cancelled: str

    admins_only: str
    review: str
    review_none: str
    review_line: str
    button_approve_all: str
    button_reject_all: str
    approved: str
    rejected: str
    approved_several: str
    rejected_several: str
    block_list: str
    block_none: str
    block_shipped: str
    block_allowed: str
    blocked: str
    block_how: str
    unblocked: str
    block_wrong: str
    unblock_none: str
    unblock_pattern: str

    stats: str
    stats_backend: str
    stats_backend_untimed: str
    """Where it answered nothing but photos that were known."""
    versions: VersionTexts

    hashtags: tuple[str, ...]
    hashtags_at_most: tuple[str, ...]
    """In "at most 5 hashtags": whatever case the language wants there."""
    photos: tuple[str, ...]
    users: tuple[str, ...]
    votes: tuple[str, ...]
    categories_counted: tuple[str, ...]
    days: tuple[str, ...]
    known_photos: tuple[str, ...]
    """In "on 5 known photos": whatever case the language wants there."""

    classes: Mapping[str, str] = field(default_factory=dict)
    """What a classifier sees, by its English name; what is not here is said in English."""

    def number(self, count: int, forms: tuple[str, ...]) -> str:
        """``count`` with its noun in the right form: 1 hashtag, 5 hashtags, 21 хештег."""
        return f"{count} {forms[self._form(count)]}"

    def between(self, least: int, most: int, forms: tuple[str, ...]) -> str:
        """One number or a range of them with its noun: 5–21 photos."""
        counted = self.number(most, forms)
        return counted if least == most else f"{least}–{counted}"

    def percent(self, share: float, digits: int = 0) -> str:
        """A share of 1: 87 %, which never breaks over two lines."""
        number = f"{share * 100:.{digits}f}"
        if self.language == "ru":
            number = number.replace(".", ",")
        return f"{number}\N{NO-BREAK SPACE}%"

    def one_of(self, names: Sequence[str]) -> str:
        """Names to choose from: 5, 10 or 30."""
        *others, last = names
        return f"{', '.join(others)} {self.any_of} {last}" if others else last

    def _form(self, count: int) -> int:
        if self.plural_forms == 2:
            return 0 if count == 1 else 1
        if count % 10 == 1 and count % 100 != 11:
            return 0
        return 1 if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else 2


def class_names(language: str) -> Mapping[str, str]:
    """ImageNet's classes in a language by their English names, from ``classes_<language>.csv``."""
    table = Path(__file__).parent / f"classes_{language}.csv"
    with table.open(encoding="utf-8", newline="") as lines:
        return {row["english"]: row["name"] for row in csv.DictReader(lines)}
