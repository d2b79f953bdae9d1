import pytest

from likeness.contract.errors import InvalidPicture
from likeness.imaging.masks import orientation_of_mask
from likeness.imaging.picture import Header


def header(width: int, height: int, orientation: int = 1) -> Header:
    return Header("png", width, height, "L", orientation=orientation)


@pytest.mark.parametrize(
    ("image", "mask", "turn"),
    [
        (header(40, 30), header(40, 30), 1),
        (header(40, 30, 6), header(40, 30), 6),
        (header(40, 30, 6), header(30, 40), 1),
        (header(40, 30, 6), header(40, 30, 6), 6),
        (header(40, 30, 6), header(40, 30, 8), 8),
        (header(40, 30, 6), header(30, 40, 3), 3),
        (header(40, 30, 3), header(40, 30), 3),
        (header(40, 40, 6), header(40, 40), 6),
        (header(40, 30), header(30, 40, 6), 6),
    ],
)
def test_a_mask_is_turned_with_its_picture_or_by_its_own_orientation(image, mask, turn):
    assert orientation_of_mask(image, mask) == turn


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        (header(40, 30), header(30, 40)),
        (header(40, 30), header(41, 30)),
        (header(40, 30, 6), header(30, 40, 6)),
        (header(40, 30), header(40, 30, 6)),
    ],
)
def test_a_mask_of_another_size_is_refused_with_both_sizes(image, mask):
    with pytest.raises(InvalidPicture, match=r"mask: \d+ x \d+ px, but the image is \d+ x \d+ px") as refusal:
        orientation_of_mask(image, mask)
    assert refusal.value.problems[0].pointer == "#/mask"
