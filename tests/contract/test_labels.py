"""What a caller calls a job by: bounded, on one line, and seen by nothing that runs the job."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from likeness.contract.asked import MAX_ASKED, asked_of
from likeness.contract.comparison import Compare, JobTask
from likeness.contract.labels import MAX_FILENAME, Labelled, filename_of, safe_name
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.tasks import Customise, Generate, Recreate

TASK: TypeAdapter[JobTask] = TypeAdapter(JobTask)


@pytest.mark.parametrize("model", [Recreate, Customise, Generate, Compare, Cutout, Packshot, Check])
def test_every_job_takes_labels_and_no_task_is_written_with_them(model: type[Labelled]) -> None:
    needed = {"instruction": "make it red"} if model is Customise else {}
    needed |= {"runs": [{"engine": "starter"}]} if model is Compare else {}
    needed |= {"preset": "amazon"} if model is Check else {}
    task = model.model_validate({**needed, "reference": "SKU-1", "metadata": {"season": "SS27"}})
    assert (task.reference, task.metadata) == ("SKU-1", {"season": "SS27"})
    assert "SKU-1" not in task.model_dump_json() and "SS27" not in task.model_dump_json()


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"reference": ""}, "reference"),
        ({"reference": "  "}, "reference"),
        ({"reference": "x" * 201}, "reference"),
        ({"reference": "a\nb"}, "reference"),
        ({"reference": "a\x00b"}, "reference"),
        ({"reference": "a\u2028b"}, "reference"),
        ({"reference": "a\ud800b"}, "reference"),
        ({"reference": 7}, "reference"),
        ({"metadata": {str(number): "" for number in range(11)}}, "metadata"),
        ({"metadata": {"": "a"}}, "metadata"),
        ({"metadata": {"n" * 41: "a"}}, "metadata"),
        ({"metadata": {"a": "v" * 201}}, "metadata"),
        ({"metadata": {"a": "b\tc"}}, "metadata"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"metadata": {"a": {"b": "c"}}}, "metadata"),
        ({"metadata": [["a", "b"]]}, "metadata"),
        ({"metadata": "a=b"}, "metadata"),
    ],
)
def test_labels_of_the_wrong_shape(fields: dict[str, object], place: str) -> None:
    with pytest.raises(ValidationError) as found:
        Recreate.model_validate(fields, strict=True)
    assert {error["loc"][0] for error in found.value.errors()} == {place}


def test_labels_at_their_bounds() -> None:
    metadata = {f"{number:040}": "v" * 200 for number in range(10)}
    task = Recreate(reference="é" * 200, metadata=metadata)
    assert len(task.reference or "") == 200 and task.metadata == metadata


def test_labels_make_one_text_whatever_the_order_of_metadata() -> None:
    assert Recreate(metadata={"a": "1", "b": "2"}).labels_text == Recreate(metadata={"b": "2", "a": "1"}).labels_text
    assert Recreate().labels_text == ""
    assert Recreate(reference="a").labels_text != Recreate(reference="b").labels_text


def test_a_comparison_has_its_labels_beside_its_task() -> None:
    with pytest.raises(ValidationError, match="next to task"):
        Compare.model_validate({"task": {"kind": "recreate", "reference": "a"}, "runs": [{"engine": "starter"}]})


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (None, None),
        ("", None),
        ("shirt.jpg", "shirt.jpg"),
        ("C:\\photos\\shirt.jpg", "shirt.jpg"),
        ("../../etc/passwd", "passwd"),
        ("photos/", None),
        ("a\r\nb.png", "ab.png"),
        ("鞋.png", "鞋.png"),
    ],
)
def test_the_name_of_a_file(sent: str | None, name: str | None) -> None:
    assert filename_of(sent) == name


@given(st.text(max_size=400))
def test_the_name_of_any_file_is_short_and_on_one_line(sent: str) -> None:
    name = filename_of(sent)
    assert name is None or (0 < len(name) <= MAX_FILENAME and len(name.splitlines()) == 1 and "/" not in name)


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("SKU-10442", "SKU-10442"),
        ("AB 12/34", "AB-12-34"),
        ("../../etc/passwd", "etc-passwd"),
        ('a"; filename="b', "a-filename-b"),
        ("鞋 37", "鞋-37"),
        ("...", ""),
        ("a" * 200, "a" * 80),
        ("v1.2", "v1.2"),
    ],
)
def test_a_reference_as_the_name_of_a_file(reference: str, name: str) -> None:
    assert safe_name(reference) == name


@given(st.text(max_size=200))
def test_any_reference_makes_a_safe_name(reference: str) -> None:
    name = safe_name(reference)
    assert not set(name) & set('/\\:*?"<>|\r\n\t ;') and not name.startswith((".", "-")) and ".." not in name


@pytest.mark.parametrize(
    ("task", "asked"),
    [
        ({"kind": "recreate"}, "recreate"),
        ({"kind": "customise", "instruction": "make it red"}, "make it red"),
        ({"kind": "customise", "recolour": {"to": "#1F4E79"}}, "recolour the product to #1F4E79"),
        ({"kind": "customise", "text": "SALE"}, 'print "SALE"'),
        ({"kind": "customise", "logo": "file"}, "print a logo"),
        ({"kind": "customise", "style_image": "file"}, "apply a style"),
        ({"kind": "customise", "guide": "file"}, "follow a guide"),
        ({"kind": "customise", "guide": "file", "prompt": "a belt"}, "a belt"),
        ({"kind": "customise", "complete": 0.6}, "redraw all but the upper 60%"),
        ({"kind": "customise", "prompt": "a beach", "mask": "background"}, "a beach"),
        (
            {"kind": "customise", "edits": [{"instruction": "make it red"}, {"packshot": {"preset": "amazon"}}]},
            "make it red, then packshot for amazon",
        ),
        ({"kind": "generate", "label": "shirt"}, "shirt"),
        ({"kind": "generate"}, "generate"),
        ({"kind": "cutout"}, "cut out"),
        ({"kind": "cutout", "matte": True}, "cut out the matte"),
        ({"kind": "packshot", "size": "2000x2000"}, "packshot on white, 2000x2000"),
        ({"kind": "packshot", "background": "file"}, "packshot on an image"),
        ({"kind": "check", "preset": "amazon"}, "check for amazon"),
        ({"kind": "compare", "runs": [{"engine": "starter", "strength": [0, 0.3]}]}, "compare 2 runs: recreate"),
    ],
)
def test_what_was_asked(task: dict[str, object], asked: str) -> None:
    assert asked_of(TASK.validate_python(task)) == asked


def test_a_long_question_is_cut_short() -> None:
    asked = asked_of(Customise(instruction="make it red and\n" * 20))
    assert len(asked) == MAX_ASKED and asked.endswith("…") and "\n" not in asked
