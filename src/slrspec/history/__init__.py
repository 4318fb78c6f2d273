"""Runs over time: the folder that keeps them, what changed between two of them, and gates on that."""
