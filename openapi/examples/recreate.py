"""Recreate a picture: upload it, follow the job, download the image and print its report.

python recreate.py PICTURE TARGET    (LIKENESS_URL, LIKENESS_KEY)
"""

import os
import sys

from likeness.client import Client, LikenessProblem


def main(picture: str, target: str) -> None:
    """Make `target` from `picture`."""
    url = os.environ.get("LIKENESS_URL", "http://127.0.0.1:8000")
    with Client(url, os.environ.get("LIKENESS_KEY")) as client:
        job = client.recreate(picture, seed=7)
        for event in client.events(job):
            step = f" {event.progress.stage} {event.progress.step}/{event.progress.steps}" if event.progress else ""
            print(f"{event.status}{step}")
        job = client.wait(job)
        client.save(job, target)
        report = client.report(job)
    for score in report.fidelity:
        if score.value is not None:
            print(score.name, score.value, score.unit)
    print(f"{report.verdict}: {'; '.join(report.reasons)}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except LikenessProblem as problem:
        sys.exit(f"{problem.code}: {problem}")
