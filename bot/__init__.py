"""The Telegram bot: application, handlers, keyboards, texts; the local chat; the command line."""
