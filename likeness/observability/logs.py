"""Logs as every program of ours writes them: one JSON object a line, on stderr.

What a caller asked for, showed or signed with never stands in one. A line about a job has its id as `job`, one about
the jobs of a run has theirs as `jobs`; whatever a request logs has its `request_id`.
"""

import logging
import sys

import structlog
from structlog.typing import Processor


def log_as_json(level: str) -> None:
    """Send every log line to stderr as JSON: ours from `level` on, those of libraries from warnings on."""
    number = getattr(logging, level.upper())
    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level]
    stamp = structlog.processors.TimeStamper(fmt="iso")
    render: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, stamp, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
            foreign_pre_chain=[*shared, stamp],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
