"""What a worker started here would run on, as one line of JSON: `python -m worker.about`, for `likeness doctor`."""

import sys

from pydantic import ValidationError

from likeness.contract.about import WorkerAbout
from likeness.contract.catalogue import load_catalogue
from worker.config import Settings
from worker.residency.engines import Residents

NAMES = [f"LIKENESS_{name.upper()}" for name in Settings.model_fields]


def main() -> None:
    """Print it; nothing is loaded but torch."""
    sys.stdout.write(about().model_dump_json() + "\n")


def about() -> WorkerAbout:
    """Return what a worker would run on, or why it could not start."""
    try:
        return _of(Settings())
    except ValidationError as error:
        wrong = [f"LIKENESS_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors() if item["loc"]]
        return WorkerAbout(problem="; ".join(wrong) or str(error), settings=NAMES)
    except (
        OSError,
        ValueError,
        RuntimeError,
        AssertionError,
    ) as error:  # of the catalogue, or of a device that is none
        return WorkerAbout(problem=" ".join(str(error).split()), settings=NAMES)


def _of(settings: Settings) -> WorkerAbout:
    import torch  # slow to import, and a setting may be wrong

    catalogue, residents = load_catalogue(settings.catalogue), Residents.of(settings)
    return WorkerAbout(
        settings=NAMES,
        device=residents.device,
        name=residents.device_name,
        budget=residents.budget,
        torch=torch.__version__,
        cuda=torch.version.cuda,
        installed=[spec.name for spec in catalogue.engines if residents.has(spec)],
    )


if __name__ == "__main__":
    main()
