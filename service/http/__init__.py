"""HTTP without jobs: bodies, headers, problems, and fetching from public hosts."""
