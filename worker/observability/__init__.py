"""What a worker counts, traces and logs."""
