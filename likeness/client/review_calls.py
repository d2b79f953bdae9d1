"""The methods of both clients for reviews, as functions that return the request to send; as in `calls`."""

from likeness.client.answers import as_model
from likeness.client.call import Call
from likeness.client.calls import path_of
from likeness.client.models import RemoteJob, RemoteReviewLink
from likeness.contract.reviews import Decision


def review(job: RemoteJob | str, decision: Decision | str | None = None, comment: str | None = None) -> Call[RemoteJob]:
    """Approve or reject the best image of a job, comment on it, or both, and return the job with all its reviews.

    `decision` is "approved" or "rejected". It takes the place of your key's last review of the job.
    """
    given = {"decision": decision, "comment": comment}
    return Call("POST", f"{path_of(job)}/review", as_model(RemoteJob), {"json": given})


def withdraw_review(job: RemoteJob | str) -> Call[RemoteJob]:
    """Withdraw your key's review of a job and return the job with the reviews of others."""
    return Call("DELETE", f"{path_of(job)}/review", as_model(RemoteJob))


def review_link(reference: str, name: str = "reviewer", hours: int = 24) -> Call[RemoteReviewLink]:
    """Make a link by which somebody without a key reviews the results of a reference, as `name`, and nothing else."""
    body = {"reference": reference, "name": name, "hours": hours}
    return Call("POST", "/review-links", as_model(RemoteReviewLink), {"json": body})
