import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from likeness.contract.jobs import Recipe, Sameness
from likeness.imaging.assessment.reproduction import EQUAL_PIXELS, PERCEPTUAL_SSIM, differences, sameness_of
from tests.imaging.files import photo, saved


def noisy(image: Image.Image, most: int) -> Image.Image:
    noise = np.random.default_rng(1).integers(-most, most + 1, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image, np.int16) + noise, 0, 255).astype(np.uint8))


def test_equal_bytes_are_bitwise():
    data = saved(photo("RGB", 40, 30), "PNG")
    assert sameness_of(data, bytes(data)) == (Sameness.BITWISE, [], ["every byte is equal"])


def test_other_bytes_of_equal_pixels_are_perceptual_and_say_so():
    image, text = photo("RGB", 40, 30), PngImagePlugin.PngInfo()
    text.add_text("Comment", "another file")
    sameness, figures, said = sameness_of(saved(image, "PNG"), saved(image, "PNG", pnginfo=text))
    assert sameness is Sameness.PERCEPTUAL and said == [EQUAL_PIXELS]
    assert {score.name: score.value for score in figures}["ssim"] == pytest.approx(1)


@pytest.mark.parametrize(("most", "sameness"), [(1, Sameness.PERCEPTUAL), (60, Sameness.DIFFERENT)])
def test_the_line_is_drawn_by_ssim(most, sameness):
    image = photo("RGB", 64, 64)
    found, figures, said = sameness_of(saved(image, "PNG"), saved(noisy(image, most), "PNG"))
    ssim = next(score.value for score in figures if score.name == "ssim")
    assert found is sameness and (ssim >= PERCEPTUAL_SSIM) == (sameness is Sameness.PERCEPTUAL)
    assert said == [f"the files differ, the largest difference of a sample is {most}"]


@pytest.mark.parametrize("other", [photo("RGB", 41, 30), photo("L", 40, 30)])
def test_another_frame_is_different(other):
    sameness, _, said = sameness_of(saved(photo("RGB", 40, 30), "PNG"), saved(other, "PNG"))
    assert sameness is Sameness.DIFFERENT and said == ["the images differ in size or mode"]


def recipe(**fields):
    parameters = {"strength": 0.3, "steps": 4}
    return Recipe(
        **{"engine": "e", "revision": "1", "parameters": parameters, "seeds": [1], "input_sha256": "0"} | fields
    )


def test_equal_recipes_have_no_differences():
    assert differences(recipe(), recipe()) == []
    assert differences(recipe(device=None), recipe(device="cpu")) == [], "what an older recipe does not say"


@pytest.mark.parametrize(
    ("was", "said"),
    [
        ({"revision": "0"}, "the revision of the engine differs: 0 then, 1 now"),
        ({"device": "GPU"}, "the device differs: GPU then, cpu now"),
        ({"models": {"m": "abc", "gone": "1"}}, "the commit of m differs: abc then, def now"),
        ({"parameters": {"steps": 4}}, "the parameter strength differs: None then, 0.3 now"),
        ({"seeds": []}, "the seed differs: none was recorded then, 1 now"),
    ],
)
def test_each_difference_is_a_sentence(was, said):
    now = {"m": "def"} if "models" in was else {}
    assert differences(recipe(**{"device": "cpu"} | was), recipe(device="cpu", models=now)) == [said]
