"""The quality report: metrics, sanity checks, verdict and reasons."""
