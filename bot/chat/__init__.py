"""The Telegram chat: handlers, and everything that they use.

- ``application``: the table of contents, every handler in the order in which they are tried.
- ``answering``: how a photo is answered, from message to reply.
- ``answer_request``: what an answer depends on besides the photo: the chat's settings.
- ``answer_message``: how an answer and its buttons are shown.
- ``photo_lookup``: downloads and computes a message's photo, and recognises known ones.
- ``subject``: which photo, or which answer, a message is about.
- ``teaching``, ``learner``: hashtags that people add, and what the engine learns from them.
- ``handlers``: one file for each command or kind of update.
- ``keyboards``, ``rendering``, ``texts``: buttons, the text of an answer, every sentence.
- ``platforms``: how many hashtags a platform takes.
- ``identity``: who wrote or tapped.
- ``telegram_bot``, ``telegram_requests``: the Bot API, and HTTP below it; ``delivery``,
  ``refusals``: retries, and what Telegram commonly refuses.
- ``outbox``: stores answers before they are sent, and sends them until they arrive;
  ``updates_at_work``: marks an update as handled in the transaction that stores its answer.
- ``small_talk``: greetings, thanks and refusals.
- ``services``: what every handler works with; ``albums``, ``blocked``, ``captions``,
  ``chat_locks``, ``fair_places``, ``last_photo``, ``questions`` and ``typing_action`` are its
  parts.
"""
