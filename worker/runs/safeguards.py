"""What stands between a made picture and whoever asked for it: the safety checker, its provenance, a signature."""

from dataclasses import dataclass
from typing import Protocol

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import NotReady
from likeness.contract.jobs import JobOrder
from likeness.contract.tasks import Customise
from likeness.files.content_credentials import Signer
from likeness.imaging.colour import Floats
from likeness.imaging.formats.xmp import DigitalSource, Provenance, packet
from worker.components import Components
from worker.config import Settings
from worker.engine import EngineTask

CHECKER = "safety-checker"
"""Its folder below the models."""


class Checker(Protocol):
    """Says whether a picture may be shown."""

    def refuses(self, rgb: Floats) -> bool:
        """Return whether a picture, H x W x 3 in 0..1, must not be shown."""


@dataclass(frozen=True)
class Safeguards:
    """What is done to every picture. Each of the three may be off; by default only the provenance is on."""

    provenance: bool = True
    signer: Signer | None = None
    checker: Checker | None = None

    @classmethod
    def of(cls, settings: Settings, components: Components) -> "Safeguards":
        """Return what the settings ask for. Raises NotReady when it cannot be had, so that no worker starts without."""
        checker = _checker(components) if settings.safety == "reject" else None
        return cls(settings.provenance, _signer(settings), checker)

    def refuse(self, rgb: Floats) -> bool:
        """Return whether a picture, H x W x 3 in 0..1, is to be withheld."""
        return self.checker is not None and self.checker.refuses(rgb)

    def xmp(self, made: Provenance) -> bytes:
        """Return the XMP packet to write into the file; empty where none is to be."""
        return packet(made) if self.provenance else b""

    def signed(self, data: bytes, made: Provenance) -> bytes:
        """Return the file, signed where there is a signer. Raises EngineFailed."""
        return data if self.signer is None else self.signer.signed(data, made)


def provenance_of(spec: EngineSpec, order: JobOrder, task: EngineTask, seed: int | None) -> Provenance:
    """Return what one picture is to say about itself; a customised one is in part the given one."""
    changed = DigitalSource.ENHANCED if spec.edits else DigitalSource.COMPOSITE
    item = order.task.instruction if isinstance(order.task, Customise) else None
    asked = {"instruction": item} if item else {}
    return Provenance(
        source=changed if isinstance(order.task, Customise) else DigitalSource.TRAINED,
        engine=spec.name,
        revision=spec.revision,
        seed=seed,
        parameters={**task.parameters, **asked, **{f"lora:{name}": weight for name, weight in task.loras.items()}},
        input_sha256=order.input and order.input.sha256,
    )


def _signer(settings: Settings) -> Signer | None:
    certificate, key = settings.c2pa_certificate, settings.c2pa_key
    if certificate and key:
        return Signer(certificate, key)
    if certificate or key:
        raise NotReady("signing needs both LIKENESS_C2PA_CERTIFICATE and LIKENESS_C2PA_KEY")
    return None


def _checker(components: Components) -> Checker:
    from worker.networks.safety_checker import load  # torch is slow to import

    try:
        return load(components.folder(CHECKER), components.device)
    except (OSError, ValueError, RuntimeError) as error:
        raise NotReady(f"the safety checker could not be loaded: {error}") from error
