import dataclasses
import json

import numpy as np
import pytest
from PIL import Image, ImageFilter

from likeness.contract.gates import GateKind
from likeness.contract.report import EditThresholds, Thresholds, Verdict
from likeness.imaging.assessment.assess import assess
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.frame import Frame
from likeness.imaging.picture import Picture
from tests.imaging.files import PNG_KINDS, exif_block, photo, picture, png_file, saved

GIVEN = picture(saved(photo("RGB", 60, 50), "PNG"))
ORDER = ["psnr", "ssim", "ms_ssim", "delta_e", "edge_f1", "drift", "lpips", "st_lpips", "clip_similarity"]


def test_equal_pictures_are_accepted():
    report = assess(GIVEN, GIVEN, Thresholds())
    assert report.verdict is Verdict.ACCEPTED
    assert report.reasons == ["frame equal; every threshold met"]
    assert [score.name for score in report.fidelity] == ORDER
    assert [report.score(name) for name in ORDER[:5]] == [100, pytest.approx(1), pytest.approx(1), 0, 1]
    assert report.score("drift") == pytest.approx(0, abs=0.01)
    assert {score.reason for score in report.fidelity[6:]} == {"measured by a worker only"}
    json.loads(report.model_dump_json())


def test_each_missed_threshold_is_a_sentence():
    made = dataclasses.replace(GIVEN, pixels=GIVEN.pixels.filter(ImageFilter.BoxBlur(4)))
    report = assess(GIVEN, made, Thresholds(psnr=90, ssim=1, delta_e=0))
    assert report.verdict is Verdict.REJECTED
    assert [reason.split()[0] for reason in report.reasons] == ["psnr", "ssim", "delta_e"]
    assert "is below the asked 90.00" in report.reasons[0]
    assert "is above the asked 0.00" in report.reasons[2]


def test_a_figure_just_below_its_threshold_is_told_apart_from_it():
    value = assess(GIVEN, dataclasses.replace(GIVEN, pixels=GIVEN.pixels.filter(ImageFilter.BLUR)), Thresholds()).score(
        "ssim"
    )
    made = dataclasses.replace(GIVEN, pixels=GIVEN.pixels.filter(ImageFilter.BLUR))
    (reason,) = assess(GIVEN, made, Thresholds(psnr=None, delta_e=None, ssim=value + 1e-5)).reasons
    below, asked = (float(word) for word in reason.split() if word[0].isdigit())
    assert below < asked


def test_a_threshold_that_cannot_be_tested_is_missed_and_not_passed_over():
    (reason,) = assess(GIVEN, GIVEN, Thresholds(lpips=0.5)).reasons
    assert reason == "lpips was asked, and is measured by a worker only"


def test_what_is_known_to_be_wrong_rejects():
    report = assess(GIVEN, GIVEN, Thresholds(), faults=["a fault"])
    assert report.verdict is Verdict.REJECTED and report.reasons == ["a fault"]


def test_tripwires_reject_where_no_threshold_was_asked():
    black = dataclasses.replace(GIVEN, pixels=Image.new("RGB", GIVEN.pixels.size))
    report = assess(GIVEN, black, Thresholds(psnr=None, ssim=None, delta_e=None))
    assert report.verdict is Verdict.REJECTED and report.reasons[0] == "the image is black"
    assert assess(black, black, Thresholds()).verdict is Verdict.ACCEPTED


def test_a_changed_frame_is_rejected_and_named():
    made = dataclasses.replace(GIVEN, pixels=GIVEN.pixels.resize((60, 48)), dpi=(72.0, 72.0))
    report = assess(GIVEN, made, Thresholds())
    assert report.verdict is Verdict.REJECTED
    assert "the frame changed: height 50 -> 48" in report.reasons
    assert "the frame changed: dpi None -> 72x72" in report.reasons
    assert report.reasons[-1] == "the images differ in size"
    assert all(score.value is None and score.reason for score in report.fidelity)


def test_hidden_colours_do_not_count():
    random = np.random.default_rng(0)
    rgba = np.asarray(photo("RGBA", 40, 40)).copy()
    rgba[..., 3] = np.where(np.arange(40) < 20, 0, 255)
    other = rgba.copy()
    other[:, :20, :3] = random.integers(0, 256, (40, 20, 3))
    report = assess(Picture(Image.fromarray(rgba), "png"), Picture(Image.fromarray(other), "png"), Thresholds())
    assert report.verdict is Verdict.ACCEPTED and report.score("psnr") == 100


def test_pictures_are_compared_upright():
    upright = picture(saved(photo("RGB", 50, 60), "PNG"))
    turned = picture(saved(upright.pixels.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif_block(6)))
    report = assess(upright, turned, Thresholds())
    assert report.score("psnr") == 100
    assert report.verdict is Verdict.REJECTED


@pytest.mark.parametrize("kind", PNG_KINDS)
@pytest.mark.parametrize("size", [(1, 1), (3, 20), (40, 30)])
def test_every_kind_and_size_gets_a_report(kind, size):
    given = picture(png_file(kind, *size, 5))
    made = dataclasses.replace(given, pixels=Frame.of(given).restore(Frame.of(given).canvas(given)))
    report = assess(given, made, Thresholds())
    assert report.verdict is Verdict.ACCEPTED
    assert report.score("psnr") == 100


def customised(amount=40, box=(20, 10, 40, 30)):
    """The given picture made lighter in a box (left, top, right, bottom), and where that is."""
    pixels, where = np.asarray(GIVEN.pixels).copy(), np.zeros((50, 60), dtype=bool)
    left, top, right, bottom = box
    where[top:bottom, left:right] = True
    pixels[where] = np.minimum(pixels[where].astype(int) + amount, 255)
    return dataclasses.replace(GIVEN, pixels=Image.fromarray(pixels)), where


def test_a_recreated_picture_has_no_edit_and_no_lock():
    report = assess(GIVEN, GIVEN, Thresholds())
    assert report.edit is None and report.locked is None


def test_an_edit_and_a_lock_are_reported():
    made, where = customised()
    check = EditCheck("make it lighter", where.astype(np.float32), kept=~where, kind=GateKind.LIGHT)
    report = assess(GIVEN, made, EditThresholds(), check)
    assert report.verdict is Verdict.ACCEPTED
    assert report.reasons == [
        "frame equal; the edit happened; nothing that was to be kept changed; every threshold met"
    ]
    assert report.edit.happened and report.edit.asked == "make it lighter"
    assert report.locked.max_abs_diff == 0 and report.locked.area == pytest.approx(1 - 400 / 3000)
    json.loads(report.model_dump_json())


def test_a_missed_edit_and_a_broken_lock_are_reasons():
    made, where = customised()
    check = EditCheck("make it lighter", (~where).astype(np.float32), kept=where)
    report = assess(GIVEN, made, EditThresholds(), check)
    assert report.verdict is Verdict.REJECTED
    names = [reason.split()[0] for reason in report.reasons]
    assert names == ["change_inside", "change_outside", "kept"]
    assert report.reasons[-1] == f"kept pixels changed by {report.locked.max_abs_diff}"


def test_one_step_of_one_kept_sample_rejects():
    made, where = customised(1, (3, 3, 4, 4))
    report = assess(GIVEN, made, EditThresholds(change_inside=None), EditCheck("", kept=where, changes=False))
    assert report.reasons == ["kept pixels changed by 1"]


def test_an_edit_of_another_size_says_so_once():
    made = dataclasses.replace(GIVEN, pixels=GIVEN.pixels.resize((60, 48)))
    report = assess(GIVEN, made, EditThresholds(), EditCheck("", kept=np.ones((50, 60), dtype=bool)))
    assert report.reasons.count("the images differ in size") == 1
    assert report.reasons[-1] == "kept pixels changed by 255"


def test_an_edit_is_measured_upright():
    upright = picture(saved(photo("RGB", 50, 60), "PNG"))
    turned = picture(saved(upright.pixels.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif_block(6)))
    pixels = np.asarray(turned.pixels).copy()
    pixels[:10] = 255 - pixels[:10]  # the stored top is the right of what is shown
    made = dataclasses.replace(turned, pixels=Image.fromarray(pixels))
    inside = np.zeros((60, 50), dtype=np.float32)
    inside[:, 40:] = 1
    report = assess(turned, made, EditThresholds(), EditCheck("", inside, kept=inside == 0, kind=GateKind.LIGHT))
    found = {score.name: score.value for score in report.edit.scores}
    assert report.verdict is Verdict.ACCEPTED
    assert found["change_outside"] == 0 and found["change_inside"] > 1


@pytest.mark.parametrize("size", [(120, 100), (30, 25), (75, 60)])
def test_an_image_of_another_size_is_measured_when_brought_to_it_and_rejected(size):
    made = dataclasses.replace(GIVEN, pixels=GIVEN.pixels.resize(size, Image.Resampling.LANCZOS))
    report = assess(GIVEN, made, Thresholds(), any_size=True)
    assert report.verdict is Verdict.REJECTED and not report.frame_equal
    assert all(
        score.value is not None for score in report.fidelity if score.name in ("psnr", "ssim", "delta_e", "drift")
    )
    assert report.score("psnr") > 30 and report.score("delta_e") < 3
    assert report.reasons[0] == f"the frame changed: width 60 -> {size[0]}"
    assert report.reasons[-1] == f"measured on the second image brought from {size[0]} x {size[1]} to 60 x 50 px"
    other = dataclasses.replace(made, pixels=made.pixels.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert assess(GIVEN, other, Thresholds(), any_size=True).score("psnr") < report.score("psnr") - 5


def test_another_size_is_measured_upright_and_over_the_given_alpha():
    cut_out = photo("RGBA", 50, 60)
    turned = picture(saved(cut_out.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif_block(6)))
    larger = picture(saved(cut_out.resize((100, 120), Image.Resampling.BICUBIC), "PNG"))
    assert assess(turned, larger, Thresholds(), any_size=True).score("psnr") > 30
    assert assess(turned, larger, Thresholds()).score("psnr") is None


def test_images_of_one_size_are_measured_as_ever():
    assert assess(GIVEN, GIVEN, Thresholds(), any_size=True) == assess(GIVEN, GIVEN, Thresholds())


def test_a_lossy_lock_allows_what_compression_does_and_no_more():
    where = np.zeros((50, 60), dtype=bool)
    where[10:30, 20:40] = True
    for amount, accepted in ((24, True), (25, False)):
        pixels = np.asarray(GIVEN.pixels).astype(int)
        pixels[40, 50] += amount if pixels[40, 50].max() < 200 else -amount
        pixels[where] = np.where(pixels[where] < 128, pixels[where] + 60, pixels[where] - 60)
        made = dataclasses.replace(GIVEN, pixels=Image.fromarray(pixels.astype(np.uint8)))
        check = EditCheck("make it lighter", where.astype(np.float32), kept=~where, lossy=True)
        report = assess(GIVEN, made, EditThresholds(), check)
        assert (report.verdict is not Verdict.REJECTED) is accepted and report.locked.lossy
        said = f"changed by {amount}" + (" at most, measured after compression" if accepted else ", more than 24")
        assert any(said in reason for reason in report.reasons)
