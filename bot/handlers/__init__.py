"""What the bot does with each kind of update; ``bot.application`` says which comes where."""
