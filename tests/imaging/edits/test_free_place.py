import cv2
import numpy as np
import pytest

from likeness.imaging.edits.free_place import free_place, ground_of
from tests.imaging.edits import products


def cloth(height=600, width=500, level=0.6):
    rng = np.random.default_rng(0)
    rgb = np.full((height, width, 3), level, np.float32) + rng.normal(0, 0.01, (height, width, 1)).astype(np.float32)
    product = np.zeros((height, width), np.float32)
    product[40 : height - 40, 40 : width - 40] = 1
    return rgb, product


def overlaps(place, box):
    return all(place[axis] < box[axis] + box[axis + 2] and box[axis] < place[axis] + place[axis + 2] for axis in (0, 1))


@pytest.mark.parametrize("aspect", [0.5, 1.0, 3.0, 8.0])
def test_plain_cloth_is_printed_on_its_chest_and_off_its_edge(aspect):
    left, top, width, height = free_place(ground_of(*cloth()), aspect)
    assert width / height == pytest.approx(aspect, rel=0.1)
    assert abs(left + width / 2 - 250) < 10 and 150 < top + height / 2 < 320
    assert 0.15 < width / 420 <= 0.46


@pytest.mark.parametrize("what", ["print", "seam", "button row"])
def test_what_lies_on_the_cloth_is_kept_clear_of(what):
    rgb, product = cloth()
    taken = {"print": (150, 150, 200, 180), "seam": (249, 40, 2, 520), "button row": (247, 60, 6, 480)}[what]
    left, top, width, height = taken
    if what == "button row":
        for y in range(top, top + height, 40):
            cv2.circle(rgb, (250, y), 4, (0.9, 0.9, 0.95), -1)
    else:
        rgb[top : top + height, left : left + width] += np.float32(-0.4 if what == "print" else -0.1)
    place = free_place(ground_of(rgb, product), 2.5)
    assert place is not None and not overlaps(place, taken)


def test_a_print_fits_into_one_leg():
    product = np.zeros((600, 500), np.float32)
    product[40:560, 60:220] = product[40:560, 280:440] = 1
    left, top, width, height = free_place(ground_of(cloth()[0], product), 2.0)
    assert (product[top : top + height, left : left + width] == 1).all()


def test_nothing_is_free_on_a_check_or_where_it_could_not_be_read():
    rgb, product = cloth()
    rgb[(np.indices((600, 500)) // 20).sum(0) % 2 == 1] -= 0.3
    assert free_place(ground_of(rgb, product), 2.5) is None
    plain = ground_of(*cloth())
    assert free_place(plain, 2.5) is not None and free_place(plain, 25.0, lines=1) is None


def test_a_soft_fold_is_no_obstacle_and_a_size_is_kept():
    rgb, product = cloth()
    rgb += 0.05 * np.sin(np.arange(500, dtype=np.float32) / 40)[None, :, None]
    place = free_place(ground_of(rgb, product), 2.5, width=0.3)
    assert place is not None and place[2] == pytest.approx(0.3 * 420, abs=2)
    assert free_place(ground_of(rgb, product), 2.5, width=0.99) is None


@pytest.mark.parametrize("size", products.SIZES)
def test_a_place_lies_in_the_image_whatever_its_size_and_without_a_product(size):
    rgb, product = products.shaded(*size)
    for mask in (product, np.zeros_like(product)):
        place = free_place(ground_of(rgb, mask), 1.5)
        if place is not None:
            left, top, width, height = place
            assert left >= 0 and top >= 0 and left + width <= size[1] and top + height <= size[0]
