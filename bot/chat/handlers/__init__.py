"""What the bot does with each kind of update; ``bot.chat.application`` says which comes where."""
