"""What a chat sees: every handler in order, a photo's whole trip, and the words."""
