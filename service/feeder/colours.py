"""The colours of a set's results, and how alike they are once a batch has ended."""

from collections import defaultdict
from typing import Any, Final

import numpy as np
from anyio import to_thread

from likeness.contract.jobs import MadeImage
from likeness.imaging.assessment.sets import Lab, product_colour, set_colours
from likeness.imaging.colour import Floats, samples_of
from likeness.imaging.formats.decode import Bounds, decode
from service.batches.files import CHUNK
from service.feeder.desk import Desk
from service.state import Services

UNBOUNDED: Final = Bounds(2**31, 2**31, 2**31)
"""What a worker of ours made is as large as it is."""


async def colour_of(services: Services, image: MadeImage) -> Lab:
    """Return the CIELAB of the product in a result. Raises InputLost."""
    data = await services.store.get_async(image.picture)
    matte = await services.store.get_async(image.matte) if image.matte else None
    return await to_thread.run_sync(_colour, data, matte)


def _colour(data: bytes, matte: bytes | None) -> Lab:
    where: Floats | None = None
    picture = decode(data, UNBOUNDED)
    if matte is not None:
        found = samples_of(decode(matte, UNBOUNDED).pixels)
        same = found.shape[:2] == picture.pixels.size[::-1]
        most = np.float32(np.iinfo(found.dtype).max)
        where = np.asarray(found, np.float32) / most if same and found.ndim == 2 else None
    return product_colour(picture, where)


async def consistency_of(desk: Desk, names: dict[int, str]) -> dict[str, Any]:
    """Return of each set and recipe how alike its results are; `names` are the files of results, by chunk."""
    colours: dict[str, dict[str, dict[int, Lab]]] = defaultdict(lambda: defaultdict(dict))
    references: dict[int, str] = {}
    for chunk, name in sorted(names.items()):
        items = await desk.files.items(chunk)
        for result in await desk.files.results(name):
            place = result["place"]
            item = items[place // desk.width - chunk * CHUNK]
            if item.set and "lab" in result:
                colours[item.set][desk.recipe(place).name][place] = tuple(result["lab"])
                references[place] = item.reference
    return {
        one: {recipe: _told(found, references) for recipe, found in recipes.items()} for one, recipes in colours.items()
    }


def _told(colours: dict[int, Lab], references: dict[int, str]) -> dict[str, Any]:
    found = set_colours(colours)
    odd = None if found.odd is None else references[found.odd]
    return {
        "distances": {str(place): value for place, value in found.distances.items()},
        "spread": found.spread,
        "odd": odd,
    }
