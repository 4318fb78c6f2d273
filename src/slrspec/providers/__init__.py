"""Where scenarios run: the contract, how a provider is found, and one module per provider."""
