"""The HTTP calls, one file per resource."""
