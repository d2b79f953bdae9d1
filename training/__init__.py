"""The recipes that made every weight file in `weights/`; each is a command."""
