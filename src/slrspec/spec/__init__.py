"""The specification as data: where it lies, its document, its rules, and the grants of a policy."""
