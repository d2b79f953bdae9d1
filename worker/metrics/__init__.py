"""The metrics that need a trained network (docs/report.md); likeness/imaging/metrics has those that need none."""
