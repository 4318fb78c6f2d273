"""The phrases of the features, by noun.

They live in the package, not beside the features, so that one import path serves the checkout and the wheel.
"""
