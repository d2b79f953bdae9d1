"""For receivers of webhooks: check that one comes from your service, and read it.

    from likeness.webhooks import verify

    event = verify(body, headers, secret)       # raises NotVerified
    if event.type == "job.succeeded":
        print(event.data.links["self"], event.data.result.images[0].report.verdict)

It needs the package standardwebhooks: pip install 'likeness[webhooks]'. Any library for Standard Webhooks does as well.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from likeness.client.batch_models import RemoteBatch
from likeness.client.models import JobFacts, RemoteComparison, RemoteModel
from likeness.contract.image_facts import ImageFacts
from likeness.contract.jobs import JobFailure, Reproduction
from likeness.contract.report import Score, Verdict

ID_HEADER: Final = "webhook-id"


class NotVerified(ValueError):
    """Not signed with this secret, changed on the way, more than five minutes old, or not a webhook at all."""


class ToldReport(RemoteModel):
    """What a webhook says of an image's report; lists that were left out are empty."""

    verdict: Verdict
    retouchable: bool = False
    reasons: list[str] = Field(default=[])
    fidelity: list[Score] = Field(default=[])


class ToldImage(ImageFacts):
    """One image of a result, with the report as far as a webhook includes it."""

    report: ToldReport


class ToldResult(RemoteModel):
    """What a succeeded job gives, best image first."""

    images: list[ToldImage]
    engine: dict[str, Any]
    comparison: RemoteComparison | None = None
    reproduction: Reproduction | None = None


class ToldJob(JobFacts):
    """A job that has ended. `result` is null also where its texts alone were too long to be told."""

    ended_at: datetime | None
    reference: str | None = None
    metadata: dict[str, str] = Field(default={})
    links: dict[str, str | None]
    result: ToldResult | None = None
    error: JobFailure | None = None


class WebhookEvent(RemoteModel):
    """A webhook. The same one may come more than once, then with the same `id`."""

    id: str
    type: Literal["job.succeeded", "job.failed", "job.cancelled"]
    timestamp: datetime
    data: ToldJob
    left_out: list[str] = Field(default=[], description="what did not fit; `GET /jobs/{id}` has all of it")


class BatchEvent(RemoteModel):
    """A webhook of a batch, at every tenth of it and when it has ended."""

    id: str
    type: Literal["batch.progress", "batch.ended"]
    timestamp: datetime
    data: RemoteBatch


Event = TypeAdapter[WebhookEvent | BatchEvent](Annotated[WebhookEvent | BatchEvent, Field(discriminator="type")])


def verify(body: bytes | str, headers: Mapping[str, str], secret: str | Sequence[str]) -> WebhookEvent | BatchEvent:
    """Return the event of a request: its body as it came, its headers, and your secret (`whsec_...`) or several.

    Raises NotVerified. Verify before you trust anything of a request, and remember ids: a webhook may come again.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    found = {name.lower(): value for name, value in headers.items()}
    why: Exception | None = None
    for one in [secret] if isinstance(secret, str) else secret:
        try:
            said = Webhook(one).verify(body, found)
            return Event.validate_python({**said, "id": found[ID_HEADER]}, extra="ignore")
        except (WebhookVerificationError, ValueError, TypeError) as error:
            why = error
    raise NotVerified("the request is not a webhook signed with this secret") from why
