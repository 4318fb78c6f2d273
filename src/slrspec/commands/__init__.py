"""Subcommands that fill a file of their own."""
