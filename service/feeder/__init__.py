"""The feeder: a process of its own that keeps a bounded number of jobs of batches in the queue, and gathers results."""
