"""How the servers run: the factory both entries share, transports, logging."""
