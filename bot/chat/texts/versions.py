"""What the bot says to admins of its versions, in each of its languages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VersionTexts:
    """Sentences on versions of the bundle and their fine-tuning, in one language."""

    learnt: str
    reasons: Mapping[str, str]
    """Why labels are not learnt, by ``storage.training_labels.Reason``."""

    tuned: str
    """Behind a version that was fine-tuned: its figures."""
    states: Mapping[str, str]
    """By ``bot.learning_status.State``."""
    lacks: Mapping[str, str]
    """What a bundle cannot be fine-tuned without, by its part."""

    next_by_hand: str
    next_after: str
    next_nightly: str
    next_too_few: str

    promoted: str
    rejected: str
    why: Mapping[str, str]
    """Why a version was rejected, by its outcome."""
    figures: str
    not_loaded: str
    rolled_back: str
    failed: str


ENGLISH_VERSIONS = VersionTexts(
    learnt="<b>{model}</b> is in use. Labels: {labels}, learnt: {learnt}.",
    reasons={
        "next": "for the next fine-tuning",
        "tried": (
            "waiting for new ones: the last version with these was rejected or rolled back "
            "(tag4pic train finetune tries them now)"
        ),
        "second_person": "waiting for a second person",
        "approval": "waiting for approval (/review)",
        "no_features": "waiting for their photo to be sent again: this network has not seen it",
        "album": "never learnt: given to a whole album",
        "rejected": "never learnt: rejected by an admin",
        "blocked": "never learnt: blocked",
    },
    tuned=(
        "; taught {labels_before} → {labels_after}, known before {replay_before} → {replay_after}"
    ),
    states={
        "in_use": "in use",
        "fitted": "as fitted",
        "earlier": "used before",
        "forgets": "rejected: it forgets",
        "not_learnt": "rejected: it has not learnt",
        "rolled_back": "rolled back",
        "other_fit": "from an earlier fit",
        "damaged": "its manifest cannot be read",
        "unused": "not in use",
    },
    lacks={
        "w2v": "{model} has no Word2Vec backend, so it cannot be fine-tuned.",
        "replay": "{model} carries no photos to rehearse, so it cannot be fine-tuned.",
    },
    next_by_hand="Next fine-tuning: when somebody runs tag4pic train finetune.",
    next_after=(
        "Next fine-tuning: when the new labels that can be learnt reach {every}; so far {new}."
    ),
    next_nightly="Next fine-tuning: {night}, if there are new labels then; so far {new}.",
    next_too_few="It takes at least {fewest} photos to learn from; so far {photos}.",
    promoted="<b>{model}</b> is now in use. It has learnt from {photos} that people tagged.",
    rejected="<b>{model}</b> was not put in use: {why}. {answering} stays in use.",
    why={
        "forgets": "it forgets too much of what it knew before",
        "not_learnt": "it knows what people taught it no better than before",
    },
    figures=(
        "On photos kept aside to check it, it finds {labels_after} of the hashtags that it had not "
        "been taught (before: {labels_before}); on photos it knew before, {replay_after} "
        "(before: {replay_before})."
    ),
    not_loaded="This bot still answers with {answering}; its log says why.",
    rolled_back="<b>{model}</b> was rolled back; <b>{to}</b> is in use again.",
    failed="Fine-tuning failed. Its last lines:\n<code>{lines}</code>",
)

RUSSIAN_VERSIONS = VersionTexts(
    learnt="Отвечает <b>{model}</b>. Хештегов от людей: {labels}, из них выучено: {learnt}.",
    reasons={
        "next": "для следующего дообучения",
        "tried": (
            "ждут новых: последняя версия с ними не принята или отменена "
            "(tag4pic train finetune возьмёт их сразу)"
        ),
        "second_person": "ждут второго человека",
        "approval": "ждут одобрения (/review)",
        "no_features": "ждут, когда фото пришлют снова: сеть этой версии его не видела",
        "album": "не учу, даны сразу всему альбому",
        "rejected": "не учу, отклонены администратором",
        "blocked": "не учу, запрещены",
    },
    tuned=("; новое {labels_before} → {labels_after}, прежнее {replay_before} → {replay_after}"),
    states={
        "in_use": "отвечает сейчас",
        "fitted": "исходная",
        "earlier": "отвечала раньше",
        "forgets": "не принята, забывает",
        "not_learnt": "не принята, не научилась",
        "rolled_back": "отменена",
        "other_fit": "от прежней исходной модели",
        "damaged": "её описание не читается",
        "unused": "не используется",
    },
    lacks={
        "w2v": "В {model} нет Word2Vec, поэтому дообучить её нельзя.",
        "replay": "В {model} нет фото для повторения, поэтому дообучить её нельзя.",
    },
    next_by_hand="Следующее дообучение: по команде tag4pic train finetune.",
    next_after="Следующее дообучение: когда наберётся новых хештегов: {every}; пока их {new}.",
    next_nightly="Следующее дообучение: {night}, если будут новые хештеги; пока их {new}.",
    next_too_few="Для дообучения нужно не меньше {fewest} фото с хештегами; пока их {photos}.",
    promoted="Включена версия <b>{model}</b>. Для дообучения взято {photos} с хештегами от людей.",
    rejected="Версия <b>{model}</b> не принята: {why}. По-прежнему отвечает {answering}.",
    why={
        "forgets": "она слишком много забывает из того, что знала",
        "not_learnt": "подсказанное людьми она знает не лучше, чем раньше",
    },
    figures=(
        "На фото, отложенных для проверки, она угадывает {labels_after} хештегов, которым её не "
        "учили (было {labels_before}), на прежних — {replay_after} (было {replay_before})."
    ),
    not_loaded="Но этот бот пока отвечает версией {answering}; причина — в его журнале.",
    rolled_back="Версия <b>{model}</b> отменена, снова включена <b>{to}</b>.",
    failed="Дообучение не удалось. Последние строки процесса:\n<code>{lines}</code>",
)
