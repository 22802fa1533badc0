"""One file a command or kind of update; ``bot.chat.application`` says which comes where."""
