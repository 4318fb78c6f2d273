"""The trace: from each sentence of the page to the rules that state it, from a changed page to suspect rules."""
