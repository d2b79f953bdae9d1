import pytest

from likeness.imaging.assessment.learned import EDIT, FIDELITY, Captions
from tests.imaging.metrics.pairs import noisy, textured
from tests.worker.metrics.models import save_all, save_perceptual
from worker.metrics.installed import CLIP, LPIPS, NO_CAPTION, NO_CHANGE, NO_TEXT, NOT_INSTALLED, InstalledMetrics

GIVEN = textured(48, 64)
MADE = noisy(GIVEN, 0.2)
RED = Captions("a photo of a red product", "a photo of a product")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    return InstalledMetrics(save_all(tmp_path_factory.mktemp("models")), "cpu")


def by_name(learned):
    return {score.name: score for score in (*learned.fidelity, *learned.edit)}


def test_nothing_installed_is_null_with_the_way_to_install_it(tmp_path):
    learned = InstalledMetrics(tmp_path / "none", "cpu").measure(GIVEN, MADE, RED)
    assert [score.name for score in learned.fidelity] == list(FIDELITY)
    assert [score.name for score in learned.edit] == list(EDIT)
    assert [score.value for score in by_name(learned).values()] == [None] * 5
    pull, convert = (
        "not installed: likeness models pull metrics",
        "not installed: python -m training.lpips (docs/report.md)",
    )
    assert [score.reason for score in by_name(learned).values()] == [convert, convert, pull, pull, pull]


def test_everything_installed_is_measured(metrics):
    found = by_name(metrics.measure(GIVEN, MADE, RED))
    assert list(found) == [*FIDELITY, *EDIT]
    assert all(score.value is not None for score in found.values())
    assert found["clip_score"].reason == "against 'a photo of a red product'"
    assert found["directional_similarity"].reason == "from 'a photo of a product' to 'a photo of a red product'"
    assert [name for name, score in found.items() if not score.higher_is_better] == ["lpips", "st_lpips"]


@pytest.mark.parametrize(
    ("captions", "made", "score", "direction"),
    [
        (None, MADE, NO_TEXT, NO_TEXT),
        (Captions("red"), MADE, "against 'red'", NO_CAPTION),
        (Captions("red", "red"), MADE, "against 'red'", NO_CHANGE),
        (RED, GIVEN, f"against {RED.made!r}", NO_CHANGE),
    ],
)
def test_what_cannot_be_compared_says_why(metrics, captions, made, score, direction):
    found = by_name(metrics.measure(GIVEN, made, captions))
    assert found["clip_similarity"].value is not None
    assert (found["clip_score"].reason, found["directional_similarity"].reason) == (score, direction)
    assert found["directional_similarity"].value is None


def test_a_picture_too_small_is_null_and_the_others_are_measured(metrics):
    found = by_name(metrics.measure(GIVEN[:20], MADE[:20], RED))
    assert found["lpips"].reason == "could not be measured: a side is shorter than 32 px"
    assert found["clip_similarity"].value is not None


def test_a_broken_file_is_null_with_the_reason(tmp_path):
    save_perceptual(tmp_path, LPIPS).write_bytes(b"no tensors")
    (tmp_path / CLIP).mkdir()
    found = by_name(InstalledMetrics(tmp_path, "cpu").measure(GIVEN, MADE, RED))
    assert "does not hold the weights of this metric" in found["lpips"].reason
    assert found["clip_score"].reason.startswith("could not be measured")


def test_weights_that_give_no_number_are_null(tmp_path):
    metrics = InstalledMetrics(tmp_path, "cpu")
    save_perceptual(tmp_path, LPIPS)
    assert by_name(metrics.measure(GIVEN, MADE, None))["lpips"].value is not None
    metrics._resident[LPIPS, "cpu"].convs[0].weight.data.fill_(float("nan"))
    assert by_name(metrics.measure(GIVEN, MADE, None))["lpips"].reason.endswith("gave no finite number")


def test_it_is_loaded_once_and_found_when_it_comes_later(tmp_path):
    metrics = InstalledMetrics(tmp_path, "cpu")
    assert by_name(metrics.measure(GIVEN, MADE, None))["lpips"].reason == NOT_INSTALLED[LPIPS]
    file = save_perceptual(tmp_path, LPIPS)
    first = by_name(metrics.measure(GIVEN, MADE, None))["lpips"].value
    file.unlink()
    assert by_name(metrics.measure(GIVEN, MADE, None))["lpips"].value == first
