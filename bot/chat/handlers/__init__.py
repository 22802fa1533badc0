"""One file for each command or kind of update; ``bot.chat.application`` registers the handlers."""
