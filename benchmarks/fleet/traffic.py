"""The requests of a day: a rate that swings, callers, engines by popularity, and bursts."""

import math

import numpy as np

from benchmarks.fleet.assumptions import DAY, Traffic
from benchmarks.fleet.queues import BATCH, INTERACTIVE, Job
from benchmarks.fleet.scenario import Fleet, popularity

BUSIEST = 20 * 3600.0
"""Seconds after midnight."""


def rate_at(moment: float, swing: float) -> float:
    """Return the rate at a time of day against the day's mean."""
    return 1 + swing * math.cos(2 * math.pi * (moment - BUSIEST) / DAY)


def arrivals(fleet: Fleet, traffic: Traffic, begin: float, end: float, seed: int) -> list[Job]:
    """Return the jobs that arrive between two times of day (seconds), in order. Equal seeds give equal jobs."""
    random = np.random.default_rng(seed)
    mean_work = sum(
        share * one.run_seconds(1) for share, one in zip(popularity(len(fleet.engines)), fleet.engines, strict=True)
    )
    jobs_a_second = fleet.workers * traffic.peak_load / (1 + traffic.swing) / mean_work
    jobs = _steady(fleet, traffic, jobs_a_second * (1 - traffic.bursts), (begin, end), random)
    jobs += _bursts(fleet, traffic, jobs_a_second * traffic.bursts, (begin, end), random)
    return sorted(jobs, key=lambda job: job.arrived)


def _steady(
    fleet: Fleet, traffic: Traffic, mean: float, span: tuple[float, float], random: np.random.Generator
) -> list[Job]:
    times = _times(mean, traffic.swing, span, random)
    engines = random.choice(len(fleet.engines), len(times), p=popularity(len(fleet.engines)))
    settings = random.choice(traffic.settings, len(times), p=popularity(traffic.settings))
    callers = random.choice(traffic.callers, len(times), p=popularity(traffic.callers))
    tiers = np.where(random.random(len(times)) < traffic.interactive, INTERACTIVE, BATCH)
    rows = zip(times.tolist(), engines.tolist(), settings.tolist(), callers.tolist(), tiers.tolist(), strict=True)
    return [Job(*row) for row in rows]


def _bursts(
    fleet: Fleet, traffic: Traffic, mean: float, span: tuple[float, float], random: np.random.Generator
) -> list[Job]:
    size = max(1, traffic.burst_jobs * max(1, fleet.workers // 10)) if fleet.workers > 1 else traffic.burst_jobs // 4
    jobs = []
    for moment in _times(mean / size, traffic.swing, span, random).tolist():
        engine = int(random.choice(len(fleet.engines), p=popularity(len(fleet.engines))))
        setting, caller = int(random.integers(traffic.settings)), int(random.integers(traffic.callers))
        jobs += [Job(moment, engine, setting, caller, BATCH) for _ in range(size)]
    return jobs


def _times(mean: float, swing: float, span: tuple[float, float], random: np.random.Generator) -> np.ndarray:
    """Return the times of a Poisson process whose rate swings: a fast one, thinned out."""
    begin, end = span
    fastest = mean * (1 + swing)
    drawn = begin + (end - begin) * random.random(random.poisson(fastest * (end - begin)))
    rates = 1 + swing * np.cos(2 * np.pi * (drawn - BUSIEST) / DAY)
    return np.sort(drawn[random.random(len(drawn)) * (1 + swing) < rates])
