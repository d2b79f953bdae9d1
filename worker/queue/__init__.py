"""Everything that knows RQ and Redis: taking jobs, holding leases on them, recording how each ends."""
