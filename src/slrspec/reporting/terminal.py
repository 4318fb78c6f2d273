"""What a run looks like in a terminal."""


def totals_line(totals):
    return str(totals)
