import io
import zipfile
from collections import OrderedDict

import pytest
import torch

from training.data.torch_file import read_tensors

LAYOUTS = pytest.mark.parametrize("zipped", [True, False])


class Runs:
    """Becomes a call when it is saved; loading it would run that."""

    def __reduce__(self):
        return print, ("this was run",)


def saved(folder, what, zipped=True):
    torch.save(what, folder / "file.pth", _use_new_zipfile_serialization=zipped)
    return folder / "file.pth"


@LAYOUTS
def test_it_reads_what_torch_saved(tmp_path, zipped):
    whole = torch.arange(24.0)
    tensors = OrderedDict(
        views=whole.view(2, 3, 4)[:, 1],
        turned=whole.view(4, 6).t(),
        same_numbers=whole,
        half=torch.tensor([1.5, -2], dtype=torch.float16),
        whole_numbers=torch.tensor([[7]]),
        parameter=torch.nn.Parameter(torch.eye(2)),
        one=torch.tensor(3.0),
    )
    found = read_tensors(saved(tmp_path, tensors, zipped))
    assert list(found) == list(tensors)
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in tensors.items()
    )


@LAYOUTS
def test_it_reads_a_networks_state(tmp_path, zipped):
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.Linear(2, 2)).state_dict()
    found = read_tensors(saved(tmp_path, state, zipped))
    assert all(torch.equal(found[name], tensor) for name, tensor in state.items()) and len(found) == 4


@LAYOUTS
def test_it_runs_nothing(tmp_path, capsys, zipped):
    with pytest.raises(ValueError, match=r"wants to call '\w+ print', which is not done"):
        read_tensors(saved(tmp_path, {"a": Runs()}, zipped))
    assert capsys.readouterr().out == ""


@LAYOUTS
@pytest.mark.parametrize("what", [[torch.eye(2)], {"a": 1}, {"a": {"b": torch.eye(2)}}, torch.nn.Linear(2, 2)])
def test_other_things_than_a_dictionary_of_tensors_are_refused(tmp_path, what, zipped):
    with pytest.raises(ValueError, match=r"file\.pth is not a file of tensors"):
        read_tensors(saved(tmp_path, what, zipped))


@LAYOUTS
def test_a_torn_file_is_refused(tmp_path, zipped):
    file = saved(tmp_path, {"a": torch.arange(1000.0)}, zipped)
    data = file.read_bytes()
    for length in (0, 1, 20, len(data) // 2, len(data) - 100):
        file.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"file\.pth is not a file of tensors"):
            read_tensors(file)


def test_a_tensor_may_not_reach_beyond_its_numbers_nor_grow(tmp_path):
    whole = saved(tmp_path, {"a": torch.arange(9.0)}).read_bytes()
    for before, after in [(b"K\x09\x85", b"K\x0a\x85"), (b"K\x01\x85", b"K\x02\x85"), (b"K\x00K\x09", b"K\x01K\x09")]:
        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(file, "w") as target:
            for name in source.namelist():
                data = source.read(name)
                target.writestr(name, data.replace(before, after) if name.endswith("data.pkl") else data)
        (tmp_path / "file.pth").write_bytes(file.getvalue())
        with pytest.raises(ValueError, match="storage"):
            read_tensors(tmp_path / "file.pth")
