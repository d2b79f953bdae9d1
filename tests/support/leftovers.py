"""What a test leaves in a service that others use too."""

from likeness.client import Client


def delete_all(url: str, key: str | None = None) -> None:
    """Delete every job that the service at `url` lists for a key: what still runs is stopped."""
    with Client(url, key) as client:
        while jobs := list(client.jobs()):
            for job in jobs:
                client.delete(job.id)
