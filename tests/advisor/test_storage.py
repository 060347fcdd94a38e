"""Models as files: what was kept is what is read, and nothing else is."""

import hashlib
import io
import pickle

import numpy as np
import pytest
import skops.io

from fenzhen.advisor.classify import learn
from fenzhen.advisor.storage import BadModelFile, load, save

from .test_classify import messages


@pytest.fixture(scope="module")
def classifier():
    return learn(*messages(80)).classifier


@pytest.fixture
def path(classifier, tmp_path):
    save(classifier, tmp_path / "m.model", notes={"threshold": 0.9, "why": ""})
    return tmp_path / "m.model"


def sealed(body: bytes, number: int = 3) -> bytes:
    return f"fenzhen-adviser {number} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def test_a_kept_model_answers_the_same(classifier, path):
    again, notes, checksum = load(path)
    texts, _ = messages(10, seed=3)
    assert np.array_equal(again.probabilities(texts), classifier.probabilities(texts))
    assert again.labels == classifier.labels and notes["threshold"] == 0.9
    assert checksum in path.read_bytes()[:200].decode("ascii", "ignore")


@pytest.mark.parametrize("at", [40, 90, 5000, -20])
def test_a_changed_byte_is_noticed(path, at):
    whole = bytearray(path.read_bytes())
    whole[at] ^= 0x55
    path.write_bytes(bytes(whole))
    with pytest.raises(BadModelFile):
        load(path)


@pytest.mark.parametrize("body", [b"", b"\n", b"PK\x03\x04", b"fenzhen-adviser 3 abc", "工单".encode() * 400])
def test_a_foreign_file_is_refused(tmp_path, body):
    (tmp_path / "x").write_bytes(body)
    with pytest.raises(BadModelFile):
        load(tmp_path / "x")


def test_a_cut_file_is_refused(path):
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(BadModelFile, match="damaged"):
        load(path)


@pytest.mark.parametrize(
    "number, said",
    [(4, "format 4; this program reads 3$"), (2, "format 2; this program reads 3: learn it anew")],
)
def test_another_format_is_refused_by_its_number(path, number, said):
    path.write_bytes(sealed(path.read_bytes().partition(b"\n")[2], number=number))
    with pytest.raises(BadModelFile, match=said):
        load(path)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("code in the file was run",))


def test_code_in_a_file_is_never_run(tmp_path):
    (tmp_path / "p").write_bytes(sealed(pickle.dumps(Evil())))
    with pytest.raises(BadModelFile):
        load(tmp_path / "p")
    (tmp_path / "q").write_bytes(sealed(skops.io.dumps({"state": io.StringIO, "notes": {}})))
    with pytest.raises(BadModelFile):
        load(tmp_path / "q")


@pytest.mark.parametrize(
    "name, value",
    [("labels", ["甲"]), ("chars_idf", np.zeros(3, np.float32)), ("words_worth", "x"), ("kept", None)],
)
def test_pieces_that_do_not_fit_are_refused(classifier, tmp_path, name, value):
    body = skops.io.dumps({"state": dict(classifier.state) | {name: value}, "notes": {}})
    (tmp_path / "m").write_bytes(sealed(body))
    with pytest.raises(BadModelFile):
        load(tmp_path / "m")


def test_values_that_are_no_numbers_are_refused(classifier, tmp_path):
    weights = classifier.state["weights"].copy()
    weights[0, 0] = np.nan
    (tmp_path / "m").write_bytes(
        sealed(skops.io.dumps({"state": dict(classifier.state) | {"weights": weights}, "notes": {}}))
    )
    with pytest.raises(BadModelFile, match="no numbers"):
        load(tmp_path / "m")


def test_what_is_written_is_a_skops_archive_of_nothing_that_needs_trust(path):
    body = path.read_bytes().partition(b"\n")[2]
    assert skops.io.get_untrusted_types(data=body) == []
    state = skops.io.loads(body, trusted=[])["state"]
    assert np.array_equal(state["weights"], load(path)[0].state["weights"])
