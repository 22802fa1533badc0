"""The limits of the Bot API (https://core.telegram.org/bots/api) and of this server."""

MAX_TEXT = 4096
"""UTF-16 code units, without the tags."""

MAX_CAPTION = 1024
MAX_CALLBACK_DATA = 64
"""Bytes of UTF-8."""

MAX_COPY_TEXT = 256
MAX_CALLBACK_ANSWER = 200
MAX_PLACEHOLDER = 64
MAX_BUTTONS = 100
MAX_BUTTONS_IN_ROW = 8
MAX_ALBUM = 10
MAX_COMMANDS = 100
MAX_COMMAND = 32
MAX_COMMAND_DESCRIPTION = 256

MAX_DOWNLOAD = 20 * 2**20
"""Bytes of a file that a bot may download."""

MAX_UPLOAD = 50 * 2**20
"""Bytes of a file that a bot may send."""

MAX_SEND = 64 * 2**20
"""Bytes that a person may send at once."""

CALLBACK_SECONDS = 60.0
"""How long a pressed button waits for an answer."""

MAX_POLL_SECONDS = 50
MAX_UPDATES_AT_ONCE = 100

# In memory; beyond these the oldest are dropped.
MAX_PENDING_UPDATES = 10_000
MAX_CHATS = 1_000
MAX_MESSAGES = 400
MAX_CALLBACKS = 10_000
MAX_FILE_BYTES = 192 * 2**20
MAX_WAITING_EVENTS = 2_000
