"""Networks that turn a photo into features, their weights, and the engines that run them."""
