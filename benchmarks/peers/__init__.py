"""Likeness beside other servers of models: the same engine, the same pictures, the same callers, in one run."""
