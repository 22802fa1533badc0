"""Photos in, hashtags out: pure inference. No database, no Telegram, no training."""
