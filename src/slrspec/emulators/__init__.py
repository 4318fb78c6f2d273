"""Real emulators, each in an environment of its own: installed, started, judged and stopped."""
