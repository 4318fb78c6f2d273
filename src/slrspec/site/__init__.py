"""The conformance site: runs rendered with Jinja to plain Markdown files, built by MkDocs, published whole."""
