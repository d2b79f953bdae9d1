"""Two image files compared on this machine, without a service."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from likeness.contract.errors import LikenessError
from likeness.contract.report import Report, Thresholds
from likeness.imaging.assessment.assess import assess
from likeness.imaging.assessment.contact_sheet import report_picture
from likeness.imaging.formats.decode import Bounds, Picture, decode
from likeness.problems import LocalProblem, unreadable, writing


@dataclass(frozen=True)
class Compared:
    """The bytes of two images, and the report of the second against the first."""

    given: bytes
    made: bytes
    report: Report

    def draw(self, target: Path) -> None:
        """Write the report as an image. Raises LocalProblem when `target` cannot be written."""
        card = report_picture(upright(self.given), upright(self.made), self.report)
        with writing(target):
            card.save(target, format="PNG")


def compare_files(given: Path, made: Path) -> Compared:
    """Return the report of `made` against `given`, of any two sizes. Raises LocalProblem naming what cannot be read."""
    (given_bytes, given_picture), (made_bytes, made_picture) = _read(given), _read(made)
    return Compared(given_bytes, made_bytes, assess(given_picture, made_picture, Thresholds(), any_size=True))


def upright(data: bytes) -> Image.Image:
    """Return the image in `data` as it is to be shown."""
    with Image.open(BytesIO(data)) as image:
        return ImageOps.exif_transpose(image)


def _read(file: Path) -> tuple[bytes, Picture]:
    try:
        data = file.read_bytes()
        return data, decode(data, Bounds())
    except OSError as error:
        raise LocalProblem(unreadable(file, error)) from error
    except LikenessError as error:
        raise LocalProblem(f"{file} cannot be read: {error.detail}") from error
