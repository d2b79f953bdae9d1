"""What a worker's log is kept free of, and what it is not."""

import logging

import pytest

from worker.observability.log_filters import CHATTY, keep_quiet


def test_only_what_tells_nothing_is_left_out(caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    monkeypatch.delenv("HF_HUB_DISABLE_PROGRESS_BARS", raising=False)
    loggers = [logging.getLogger(name) for name in CHATTY]
    before = [list(logger.filters) for logger in loggers]
    try:
        keep_quiet()
        for logger, said in zip(loggers, CHATTY.values(), strict=True):
            logger.propagate, was = True, logger.propagate
            logger.warning("a line that %s, as ever", said)
            logger.warning("some weights were not initialised")
            logger.propagate = was
    finally:
        for logger, filters in zip(loggers, before, strict=True):
            logger.filters[:] = filters
    assert [record.message for record in caplog.records] == ["some weights were not initialised"] * len(CHATTY)
