"""Travel times are computed once for the same inputs."""

from dataclasses import replace

import numpy as np
import pytest

from geodata.network.cache import file_hash, input_hash, kept
from geodata.network.times import RoadTimes

TIMES = RoadTimes(
    minutes=np.array([[1.5, np.inf]]),
    site_metres=np.array([0.0]),
    district_metres=np.array([3.0, np.inf]),
    site_detached=np.array([False]),
    district_detached=np.array([True, False]),
)


class Computation:
    def __init__(self, result=TIMES):
        self.times = 0
        self.result = result

    def __call__(self):
        self.times += 1
        return self.result


def test_what_is_kept_is_the_same(tmp_path):
    compute, folder = Computation(), tmp_path / "a" / "b"
    _, first = kept(folder, "k", compute)
    again, second = kept(folder, "k", compute)
    assert (first, second, compute.times) == (False, True, 1)
    for name, value in vars(TIMES).items():
        assert np.array_equal(getattr(again, name), value)
    assert [path.name for path in folder.iterdir()] == ["k.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY\x01\x00"])
def test_what_cannot_be_read_is_computed_anew(tmp_path, content):
    compute = Computation()
    (tmp_path / "k.npz").write_bytes(content)
    assert kept(tmp_path, "k", compute)[1] is False
    assert kept(tmp_path, "k", compute)[1] is True


def test_a_matrix_of_another_shape_is_computed_anew(tmp_path):
    kept(tmp_path, "k", Computation(replace(TIMES, minutes=np.ones((2, 2)))))
    assert kept(tmp_path, "k", Computation())[1] is False


def test_a_computation_that_fails_leaves_nothing(tmp_path):
    def fail():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kept(tmp_path, "k", fail)
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_of_every_input_and_not_of_their_order(tmp_path):
    assert input_hash({"a": 1, "b": [2.0]}) == input_hash({"b": [2.0], "a": 1})
    assert input_hash({"a": 1, "b": [2.0]}) != input_hash({"a": 1, "b": [2.5]})
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    assert file_hash(path).startswith("ba7816bf8f01cfea")
