"""What the simulation takes as given: what was measured, and what is assumed of GPUs, where nothing was measured."""

from dataclasses import dataclass
from typing import Final

DAY: Final = 86_400.0
"""Seconds."""

# Measured (benchmarks/README.md).

OWN_SECONDS: Final = 0.036
"""The service's own cost of a job at 512 px, in seconds."""
TOGETHER: Final = 1.47
"""Throughput of eight images at once against one by one: the middle of three runs on a CPU."""

REDIS_JOB_SECONDS: Final = 0.00115
"""What a job of 31 steps takes of Redis's core, with all that it reads, writes and sends."""
REDIS_IDLE_SECONDS: Final = 0.00052
"""What an idle worker takes of it in a second."""
REDIS_PRESENCE_SECONDS: Final = 0.00018
"""What a worker takes to say what it holds and to learn what others do, every HEARTBEAT_SECONDS."""
REDIS_ENDED_BYTES: Final = 15_200
"""Memory of an ended job with its events."""

# Simulated (docs/scaling.md), of one GPU.

BUSIEST_JOBS_A_SECOND: Final = 0.19
DAY_JOBS: Final = 9_195
IDLE_SHARE: Final = 0.2
"""Workers that wait at the busiest hour."""

# Assumed: nobody has measured this service on a GPU. For one of 80 GB; put a fleet's own figures in their place.

PICTURE_SECONDS: Final = {
    "instruct-pix2pix": 1.6,
    "sdxl": 3.3,
    "sd15": 1.6,
    "sdxl-inpaint": 3.3,
    "flux-kontext": 12.0,
    "sdxl-canny": 3.9,
    "sd15-inpaint": 1.6,
    "qwen-image-edit": 30.0,
    "kandinsky22": 2.5,
    "sd15-canny": 1.9,
}
"""Seconds of one image, the most popular engine first. SD 1.5 (50 steps, 31 a second) and SDXL (1024 px, 30 steps)
are as others published them for an A100; the rest are guesses by the size of the networks and the number of steps."""
DISK_BYTES_A_SECOND: Final = 1e9
"""Weights from a volume of the network."""
PARKED_BYTES_A_SECOND: Final = 10e9
"""Weights from the machine's memory, where an engine that was there before is parked."""
BUDGET: Final = 72_000_000_000
"""Bytes that a worker's engines may take: 9/10 of the GPU."""
POD_SECONDS: Final = 120.0
"""From the wish for a worker until it takes its first job, on a node that is there and has the image."""


@dataclass(frozen=True)
class Traffic:
    """A day of requests."""

    peak_load: float = 0.8
    """Work that arrives at the busiest hour, against what the whole fleet can do without batches or swaps."""
    swing: float = 0.75
    """How far the rate swings about its mean over the day; busiest at 20:00."""
    interactive: float = 0.7
    """Share of jobs outside bursts that are interactive."""
    bursts: float = 0.15
    """Share of the work that comes as bursts: one caller's batch jobs with one batch key, all at once."""
    burst_jobs: int = 100
    """Jobs of a burst, for each ten workers (100 at least)."""
    callers: int = 200
    settings: int = 12
    """Different batch keys of an engine, picked by Zipf's law too."""
