"""The conformance site."""
