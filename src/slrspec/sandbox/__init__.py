"""What protects a real account: who it is, what may be done in it, what was done, and how it is undone."""
