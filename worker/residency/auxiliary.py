"""The networks beside the engines: they find products, hangers and texts, caption, enlarge; loaded when needed."""

import threading
from typing import TYPE_CHECKING

from likeness.contract.errors import EngineFailed
from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.packshot.cutout import Box
from worker.components import Components, bytes_of

if TYPE_CHECKING:
    from worker.networks.captioner import Captioner
    from worker.networks.hangers import HangerFinder
    from worker.networks.segmenter import Segmenter
    from worker.networks.text_detector import TextDetector
    from worker.networks.upscaler import Upscaler

CAPTIONER = "captioner"
"""Its folder below the models, where no setting names another."""
SEGMENTER = "segmenter"
"""Its folder below the weights."""
HANGER, FEATURES = "hanger", "mobilenet-v2"
"""The folders of the finder of hangers and of what it sees by, below the weights."""
TEXT_DETECTOR = "text-detector"
"""Its folder below the weights."""
UPSCALER = "upscaler"
"""Its folder below the models."""


class Auxiliary:
    """The segmenter, the finders of hangers and text, the captioner and the upscaler of one worker."""

    def __init__(self, components: Components, captioner: str = CAPTIONER) -> None:
        self.components = components
        self._loading = threading.Lock()
        """Runs that are prepared and finished beside each other load each network once."""
        self._captioner_model = captioner
        self._captioner: Captioner | None = None
        self._segmenter: Segmenter | None = None
        self._finder: HangerFinder | None = None
        self._reader: TextDetector | None = None
        self._upscaler: Upscaler | None = None

    @property
    def device(self) -> str:
        """The torch device that both run on."""
        return self.components.device

    def held(self) -> int:
        """Return the bytes of those that are loaded."""
        loaded = (self._captioner, self._segmenter, self._finder, self._upscaler)
        return sum(bytes_of(one.network) for one in loaded if one is not None)

    def drop(self) -> bool:
        """Unload them, until they are needed again; return whether there was any."""
        loaded = (self._captioner, self._segmenter, self._finder, self._upscaler)
        any_loaded = any(one is not None for one in loaded)
        self._captioner = self._segmenter = self._finder = self._reader = self._upscaler = None
        self.components.free_cache()
        return any_loaded

    def product(self, rgb: Floats) -> Floats:
        """Return where the product is, H x W in 0..1, of H x W x 3. Raises EngineFailed when the model is missing."""
        with self._loading:
            segmenter = self._segmenter = self._segmenter or self._load_segmenter()
        return segmenter.product(rgb)

    def _load_segmenter(self) -> "Segmenter":
        from worker.networks.segmenter import load  # torch is slow to import, and the drill needs none of it

        try:
            return load(self.components.folder(SEGMENTER), self.device)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the product segmenter could not be loaded: {error}") from error

    def hanger(self, rgb: Bytes, alpha: Bytes) -> float | None:
        """Return how probable it is that a hanger shows in a cut-out, H x W x 3 and H x W in 0..255.

        None where there is no product, or the network is not there.
        """
        with self._loading:
            finder = self._finder = self._finder or self._load_finder()
        return None if finder is None else finder.shows(rgb, alpha)

    def _load_finder(self) -> "HangerFinder | None":
        from worker.networks.hangers import load  # as above

        try:
            return load(self.components.folder(HANGER), self.components.folder(FEATURES), self.device)
        except (OSError, ValueError, RuntimeError):
            return None

    def texts(self, rgb: Bytes) -> list[Box] | None:
        """Return where there is text in H x W x 3 in 0..255; None where the detector is not there."""
        with self._loading:
            reader = self._reader = self._reader or self._load_reader()
        return None if reader is None else reader.texts(rgb)

    def _load_reader(self) -> "TextDetector | None":
        from worker.networks.text_detector import load  # as above

        try:
            return load(self.components.folder(TEXT_DETECTOR), self.device)
        except (OSError, ValueError, RuntimeError):
            return None

    def enlarged(self, rgb: Bytes) -> Bytes | None:
        """Return H x W x 3 in 0..255 enlarged by a network; None where none is there. Raises EngineFailed."""
        with self._loading:
            upscaler = self._upscaler = self._upscaler or self._load_upscaler()
        return None if upscaler is None else upscaler.enlarged(rgb)

    def _load_upscaler(self) -> "Upscaler | None":
        try:
            folder = self.components.folder(UPSCALER)
        except FileNotFoundError:
            return None
        from worker.networks.upscaler import load  # transformers is slow to import

        try:
            return load(folder, self.device)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the upscaler could not be loaded: {error}") from error

    def caption(self, rgb: Floats) -> str | None:
        """Return what H x W x 3 in 0..1 shows, in words, or None without a captioner. Raises EngineFailed."""
        with self._loading:
            captioner = self._captioner = self._captioner or self._load_captioner()
        return None if captioner is None else captioner.caption(rgb)

    @property
    def no_captioner(self) -> str:
        """Why there is no caption where one was wanted."""
        return f"no captioner is installed: likeness models pull {self._captioner_model}"

    def _load_captioner(self) -> "Captioner | None":
        try:
            folder = self.components.folder(self._captioner_model)
        except FileNotFoundError:
            return None
        import torch  # both are slow to import, and most runs need no caption

        from worker.networks.captioner import load

        try:
            return load(
                folder, self.device, torch.float32 if self.device == "cpu" else self.components.dtype(torch.float16)
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the captioner could not be loaded: {error}") from error
