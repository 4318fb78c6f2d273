"""One run cut into cells, each of which any machine can run, and put together again."""
