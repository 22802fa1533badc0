"""From posts to a bundle: datasets, features, fitting, evaluation."""
