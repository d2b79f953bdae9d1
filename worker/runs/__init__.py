"""From an order to measured images: one run, several runs of one job, retries with less, scoring."""
