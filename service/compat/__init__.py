"""Compatible APIs, so that their clients work unchanged: requests and results, translated to our jobs and back."""
