"""The bot in English."""

from bot.chat.texts.language import Texts

ENGLISH = Texts(
    language="en",
    plural_forms=2,
    commands={
        "tags": "hashtags for the photo you reply to",
        "addtags": "teach me hashtags of a photo",
        "for": "fit Instagram, TikTok, Threads, X or Mastodon",
        "similar": "hashtags near a hashtag",
        "categories": "browse hashtags by what they are about",
        "why": "why the last photo got its hashtags",
        "count": "how many hashtags: 5, 10 or 30",
        "style": "what fits best, or what earns likes",
        "size": "niche, middle or broad hashtags",
        "model": "choose who answers: als, w2v or both",
        "language": "hashtags in English, in Russian or both",
        "mytags": "the hashtags you taught me",
        "forget": "delete all I have stored about you",
        "help": "what I can do",
    },
    admin_commands={
        "review": "hashtags that wait for approval",
        "block": "block a word, or show the blocked ones",
        "unblock": "take a word off the block list",
        "stats": "figures of this bot",
    },
    start=(
        "Hello! Send me a photo and I answer with hashtags for it.\n\n"
        "The best five come first, because Instagram takes five a post. Tap a block of hashtags "
        "to copy it. /help shows what else I can do."
    ),
    help=(
        "<b>Send a photo</b>, an album, or an image as a file (JPEG, PNG, WebP, HEIC), and I "
        "answer with hashtags, the best five first. Tap a block to copy it.\n\n"
        "/tags: in a group, reply with it to a photo, or make it the photo's caption\n\n"
        "<b>Which hashtags come</b>\n"
        "/for instagram, tiktok, threads, x or mastodon: what that place takes\n"
        "/count 5, 10 or 30: how many\n"
        "/style: what fits best, or what earns likes\n"
        "/size: niche, middle or broad ones\n"
        "/model: who answers, als, w2v or both\n"
        "/language en, ru or both: English hashtags, Russian ones or both\n\n"
        "<b>Look around</b>\n"
        "/similar #sunset: hashtags near it\n"
        "/categories: browse hashtags by what they are about\n"
        "/why: why the last photo got its hashtags\n\n"
        "<b>Teach me</b>\n"
        "/addtags #one #two: as a photo's caption, in reply to a photo, or right after it\n"
        "/mytags: see and remove what you taught me\n"
        "/forget: delete all I have stored about you\n\n"
        "I never keep your photos, only figures computed from them."
    ),
    help_admin=(
        "<b>For admins</b>\n"
        "/review: approve or reject what people taught\n"
        "/block word, /unblock word: the block list\n"
        "/stats: figures of this bot"
    ),
    hint="Send me a photo, and I answer with hashtags for it. /help shows what else I can do.",
    unknown_command="I do not know that command. /help shows the ones I know.",
    best_five="<b>Best five</b>",
    best_few="<b>Best</b>",
    more="<b>More</b>",
    spoken_by="{header} · {backend}",
    album_part="<i>{unread} of the {photos} could not be read.</i>",
    no_more="That is all I have for this photo.",
    nothing_found="I am not sure what this is. “Add tags” teaches me.",
    unsure="<i>I am not sure about any others. “Add tags” teaches me.</i>",
    button_copy="Copy",
    button_copy_five="Copy the five",
    button_copy_all="Copy all",
    button_copy_some="Copy {count} of {all}",
    button_more="More like this",
    button_other="{backend} says…",
    button_add="Add tags",
    model="This chat uses <b>{backend}</b>.\n\n{lines}",
    model_switched="From now on <b>{backend}</b> answers in this chat.",
    model_unknown="I know no model <b>{backend}</b>. Installed: {installed}.",
    model_missing="<b>{backend}</b> is not installed here. Installed: {installed}.",
    model_lines={
        "als": "<b>als</b> finds known photos that resemble yours and takes their hashtags",
        "w2v": "<b>w2v</b> looks at what the photo shows and takes hashtags of that meaning",
        "both": "<b>both</b> asks the two of them and blends their answers",
    },
    model_network="The network they look through: {network}",
    choice_unknown="It can be {names}, for example /{command} {example}.",
    any_of="or",
    count="You get {hashtags} a photo. How many would you like?",
    count_changed="From now on you get {hashtags} a photo.",
    count_ended_platform="That ends “for {platform}”: the style is now <b>{style}</b>.",
    style="The style here is <b>{style}</b>.\n\n{lines}",
    style_changed="From now on the style here is <b>{style}</b>.",
    style_ended_platform="That ends “for {platform}”: you now get {hashtags} a photo.",
    style_unrated="My model has not seen any likes yet, so for now all three give the same.",
    style_names={"relevant": "relevant", "balanced": "balanced", "popular": "popular"},
    style_lines={
        "relevant": "what fits the photo best",
        "balanced": "what fits, with an eye on likes",
        "popular": "of what fits, what earns most likes",
    },
    platform="Where will you post? You get what that place takes.\n\n{lines}",
    platform_line="<b>{platform}</b>: {hashtags}, {style}",
    platform_changed="From now on for {platform}. /count or /style ends that.",
    platform_ended="From now on for no place in particular: {hashtags}, {style}.",
    platform_unknown="I do not know <b>{wanted}</b>. I know {names}.",
    platform_anywhere="Anywhere",
    platform_decides="That is what {platform} takes; choosing here ends that.",
    mix=(
        "A hashtag’s size is how much it is used. The mix of sizes here is <b>{mix}</b>.\n\n{lines}"
    ),
    mix_changed="From now on the mix of sizes here is <b>{mix}</b>.",
    mix_last="The best of the last answer:\n{sizes}",
    mix_names={
        "ranked": "ranked",
        "even": "even",
        "ladder": "ladder",
        "niche": "niche",
        "middle": "middle",
        "broad": "broad",
    },
    mix_lines={
        "ranked": "as they fit, whatever their size",
        "even": "a third of each size",
        "ladder": "two niche, two middle, one broad, and so on",
        "niche": "the rarest first, where a post stays in sight",
        "middle": "those in between first",
        "broad": "the most used first",
    },
    size_names={"niche": "niche", "middle": "middle", "broad": "broad"},
    languages="Hashtags in this chat: <b>{language}</b>.\n\n{lines}",
    language_changed="From now on, hashtags in this chat: <b>{language}</b>.",
    language_names={"en": "English", "ru": "Russian", "both": "both"},
    language_lines={
        "en": "what people post all over the world",
        "ru": "what Russians post: #закат #кофе",
        "both": "of the best five, three Russian and two English",
    },
    knows_little="My model is from before I learnt this. A newer one will know.",
    similar="<b>Near #{tag}</b> (1 would be the same)",
    similar_which="Near which hashtag? For example: /similar #sunset",
    similar_many="I look up {most} hashtags at a time.",
    similar_wrong="That is not a hashtag. For example: /similar #sunset",
    similar_taught="I have learnt #{tag}, but not yet what is near it.",
    similar_unknown="I do not know #{tag}.",
    similar_spelling="Did you mean one of these?",
    similar_browse="/categories shows what I know.",
    similar_alone="#{tag} stands alone: I have never seen it beside others.",
    categories="<b>{categories}</b>, from A to Z\nOpen one to copy its hashtags.",
    categories_fitting="★ fits the last photo",
    category="<b>{name}</b>\nHashtags: {shown} of {all}",
    category_gone="This category is no longer there. /categories shows those that are.",
    button_categories="‹ Categories",
    why="<b>Why these hashtags</b>",
    why_alike="Likeness to known photos: up to {alike}",
    why_known="on {photos}",
    why_beside=", with {tags}",
    why_sees="I see: {classes}",
    why_sees_all="In the photo I see: {classes}",
    why_class="{name} ({sure}\N{NO-BREAK SPACE}sure)",
    why_hints="many small hints together",
    why_unknown="I cannot say more than that they fit best: nothing I know stands out.",
    why_which="Why what? Send a photo first, or reply to one with /why.",
    tags_no_photo="Reply to a photo with /tags, or make /tags the caption of a photo.",
    wrong_file={
        "empty": "This file is empty. Please send it again.",
        "not_an_image": "I cannot read this as an image. JPEG, PNG, WebP and HEIC work best.",
        "truncated": "This image is cut off or damaged. Please send it again.",
        "no_pixels": "There is not a single pixel in this image. Please send another.",
        "too_many_pixels": "This image has too many pixels for me. Please send it smaller, or as "
        "a photo instead of a file.",
        "too_large": "This file is over 20 MB, which is more than Telegram lets me download. "
        "Please send it as a photo instead of a file.",
        "unreadable": "I could not open this file. Please send it again.",
        "deleted": "Telegram no longer gives me this file. Please send it again.",
        "slow": "Telegram did not hand me the file in time. Please send it again in a moment.",
        "video": "I only look at photos yet. Send me a still of this video, and I find hashtags.",
        "sticker": "A nice sticker, but I only know photos. Send me one!",
        "animation": "I only look at photos yet. Send me a still of this animation.",
        "sound": "I cannot listen, I can only see. Send me a photo!",
        "document": "This file is not an image. Send me a photo, or an image as a file.",
        "other": "I only look at photos. Send me one, and I answer with hashtags for it.",
    },
    wrong="Something went wrong on my side, sorry. Please try again.",
    storage_wrong="I cannot save anything right now, sorry. Please try again later.",
    button_stale="This button is too old for me. Please send the photo or the command again.",
    thanks_up="Thank you! I am glad they fit.",
    thanks_down="Thank you. With “Add tags” you can teach me better ones.",
    add_prompt="Which hashtags fit this photo? Reply with up to {most}, such as #one #two.",
    add_placeholder="#one #two",
    add_no_photo="For which photo? Send it first, or reply to it with /addtags #one #two.",
    add_no_tags="Which hashtags? For example: /addtags #one #two",
    added="Learnt: {tags}",
    added_already="You taught me these already: {tags}",
    add_refused="Not hashtags: {pieces}",
    add_too_many="I take up to {most} at a time, so these were left out: {tags}",
    add_blocked="Not welcome here: {tags}",
    add_daily="That is enough for today: {most} a day. Left out: {tags}",
    add_pending="For now only your chats see: {tags}",
    mine="<b>You taught me {hashtags}</b>\nTap one to remove it.",
    mine_none="You have not taught me any hashtags yet. Reply to a photo with /addtags #one #two.",
    mine_removed="#{tag} is removed.",
    mine_page="{page} of {pages}",
    button_previous="‹ Back",
    button_next="Next ›",
    forget=(
        "Shall I delete all I have stored about you: the hashtags you taught me, your votes, and "
        "which photos you sent? This cannot be undone."
    ),
    button_forget="Yes, delete it",
    button_keep="No, keep it",
    not_yours="This list is someone else’s.",
    forgotten="Done. Nothing about you is stored any more.",
    forget_cancelled="Nothing was deleted.",
    admins_only="This is for the admins of the bot.",
    review="<b>{hashtags} waiting</b>",
    review_none="No hashtags are waiting.",
    review_line="#{tag} ({users}). The photo looks like: {nearest}",
    button_approve="✓ #{tag}",
    button_reject="✗ #{tag}",
    button_approve_all="✓ all {count}",
    button_reject_all="✗ all {count}",
    approved="#{tag} is approved.",
    rejected="#{tag} is rejected.",
    approved_several="Approved: {hashtags}.",
    rejected_several="Rejected: {hashtags}.",
    block_list="<b>Blocked</b>: {words}",
    block_none="You have blocked no words. /block word adds one.",
    block_shipped="The list I come with blocks {count} more.",
    block_allowed="<b>Allowed, though on that list</b>: {words}",
    blocked="Blocked: {words}",
    unblocked="No longer blocked: {words}",
    block_wrong="These can be no hashtag, so nobody needs to block them: {words}",
    unblock_none="None of these is blocked. /block shows the list.",
    stats=(
        "<b>{photos}</b> from {users}\n"
        "Duplicates: {duplicates}\n"
        "Added: {hashtags}\n"
        "👍 {up}  👎 {down}"
    ),
    stats_backend=(
        "<b>{backend}</b>: {answers} answers, half of them within {median} ms, "
        "95 % within {p95} ms, 👍 {up}  👎 {down}"
    ),
    hashtags=("hashtag", "hashtags"),
    photos=("photo", "photos"),
    users=("user", "users"),
    categories_counted=("category", "categories"),
    known_photos=("known photo", "known photos"),
    decimal_mark=".",
)
