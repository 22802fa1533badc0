"""The bot in English."""

from bot.chat.texts.language import Texts
from bot.chat.texts.versions import ENGLISH_VERSIONS

ENGLISH = Texts(
    language="en",
    plural_forms=2,
    commands={
        "start": "what this bot does",
        "help": "how to use it, in short",
        "model": "choose which model answers: als, w2v or both",
        "addtags": "teach me hashtags for a photo",
        "settings": "platform, how many, sizes, language, your own hashtags",
        "mydata": "see, export or delete what I store about you",
    },
    group_commands={"tags": "hashtags for the photo you reply to"},
    admin_commands={
        "review": "hashtags waiting for approval",
        "block": "block a hashtag, or show the blocked ones",
        "unblock": "take a word off the block list",
        "stats": "this bot in numbers",
    },
    start=(
        "Hello! Send me a photo and I will suggest hashtags for it, the best five first: Instagram "
        "allows five per post. No photo at hand? A few words will do, such as “sunset beach”."
    ),
    start_group=(
        "Hello! In groups I answer when asked: reply to a photo with /tags, or make /tags its "
        "caption, and I will suggest hashtags for it, the best five first."
    ),
    start_more=(
        "Tap a block of hashtags to copy it. Use /settings to fit them to where you post; /help "
        "explains the rest."
    ),
    help=(
        "{photo}, and I will suggest hashtags, the best five first. Tap a block to copy it.{words}"
        "\n\n/settings: platform, how many, sizes, language, your own hashtags\n"
        "/model: which model answers (als, w2v or both)\n"
        "<code>/addtags #one #two</code>: teach me, in a photo’s caption, in reply to it, or "
        "right after it\n"
        "/tags: in groups, as a reply to a photo, as its caption, or right after it\n"
        "<code>/channel @name</code>: hashtags for the photos of your channel\n"
        "/why: why the last photo got its hashtags\n"
        "/categories: hashtags by topic\n"
        "/mydata: see, export or delete what I store about you\n\n"
        "I never keep your photos, only numbers computed from them."
    ),
    help_photo="<b>Send a photo</b>, an album or an image file",
    help_photo_group="<b>Reply to a photo with /tags</b>, or make /tags its caption",
    help_words=(
        "<b>No photo?</b> Send words, such as “sunset beach”.\n"
        "<b>Know better?</b> Reply to my answer with hashtags, and I will learn them."
    ),
    help_admin=(
        "<b>For admins</b>\n"
        "/review: approve or reject what people taught me\n"
        "/block word, /unblock word: hashtags that are never shown; word* and *word* stand for all "
        "that begin with it or contain it\n"
        "/stats: this bot in numbers"
    ),
    hint=(
        "Send me a photo, or a few words such as “sunset beach”, and I will suggest hashtags. "
        "/help explains the rest."
    ),
    words_unknown="I know no hashtags for these words. Try others, such as “sunset beach”.",
    complaint="Sorry! Tap ✎ under the answer to take out what does not fit, or to add what does.",
    complaint_words="Sorry! Try other words, or send a photo.",
    welcome="You are welcome! Send me the next photo whenever you like.",
    welcome_group="You are welcome!",
    unknown_command="I do not know that command. /help lists those I know.",
    moved="{old} is now part of {new}.",
    similar_moved="No need for /similar any more: just send the words.",
    best_five="<b>Best five</b>",
    best_few="<b>Best</b>",
    more="<b>More</b>",
    album_part="<i>{unread} of the {photos} photos could not be read.</i>",
    no_more="That is all I have for this photo.",
    nothing_found="I am not sure what this is. Tap “Add tags” to teach me.",
    unsure="<i>I am not sure about any others. Tap “Add tags” to teach me.</i>",
    all_out="Nothing is left of this answer. Tap “Add tags” to teach me what fits.",
    copy_part=(
        "<i>“Copy” takes {count} of the first {all}: a Telegram button copies at most 256 "
        "characters. Tap a block to copy all of it.</i>"
    ),
    edit_hint="<i>Tap a hashtag that does not fit to take it out.</i>",
    taken_out="#{tag} is out.",
    put_back="#{tag} is back.",
    apart_already="Each photo already has its own answer, further down.",
    button_copy="Copy",
    button_copy_some="Copy {count} of {all}",
    button_more="More",
    button_apart="Photo by photo",
    button_why="Why?",
    button_add="Add tags",
    button_all_photos="All photos",
    button_back="‹ Back",
    model="Answers in this chat come from <b>{backend}</b>.\n\n{lines}",
    model_switched="From now on, answers in this chat come from <b>{backend}</b>.",
    model_unknown="I do not know the model <b>{backend}</b>. Installed: {installed}.",
    model_missing="<b>{backend}</b> is not installed here. Installed: {installed}.",
    model_lines={
        "als": "<b>als</b> finds photos that look like yours and uses their hashtags",
        "w2v": "<b>w2v</b> looks at what the photo shows and picks hashtags that mean the same",
        "both": "<b>both</b> asks both models and weighs their answers",
    },
    choice_unknown="Please choose {names}.",
    any_of="or",
    settings=(
        "<b>Settings of this chat</b>\n\n{lines}\n\n"
        "<i>You can type them too:</i> <code>/settings 7</code>, <code>/settings instagram</code>, "
        "<code>/settings #mybrand</code>"
    ),
    setting_names={
        "for": "Platform",
        "count": "How many",
        "size": "Sizes",
        "language": "Language",
        "style": "Style",
        "own": "Your hashtags",
    },
    settings_unknown=(
        "I do not know that setting. It can be a platform, a number from 1 to {most}, a size "
        "such as “rare first”, English, Russian or both, or your own hashtags; /settings shows "
        "them all."
    ),
    button_settings="‹ Settings",
    platform="<b>Where will you post?</b>\nThe number beside a name is how many hashtags you get.",
    platform_takes="{platform} allows at most {most} per post.",
    platform_advises="{platform} recommends at most {most} per post.",
    platform_no_limit="{platform} publishes no limit.",
    platform_sends="You get {hashtags}.",
    platform_own_number="You chose {hashtags} yourself, so you get that many.",
    platform_changed="From now on, I pick hashtags for {platform}.",
    platform_ended="From now on, for no platform in particular: {hashtags} per photo.",
    platform_unknown="I do not know <b>{wanted}</b>. I know {names}.",
    platform_none="any",
    platform_anywhere="Doesn’t matter",
    count=(
        "<b>How many hashtags per photo</b>\nNow: {hashtags}. "
        "You can type any number from 1 to {most}: <code>/settings 7</code>"
    ),
    count_usual="As usual",
    count_own="{count} instead of {theirs} for {platform}",
    count_changed="From now on, you get {hashtags} per photo.",
    count_changed_over="From now on, you get {hashtags} per photo: your number, not the {theirs} "
    "for {platform}.",
    count_unknown="It can be any number from 1 to {most}.",
    mix="<b>Sizes</b>\n{sizes}\n\n{lines}",
    mix_of_platform=(
        "Size is how many posts a platform has under a hashtag. In between is 100,000 to "
        "10 million: enough for a post to be seen, not so many that it drowns."
    ),
    mix_of_training=(
        "Size is how common a hashtag is in the posts I learnt from. How many posts a platform "
        "has under it I do not know."
    ),
    mix_changed="From now on, sizes here: <b>{mix}</b>; {line}.",
    mix_last="Best of the last answer:\n{sizes}",
    mix_names={
        "ranked": "best fit first",
        "even": "even mix",
        "ladder": "few common",
        "niche": "rare first",
        "middle": "in between first",
        "broad": "common first",
    },
    mix_lines={
        "ranked": "size does not matter",
        "even": "a third rare, a third in between, a third common",
        "ladder": "two rare, two in between, one common, and so on",
        "niche": "the rarest move up",
        "middle": "those in between move up",
        "broad": "the most used move up",
    },
    size_names={"niche": "rare", "middle": "in between", "broad": "common"},
    languages="<b>Language of the hashtags</b>\n\n{lines}",
    language_changed="From now on, the language of hashtags in this chat: <b>{language}</b>.",
    language_names={"en": "English", "ru": "Russian", "both": "both"},
    language_lines={
        "en": "what people post all over the world",
        "ru": "what people post in Russian: #закат #кофе",
        "both": "three Russian and two English among the best five",
    },
    style=(
        "<b>Style</b>\nWhich of the hashtags that fit come first.\n\n{lines}\n\n"
        "Likes are those of the posts I learnt from; I cannot see what yours get."
    ),
    style_changed="From now on, the style here is <b>{style}</b>.",
    style_unrated="My model has not seen any likes yet, so there is no style to choose.",
    style_names={"relevant": "relevant", "balanced": "balanced", "popular": "popular"},
    style_lines={
        "relevant": "what fits the photo best",
        "balanced": "what fits, with an eye on likes",
        "popular": "what fits and earns the most likes",
    },
    own=(
        "<b>Your hashtags</b>\nUp to {most} that you want on every post. They come right after the "
        "best five and count towards the total.\n\nNow: {tags}\n"
        "To change them, send: <code>/settings #mybrand #me</code>"
    ),
    own_none="none",
    own_changed="From now on, on every post: {tags}",
    own_removed="From now on, no hashtags of your own.",
    own_left_out="There is no room for {tags} yet: you get {hashtags} per photo.",
    own_too_many="There is room for {most} at most, so these were left out: {tags}",
    own_gone="No longer: {tags}",
    button_own_none="None",
    knows_little="My model does not know enough for that yet.",
    categories="<b>{categories}</b>\nOpen one to copy its hashtags.",
    categories_fitting="★ fits the last photo",
    category="<b>{name}</b>\nHashtags: {shown} of {all}",
    category_gone="That category is gone. /categories lists the current ones.",
    button_categories="‹ Categories",
    why="<b>Why these hashtags</b>",
    why_alike="Similarity to known photos: up to {alike}",
    why_known="on {photos}",
    why_beside=", with {tags}",
    why_sees="I see: {classes}",
    why_sees_all="In the photo I see: {classes}",
    why_class="{name} ({sure}\N{NO-BREAK SPACE}sure)",
    why_words="from your caption: {words}",
    why_counted="<i>What counted: {sources}</i>",
    why_sources={
        "als": "known photos",
        "w2v": "the look of the photo",
        "classes": "things in the photo",
        "words": "your caption",
        "share": "popularity",
    },
    why_hints="many small hints together",
    why_unknown="Nothing in particular stands out: these simply fit best.",
    why_nothing="I am not sure what this is. To teach me, reply to the photo with "
    "<code>/addtags #one #two</code>.",
    why_which="Why what? Send a photo first, or reply to one with /why.",
    tags_no_photo="Send a photo first, reply to one with /tags, or make /tags its caption.",
    wrong_file={
        "empty": "This file is empty. Please send it again.",
        "not_an_image": "I cannot read this as an image. JPEG, PNG, WebP and HEIC work best.",
        "truncated": "This image is cut off or damaged. Please send it again.",
        "no_pixels": "There are no pixels in this image. Please send another.",
        "too_many_pixels": "This image has too many pixels for me. Please send a smaller one, or "
        "send it as a photo instead of a file.",
        "too_long": "This image is too long for me: a side can be at most 30,000 pixels. Please "
        "send part of it.",
        "too_large": "This file is over 20 MB, which is more than Telegram lets me download. "
        "Please send it as a photo instead of a file.",
        "unreadable": "I could not open this file. Please send it again.",
        "deleted": "Telegram no longer gives me this file. Please send it again.",
        "slow": "Telegram did not hand me the file in time. Please send it again in a moment.",
        "video": "For now I only look at photos. Send me a still from this video.",
        "sticker": "A nice sticker, but I only know photos. Send me one!",
        "animation": "For now I only look at photos. Send me a still from this animation.",
        "sound": "I cannot listen, I can only see. Send me a photo!",
        "document": "This file is not an image. Send me a photo, or an image as a file.",
        "other": "I only look at photos. Send me one, and I will suggest hashtags for it.",
    },
    wrong="Something went wrong on my side, sorry. Please try again.",
    storage_wrong="I cannot save anything right now, sorry. Please try again later.",
    not_shown="Done, but I cannot show it right now.",
    unsaved="<i>I could not save this answer, so there are no buttons below it.</i>",
    too_late=(
        "I was away for a while and could not answer you in time, sorry. Please send it again."
    ),
    button_stale="This button is too old to use. Please send the photo or the command again.",
    too_fast=(
        "Sorry, I cannot keep up and will not answer what comes next. Please try again in a minute."
    ),
    many_photos=(
        "That is a lot of photos at once. I answer them one by one, taking turns with other "
        "people’s, so please give me a moment."
    ),
    refused={
        "message_gone": "The message I wanted to change is gone. Please send the photo or the "
        "command again.",
        "too_old": "Your tap reached me too late. Please tap again.",
        "topic_closed": "This topic is closed, so I cannot write in it.",
        "no_rights": "I am not allowed to write here. An admin of the chat can change that.",
        "restricted": "Telegram does not let me write here.",
        "blocked": "I cannot write here: I was blocked or removed.",
        "no_chat": "I cannot find this chat any more.",
        "too_large": "The file is larger than Telegram lets me send.",
    },
    channel_which=(
        "I can add hashtags to the photos in your channel. Make me an admin there with the right "
        "to edit posts, then send me <code>/channel @name</code>, or send /channel in the "
        "channel’s discussion group."
    ),
    channel_unknown="I cannot find the channel {channel}. Make me an admin there first.",
    channel_not_admin="Only admins of {channel} can choose that.",
    channel_unseen=(
        "I cannot see whether you are an admin of {channel}. Send this as yourself or as the "
        "channel, not as the group."
    ),
    channel_no_rights="I still need the right to edit posts in {channel}.",
    channel_on="Hashtags are added to the captions of photos in {channel}.",
    channel_off="No hashtags are added to the photos in {channel}.",
    button_channel_on="Add hashtags to photos",
    button_channel_off="Stop adding hashtags",
    thanks_up="Thank you! I am glad they fit.",
    thanks_down="Thank you. If you send this again, I will suggest others. Tap “Add tags” to "
    "teach me.",
    vote_back="Your vote is withdrawn.",
    add_which="<i>Which photo are they for? 1 is the first in the album.</i>",
    add_prompt="Which hashtags fit this photo? Reply with up to {most}, such as #one #two.",
    add_placeholder="#one #two",
    add_no_photo=(
        "For which photo? Send it first, or reply to it with <code>/addtags #one #two</code>."
    ),
    add_declined="All right, nothing is added.",
    add_only_hashtags="To teach me, reply with hashtags only.",
    added="Learnt: {tags}",
    added_already="You taught me these already: {tags}",
    add_refused="Not hashtags: {pieces}",
    add_too_many="I take up to {most} at a time, so these were left out: {tags}",
    add_blocked="Not welcome here: {tags}",
    add_daily="That is enough for today: {most} a day. Left out: {tags}",
    add_pending="For now, only in your chats: {tags}",
    add_pending_all="For now, this shows only in your chats.",
    mydata=(
        "<b>What I store about you</b>\n"
        "• {photos}: numbers computed from them, never the photos themselves\n"
        "• {hashtags} you taught me\n"
        "• {votes} on my answers, and the hashtags you took out of them\n"
        "• your Telegram ID and language, when you first and last wrote, and the settings and "
        "answers of our private chat"
    ),
    mydata_why=(
        "Why: to recognise a photo, to remember your choices, and to learn what you teach me."
    ),
    mydata_kept="Answers, and photos that nobody tagged, are deleted after {days}.",
    button_mydata="‹ My data",
    button_mytags="My hashtags",
    button_export="Export as a file",
    export_private="Only in private: send me /mydata in our private chat.",
    exported="Everything I store about you.",
    mine="<b>You taught me {hashtags}</b>\nTap one to remove it.",
    mine_none=(
        "You have not taught me any hashtags yet. Reply to a photo with "
        "<code>/addtags #one #two</code>."
    ),
    mine_removed="#{tag} is removed.",
    mine_page="{page} of {pages}",
    button_previous="‹ Back",
    button_next="Next ›",
    forget=(
        "Shall I delete everything I store about you: the hashtags you taught me or took out of "
        "answers, your votes, which photos you sent, and the settings of our private chat? This "
        "cannot be undone."
    ),
    button_forget="Delete all",
    button_forget_yes="Yes, delete it",
    button_keep="No, keep it",
    not_yours="This is someone else’s.",
    not_your_channel=(
        "I cannot tell whether you run that channel. /forget yes, sent as the channel, deletes "
        "what I store about it."
    ),
    forgotten="Done. Nothing about you is stored any more.",
    forget_cancelled="Nothing was deleted.",
    admins_only="This is for the admins of the bot.",
    review="<b>{hashtags} waiting</b>",
    review_none="No hashtags are waiting.",
    review_line="#{tag} ({users}). The photo looks like: {nearest}",
    button_approve_all="✓ all {count}",
    button_reject_all="✗ all {count}",
    approved="#{tag} is approved.",
    rejected="#{tag} is rejected.",
    approved_several="Approved: {hashtags}.",
    rejected_several="Rejected: {hashtags}.",
    block_list="<b>Blocked</b>: {words}",
    block_none="You have blocked no words. <code>/block word</code> adds one.",
    block_shipped="My built-in list blocks {count} more.",
    block_allowed="<b>Allowed, though on that list</b>: {words}",
    blocked="Blocked: {words}",
    block_how="<i>word* blocks all that begin with it, *word* all that contain it.</i>",
    unblocked="No longer blocked: {words}",
    block_wrong="These cannot be hashtags anyway: {words}",
    unblock_none="None of these is blocked. /block shows the list.",
    unblock_pattern=(
        "{word} is blocked by {patterns}. To allow all of that: <code>/unblock {patterns}</code>"
    ),
    stats="<b>{photos}</b>, {users}\nDuplicates: {duplicates}\n"
    "Added: {hashtags}\n👍 {up}  👎 {down}",
    stats_backend=(
        "<b>{backend}</b>: answers {answers}, half within {median} ms, 95 % within {p95} ms, "
        "👍 {up}  👎 {down}"
    ),
    stats_backend_untimed="<b>{backend}</b>: answers {answers}, 👍 {up}  👎 {down}",
    versions=ENGLISH_VERSIONS,
    hashtags=("hashtag", "hashtags"),
    hashtags_at_most=("hashtag", "hashtags"),
    photos=("photo", "photos"),
    users=("user", "users"),
    votes=("vote", "votes"),
    categories_counted=("category", "categories"),
    days=("day", "days"),
    known_photos=("known photo", "known photos"),
)
