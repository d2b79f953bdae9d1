"""Where a program's spans go, as OpenTelemetry's own environment variables say.

Spans are exported by OTLP over HTTP where the environment names an endpoint (OTEL_EXPORTER_OTLP_ENDPOINT) and the extra
`telemetry` is installed; otherwise a trace that a caller began is only passed on.
"""

import os
from collections.abc import Mapping
from typing import Final

import structlog

from likeness.observability.tracing import Tracing

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

log = structlog.get_logger()


def open_tracing(program: str, environment: Mapping[str, str] = os.environ) -> Tracing:
    """Return where the spans of a program go; nowhere without an endpoint, or where the SDK is disabled."""
    wanted = any(environment.get(name) for name in ENDPOINTS)
    if not wanted or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return Tracing()
    try:
        from likeness.observability.otlp import OtlpTracing  # slow to import, and an extra
    except ImportError as error:
        log.warning("traces are off: install likeness[telemetry]", missing=error.name)
        return Tracing()
    return OtlpTracing(program)
