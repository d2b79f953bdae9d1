"""The queue as the service sees it: the only file here that knows RQ."""
