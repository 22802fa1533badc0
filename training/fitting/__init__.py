"""From posts and features to a bundle; begin with pipeline.py, and plan.py for its hyper-parameters."""
