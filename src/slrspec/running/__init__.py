"""One execution: the pytest plugin, exchanges, checks, verdicts, results and deviations."""
