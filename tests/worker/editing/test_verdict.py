"""The verdict on edits of photos: exact ones are accepted, and each fault that an editor sees is rejected by name.

Every fault is made by program. Masks are the segmenter's, figures those of the report.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from likeness.contract.catalogue import load_catalogue
from likeness.contract.colour_names import CLOTH
from likeness.contract.gates import GateKind
from likeness.contract.instructions import Edit, EditKind
from likeness.contract.jobs import Result
from likeness.contract.report import EditThresholds, Report, Verdict
from likeness.contract.tasks import Recreate
from likeness.imaging.assessment.assess import assess
from likeness.imaging.edits.recolour import recolour
from likeness.imaging.matting import Matte, matte_of
from likeness.imaging.outline import disc
from likeness.imaging.picture import Picture
from likeness.storage.pictures import PictureStore
from tests.support.engines import shipped
from tests.support.places import EXAMPLES
from worker.editing.canvas import AnalysedCanvas
from worker.editing.edit_types import background_check, check_of, light_check
from worker.engine import EngineTask, ExactEdit, silent
from worker.engines.retouch import edited
from worker.once import Unwatched, ordered
from worker.runs.context import Context
from worker.runs.run import Run

CATALOGUE = load_catalogue()
SHORT = 400
GOOD = {
    "cap-plaid.jpg": "turquoise",
    "exif-orientation-6.jpg": "blue",
    "portrait-624x807.jpg": "green",
}
"""Photos that faults are made on, and the colour that is asked; a shop could publish their exact recolour."""
BAD = {"skirt-denim.jpg": "red", "sandals.jpg": "navy", "sweater-printed.jpg": "green"}
"""Photos of which the engine dyes too much: the studs of a belt, buckles and soles, a hanger."""
WHITE = (255, 255, 255)
Canvas = np.ndarray


@dataclass(frozen=True, eq=False)
class Shot:
    """A photo, H x W x 3 in 0..1, its product's mask, and the colour that is asked."""

    rgb: Canvas
    mask: Canvas
    colour: tuple[int, int, int]

    @cached_property
    def matte(self) -> Matte:
        return matte_of(self.rgb, self.mask)

    @cached_property
    def exact(self) -> Canvas:
        """The exact recolour of its product."""
        return self.dyed(self.matte)

    @cached_property
    def whole(self) -> Canvas:
        """The recolour of all there is."""
        return recolour(self.rgb, np.ones_like(self.mask), self.colour)

    def dyed(self, matte: Matte, parts: str = "main") -> Canvas:
        return self.edited(ExactEdit(EditKind.RECOLOUR, self.colour), matte, parts)

    def edited(self, edit: ExactEdit, matte: Matte, parts: str = "main") -> Canvas:
        return edited(EngineTask(self.rgb, 0, {"parts": parts, "shadow": "contact"}, matte=matte, edit=edit))

    def judged(self, made: Canvas, mask: Canvas | None = None) -> Report:
        check = check_of("a colour", self.mask if mask is None else mask, self.colour)
        return assess(stored(self.rgb), stored(made), EditThresholds(colour_delta_e=None), check)


def stored(rgb: Canvas) -> Picture:
    return Picture(Image.fromarray(np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)), "png")


@cache
def shot(name: str) -> Shot:
    with Image.open(EXAMPLES / name) as image:
        photo = ImageOps.exif_transpose(image).convert("RGB")
        photo.thumbnail([round(side * SHORT / min(photo.size)) for side in photo.size])
    rgb = np.asarray(photo, dtype=np.float32) / 255
    mask = shipped().product(rgb)
    return Shot(rgb, mask, CLOTH[(GOOD | BAD)[name]])


@pytest.fixture(params=GOOD, scope="module")
def one(request: pytest.FixtureRequest) -> Shot:
    return shot(request.param)


def reasons(report: Report) -> str:
    return "; ".join(report.reasons)


def soft(where: np.ndarray) -> Canvas:
    return cv2.GaussianBlur(where.astype(np.float32), (0, 0), 0.7)


def blended(one: Shot, where: Canvas) -> Canvas:
    return one.rgb + (one.whole - one.rgb) * where[..., None]


def test_an_exact_recolour_is_accepted(one: Shot) -> None:
    report = one.judged(one.exact)
    assert report.verdict is Verdict.ACCEPTED, reasons(report)
    by_matte = one.judged(one.exact, one.matte.alpha)
    assert by_matte.verdict is Verdict.ACCEPTED, reasons(by_matte)
    assert report.kind is GateKind.COLOUR and all(figure.met for figure in report.figures)


@pytest.mark.parametrize("name", BAD)
def test_an_exact_recolour_that_dyes_too_much_is_not(name: str) -> None:
    one = shot(name)
    assert one.judged(one.exact).verdict is Verdict.REJECTED


def half(one: Shot) -> Canvas:
    middle = np.median(np.nonzero(one.mask > 0.5)[1])
    left = (np.arange(one.mask.shape[1]) < middle)[None] * one.mask
    return blended(one, soft(left))


def noisy(one: Shot) -> Canvas:
    noise = np.random.default_rng(0).normal(0, 8 / 255, one.rgb.shape)
    return one.exact + noise.astype(np.float32) * one.mask[..., None]


def fringed(one: Shot) -> Canvas:
    solid = (one.mask > 0.5).astype(np.uint8)
    rim = cv2.dilate(solid, disc(2)) - cv2.erode(solid, disc(1))
    light = 0.0 if one.rgb[one.mask < 0.05].mean() > 0.5 else 1.0
    made = one.exact
    return made + (light - made) * 0.7 * soft(rim)[..., None]


FAULTS: dict[str, tuple[Callable[[Shot], Canvas], str]] = {
    "half": (half, "not dyed|blotchy"),
    "wall": (lambda one: one.dyed(matte_of(one.rgb, np.ones_like(one.mask))), "background was changed"),
    "eroded": (lambda one: blended(one, soft(cv2.erode((one.mask > 0.5).astype(np.uint8), disc(8)))), "does not end"),
    "dilated": (
        lambda one: blended(one, soft(cv2.dilate((one.mask > 0.5).astype(np.uint8), disc(8)))),
        "does not end|background was changed|fringe",
    ),
    "noise": (noisy, "noisy"),
    "fringe": (fringed, "fringe"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_rejected_in_an_editors_words(one: Shot, fault: str) -> None:
    make, said = FAULTS[fault]
    report = one.judged(make(one))
    assert report.verdict is Verdict.REJECTED
    assert any(word in reasons(report) for word in said.split("|")), reasons(report)


def test_the_unchanged_picture_is_rejected(one: Shot) -> None:
    report = one.judged(one.rgb)
    assert report.verdict is Verdict.REJECTED and not report.retouchable


@pytest.mark.parametrize("px", [-8, 8])
def test_a_wrong_mask_is_seen_even_when_it_is_the_one_to_check_by(one: Shot, px: int) -> None:
    solid = (one.mask > 0.5).astype(np.uint8)
    wrong = soft(cv2.dilate(solid, disc(px)) if px > 0 else cv2.erode(solid, disc(-px)))
    report = one.judged(blended(one, wrong), wrong)
    assert report.verdict is Verdict.REJECTED, "the colour ends where nothing ends"


@pytest.fixture(scope="module")
def network() -> Callable[[Shot], Canvas]:
    """Return what the small network makes of a recolour."""
    residents = shipped()
    engine = residents.engine(CATALOGUE.find("starter-edit"))

    def made(one: Shot) -> Canvas:
        height, width = (side // 16 * 16 for side in one.mask.shape)
        name = next(name for name, rgb in CLOTH.items() if rgb == one.colour)
        task = EngineTask(
            np.ascontiguousarray(one.rgb[:height, :width]),
            1,
            {"steps": 4},
            text=Edit(EditKind.RECOLOUR, colour=name).phrase,
            mask=np.ascontiguousarray(one.mask[:height, :width]),
        )
        canvas = one.exact.copy()
        canvas[:height, :width] = engine.generate([task], silent)[0]
        return canvas

    return made


def test_a_fifth_of_the_networks_blotches_is_rejected(one: Shot, network: Callable[[Shot], Canvas]) -> None:
    report = one.judged(one.exact + 0.2 * (network(one) - one.exact) * one.mask[..., None])
    assert report.verdict is Verdict.REJECTED and "blotchy" in reasons(report), reasons(report)


@cache
def with_tag(one: Shot) -> Shot:
    """Return the photo with a white, printed tag on its product."""
    rows, columns = np.nonzero(cv2.erode((one.mask > 0.5).astype(np.uint8), disc(25)))
    at = len(rows) // 2
    y, x = int(rows[at]), int(columns[at])
    rgb = one.rgb.copy()
    rgb[y - 18 : y + 18, x - 13 : x + 13] = 0.93
    for line in range(-12, 12, 6):
        rgb[y + line : y + line + 2, x - 9 : x + 9] = 0.15
    return replace(one, rgb=rgb)


def test_a_tag_that_is_dyed_is_rejected(one: Shot) -> None:
    tagged = with_tag(one)
    report = tagged.judged(tagged.dyed(tagged.matte, parts="all"))
    assert report.verdict is Verdict.REJECTED and "tag" in reasons(report), reasons(report)


def test_a_tag_that_is_dyed_can_be_retouched_where_nothing_else_is_wrong() -> None:
    tagged = with_tag(shot("exif-orientation-6.jpg"))
    report = tagged.judged(tagged.dyed(tagged.matte, parts="all"))
    assert report.retouchable and len(report.reasons) == 1, reasons(report)


def test_a_tag_that_is_left_alone_is_accepted() -> None:
    tagged = with_tag(shot("exif-orientation-6.jpg"))
    report = tagged.judged(tagged.exact)
    assert report.verdict is Verdict.ACCEPTED, reasons(report)


def test_blocks_that_brightening_brings_out_are_rejected(one: Shot) -> None:
    dark = np.rint(one.rgb[..., ::-1] * 0.1 * 255).astype(np.uint8)
    packed = cv2.imencode(".jpg", dark, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    night = replace(one, rgb=cv2.imdecode(packed, 1)[..., ::-1].astype(np.float32) / 255, colour=CLOTH["light grey"])
    report = night.judged(np.clip(night.rgb * 8, 0, 1))
    assert report.verdict is Verdict.REJECTED and "blocks" in reasons(report), reasons(report)


def test_a_white_background_is_accepted_and_one_with_a_rim_is_not(one: Shot) -> None:
    parted = AnalysedCanvas(one.rgb, one.rgb.shape[:2], lambda _: one.mask, lambda _: None).parted
    made = one.edited(ExactEdit(EditKind.BACKGROUND, WHITE, "plain"), parted)
    check = background_check(Edit(EditKind.BACKGROUND, "plain", "white"), parted.alpha, WHITE)
    report = assess(stored(one.rgb), stored(made), EditThresholds(), check)
    assert report.verdict is Verdict.ACCEPTED, reasons(report)
    solid = (one.mask > 0.5).astype(np.uint8)
    ring = cv2.dilate(solid, disc(3)) > 0
    pasted = np.where(ring[..., None], one.rgb, np.float32(1))
    left = assess(stored(one.rgb), stored(pasted), EditThresholds(), check)
    assert left.verdict is Verdict.REJECTED, reasons(left)


@pytest.mark.parametrize("photo", ["cap-plaid.jpg", "portrait-624x807.jpg"])
@pytest.mark.parametrize("name", ["brighter", "darker", "warmer", "cooler", "contrast", "greyscale"])
def test_light_is_measured_as_what_was_asked(photo: str, name: str) -> None:
    one = shot(photo)
    made = edited(EngineTask(one.rgb, 0, {}, edit=ExactEdit(EditKind.LIGHT, name=name)))
    report = assess(stored(one.rgb), stored(made), EditThresholds(), light_check(Edit(EditKind.LIGHT, name)))
    assert report.verdict is Verdict.ACCEPTED, reasons(report)
    other = {"brighter": "darker", "darker": "brighter", "warmer": "cooler", "cooler": "warmer"}.get(name, "warmer")
    wrong = assess(stored(one.rgb), stored(made), EditThresholds(), light_check(Edit(EditKind.LIGHT, other)))
    assert "light is not what was asked" in reasons(wrong) or name in ("contrast",)


@pytest.mark.parametrize(("engine", "verdict"), [("starter", Verdict.ACCEPTED), ("vqgan", Verdict.REJECTED)])
def test_a_recreation_that_bleaches_the_wall_is_rejected(engine: str, verdict: Verdict) -> None:
    residents, store = shipped(), PictureStore.open("memory://")
    data = (EXAMPLES / "shirt-plaid.jpg").read_bytes()
    spec, order = ordered(Recreate(engine=engine, seed=1), data, {}, CATALOGUE, store, residents.has)
    result = Run(spec, Context(residents, store), Unwatched()).execute([order])[order.id]
    assert isinstance(result, Result)
    report = result.images[0].report
    assert report.verdict is verdict, reasons(report)
    assert report.kind is GateKind.RECREATE
    assert ("flat areas changed their tone" in reasons(report)) is (verdict is Verdict.REJECTED)
