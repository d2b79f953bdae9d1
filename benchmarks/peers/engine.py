"""What every server does with a picture: decode it, call the engine, encode it. No frame, no report, no queue."""

from likeness.contract.catalogue import load_catalogue
from likeness.contract.tasks import Recreate
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.formats.encode import encode
from likeness.imaging.frame import Frame
from worker.config import Settings
from worker.engine import EngineTask, silent
from worker.residency.engines import Residents


class Recreator:
    """The engine `starter`, loaded."""

    def __init__(self) -> None:
        self.spec = load_catalogue().find("starter")
        self.engine = Residents.of(Settings()).engine(self.spec)

    def recreate(self, data: bytes) -> bytes:
        """Return a JPEG, recreated."""
        given = decode(data, Bounds())
        frame = Frame.of(given)
        canvas = frame.canvas(given, self.spec.canvas.multiple, self.spec.canvas.minimum)
        (made,) = self.engine.generate([EngineTask(canvas, 0, self.spec.resolve(Recreate()))], silent)
        return encode(frame.restore(made), frame, "same")
