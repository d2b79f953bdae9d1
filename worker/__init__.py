"""Runs jobs without the web: takes them from RQ, keeps engines resident, measures what they make."""
