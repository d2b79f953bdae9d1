"""What workers report about themselves."""

from pydantic import Field

from likeness.contract.strict import Strict


class Residency(Strict):
    """The engines that one worker has in memory."""

    worker: str
    device: str
    engines: list[str]
    pools: list[str]
    memory: int | None = Field(default=None, gt=0, description="bytes of memory its engines may use")
