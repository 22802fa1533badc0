"""What a chat sees.

- ``application``: the table of contents, every handler in the order in which they are asked.
- ``answering``: a photo's whole trip, one function to read.
- ``answer_request``: what decides an answer beside the photo: what its chat chose.
- ``answer_message``: how an answer and its buttons are shown.
- ``photo_lookup``: a message's photo, downloaded, computed, known again.
- ``subject``: which photo, or which answer, a message is about.
- ``teaching``, ``learner``: hashtags that people add, and what the engine learns from them.
- ``handlers``: one file a command or kind of update.
- ``keyboards``, ``rendering``, ``texts``: buttons, the text of an answer, every sentence.
- ``platforms``: how many hashtags a platform takes.
- ``identity``: who wrote or tapped.
- ``telegram_bot``, ``telegram_requests``: the Bot API, and HTTP below it; ``delivery``,
  ``refusals``: sending until it has arrived, and what Telegram refuses in everyday use.
- ``outbox``: answers are stored before they are sent, and sent until they have arrived;
  ``updates_at_work``: so that what is stored and what is handled are one.
- ``small_talk``: what in a text without a photo is about nothing.
- ``services``: what every handler works with; ``albums``, ``blocked``, ``captions``,
  ``chat_locks``, ``fair_places``, ``last_photo``, ``questions`` and ``typing_action`` are its
  parts.
"""
