"""The starter bundle, which ships: its sources and tables, how it is built and checked.

``python -m training.starter --data DATA`` builds it: ``sources`` turns sets of photos into
hashtags through ``word_tables``, ``build`` fits a bundle on them, ``check`` measures it on
everyday photos held out.
"""
