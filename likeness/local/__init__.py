"""The one-machine stack: embedded Valkey, supervisor, demo."""
