"""From posts and features to a bundle; begin with pipeline.py, hyper-parameters are in plan.py."""
