"""Which engines a worker holds in memory, and on which device."""
