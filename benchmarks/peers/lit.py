"""LitServe around the engine: `python -m benchmarks.peers.lit PORT`. It is not among our packages."""

import base64
import sys
from typing import Any

import litserve  # type: ignore[import-not-found, unused-ignore]

from benchmarks.peers.engine import Recreator


class Api(litserve.LitAPI):  # type: ignore[misc, unused-ignore]
    """One picture for each request."""

    def setup(self, device: str) -> None:
        """Load the engine."""
        self.recreator = Recreator()

    def decode_request(self, request: dict[str, str]) -> bytes:
        """Return the picture that was sent."""
        return base64.b64decode(request["image"])

    def predict(self, x: bytes, **_: Any) -> bytes:  # noqa: ANN401  as LitServe
        """Return it, recreated."""
        return self.recreator.recreate(x)

    def encode_response(self, output: bytes, **_: Any) -> dict[str, str]:  # noqa: ANN401  as LitServe
        """Return the answer."""
        return {"image": base64.b64encode(output).decode()}


if __name__ == "__main__":
    litserve.LitServer(Api(), accelerator="cpu").run(
        port=int(sys.argv[1]), generate_client_file=False, log_level="error"
    )
