import pytest

from likeness.contract.instructions import Edit, EditKind
from likeness.contract.intents import intent_of
from likeness.contract.tasks import Customise
from likeness.imaging.assessment.learned import Captions
from worker.editing.captions import captions_of

BEFORE = "a photo of a product"


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ({"instruction": "please make it red"}, "a photo of a red product"),
        ({"instruction": "give it yellow hoops"}, "a photo of a product with yellow horizontal stripes"),
        ({"instruction": "make it denim"}, "a photo of a product made of denim"),
        ({"instruction": "put it on a grey background"}, "a photo of a product on a grey background"),
        ({"instruction": "recreate this picture"}, BEFORE),
        ({"recolour": {"to": "#FE0102"}}, "a photo of a red product"),
        ({"text": "Sale"}, "a photo of a product with the text Sale"),
    ],
)
def test_an_edit_of_the_closed_set_has_captions(asked, after):
    assert captions_of(Customise(**asked), intent_of(Customise(**asked), closed=True).edit) == Captions(after, BEFORE)


def test_what_was_sent_goes_before():
    said = {"source_prompt": "a shirt", "target_prompt": "a red shirt"}
    red = Edit(EditKind.RECOLOUR, colour="red")
    assert captions_of(Customise(instruction="make it red", **said), red) == Captions("a red shirt", "a shirt")
    filled = Customise(prompt="a wall", mask="background", source_prompt="a shirt")
    assert captions_of(filled, None) == Captions("a wall", "a shirt")


def test_an_open_instruction_stands_for_the_made_picture_alone():
    assert captions_of(Customise(instruction="as if it snowed"), None) == Captions("as if it snowed")
    assert captions_of(Customise(logo="file"), None) is None


def test_a_caption_of_the_given_picture_needs_one_of_the_made():
    with pytest.raises(ValueError, match="source_prompt needs a target_prompt or a prompt"):
        Customise(instruction="make it red", source_prompt="a shirt")
