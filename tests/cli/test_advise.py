"""`fenzhen advise`: files in, files or one JSON object out, and a plain sentence where something is wrong."""

import csv
import json
import sys

import pytest
from click.testing import CliRunner

from fenzhen.cli.advise import command
from tests.advisor.test_classify import messages


def write(path, rows, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def read(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def labelled(n, seed=0):
    texts, labels = messages(n, seed)
    return [
        {"id": str(at), "topic": title, "detail": body, "label": label}
        for at, ((title, body), label) in enumerate(zip(texts, labels, strict=True))
    ]


def unlabelled(n, seed=1):
    return [{key: value for key, value in row.items() if key != "label"} for row in labelled(n, seed)]


def prompt(*words):
    return CliRunner().invoke(command, [str(word) for word in words])


@pytest.fixture
def files(tmp_path):
    return write(tmp_path / "t.csv", labelled(300)), write(tmp_path / "u.csv", labelled(80, 1)), tmp_path


FIELDS = ("--text", "topic,detail", "--label", "label")


def test_score_prints_one_json_object_and_nothing_else(files):
    train, test, _ = files
    done = prompt(
        "score", "--train", train, "--test", test, *FIELDS, "--alpha", 0.03, "--delta", 0.05, "--json"
    )
    assert done.exit_code == 0, done.stderr
    figures = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1 and "8 parts" in done.stderr
    wanted = "n_train n_test accuracy macro_f1 top2 top3 certificate per_class latency_ms decisions_per_second train_seconds peak_mb"
    assert set(wanted.split()) <= set(figures)
    assert {"alpha", "delta", "threshold", "coverage", "precision"} <= set(figures["certificate"])
    assert set(figures["latency_ms"]) == {"p50", "p99"}
    assert (figures["n_train"], figures["n_test"]) == (300, 80) and figures["accuracy"] > 0.9


def test_score_names_labels_it_never_learned(files):
    train, _, folder = files
    rows = labelled(40, 2)
    rows[0]["label"] = "天气"
    done = prompt("score", "--train", train, "--test", write(folder / "o.csv", rows), *FIELDS, "--json")
    assert json.loads(done.stdout)["unseen_labels"] == {"天气": 1} and "天气" in done.stderr


def test_predict_keeps_the_columns_and_adds_its_own(files):
    train, _, folder = files
    rows = [*unlabelled(30), {"id": "x", "topic": "", "detail": ""}]
    out = folder / "p.csv"
    done = prompt("predict", "--train", train, "--in", write(folder / "i.csv", rows), *FIELDS, "--out", out)
    assert done.exit_code == 0 and done.stdout == "", done.stderr
    said = read(out)
    assert list(said[0])[:3] == ["id", "topic", "detail"] and len(said) == 31
    assert {f"{name}_{at}" for name in ("predicted", "confidence") for at in (1, 2, 3)} < set(said[0])
    assert {row["automatic"] for row in said} == {"0", "1"}
    assert said[-1]["automatic"] == "0" and float(said[-1]["confidence_1"]) < 0.5
    assert all(
        float(row["confidence_1"]) >= float(row["confidence_2"]) >= float(row["confidence_3"]) for row in said
    )


def test_a_kept_model_predicts_the_same(files):
    train, _, folder = files
    source, kept = write(folder / "i.csv", unlabelled(20)), folder / "m.model"
    done = prompt("train", "--in", train, *FIELDS, "--out", kept)
    assert done.exit_code == 0 and json.loads(done.stdout)["n_train"] == 300
    once = prompt("predict", "--train", train, "--in", source, *FIELDS, "--out", folder / "a.csv")
    again = prompt(
        "predict", "--model", kept, "--in", source, "--text", "topic,detail", "--out", folder / "b.csv"
    )
    assert once.exit_code == again.exit_code == 0, again.stderr
    assert (folder / "a.csv").read_text() == (folder / "b.csv").read_text()
    other = prompt(
        "predict",
        "--model",
        kept,
        "--in",
        source,
        "--text",
        "topic,detail",
        "--alpha",
        0.01,
        "--out",
        folder / "c.csv",
    )
    assert other.exit_code == 1 and "α=0.03" in other.stderr


def test_two_labels_leave_the_third_place_empty(files):
    _, _, folder = files
    train = write(folder / "two.csv", [row for row in labelled(200) if row["label"] != "交通"])
    out = folder / "p.csv"
    assert not prompt(
        "predict", "--train", train, "--in", write(folder / "i.csv", unlabelled(9)), *FIELDS, "--out", out
    ).exit_code
    assert {row["predicted_3"] for row in read(out)} == {""} and "" not in {
        row["predicted_2"] for row in read(out)
    }


def test_files_of_a_chinese_windows_are_read(files):
    train, _, folder = files
    source = write(folder / "gbk.csv", unlabelled(9), encoding="gb18030")
    assert not prompt(
        "predict", "--train", train, "--in", source, *FIELDS, "--out", folder / "p.csv"
    ).exit_code
    assert read(folder / "p.csv")[0]["topic"] == unlabelled(9)[0]["topic"]


def test_a_held_out_certificate_can_be_asked_for(files):
    train, test, _ = files
    done = prompt("score", "--train", train, "--test", test, *FIELDS, "--calibrate", "held-out", "--json")
    calibration = json.loads(done.stdout)["certificate"]["calibration"]
    assert calibration["cases"] == "held out" and calibration["n"] < 100


@pytest.mark.parametrize(
    "rows, said",
    [
        ([{"topic": "a", "label": "x"}], "no column detail"),
        (labelled(5), "at least 10"),
        ([row | {"label": "同"} for row in labelled(40)], "only one label"),
        ([row | {"label": ""} for row in labelled(40)], "no label"),
        ([row | {"topic": "", "detail": ""} for row in labelled(40)], "empty"),
    ],
)
def test_a_bad_training_file_is_told_in_one_line(tmp_path, rows, said):
    train, test = write(tmp_path / "t.csv", rows), write(tmp_path / "u.csv", labelled(9))
    done = prompt("score", "--train", train, "--test", test, *FIELDS, "--json")
    assert done.exit_code == 1 and said in done.stderr and done.stdout == ""


def test_a_foreign_model_and_senseless_promises_are_told_in_one_line(files):
    train, test, folder = files
    (folder / "x.model").write_bytes(b"PK no model")
    foreign = prompt(
        "predict",
        "--model",
        folder / "x.model",
        "--in",
        test,
        "--text",
        "topic,detail",
        "--out",
        folder / "p.csv",
    )
    assert foreign.exit_code == 1 and "not a model" in foreign.stderr
    senseless = prompt("score", "--train", train, "--test", test, *FIELDS, "--alpha", 2, "--json")
    assert senseless.exit_code == 1 and "alpha" in senseless.stderr
    assert prompt("predict", "--in", test, "--text", "topic", "--out", folder / "p.csv").exit_code == 2


ODD = ["", "水", "😀😀", "My water has been off since this morning", "asdf 123", "\ufeff \t", "請問"]


def test_odd_texts_get_an_answer_and_never_go_automatically(files):
    train, _, folder = files
    rows = [{"id": str(at), "topic": "", "detail": text} for at, text in enumerate(ODD)]
    rows.append({"id": "long", "topic": "停水", "detail": "东街停水三天了," * 6250})
    out = folder / "p.csv"
    done = prompt("predict", "--train", train, "--in", write(folder / "i.csv", rows), *FIELDS, "--out", out)
    assert done.exit_code == 0, done.stderr
    *odd, long = read(out)
    assert [row["automatic"] for row in odd] == ["0"] * len(ODD)
    assert all(row["predicted_1"] and float(row["confidence_1"]) < 0.6 for row in odd)
    assert long["predicted_1"] == "供水" and len(long["detail"]) == 50_000


def test_twenty_rows_are_scored_and_promise_nothing(tmp_path):
    train, test = write(tmp_path / "t.csv", labelled(20)), write(tmp_path / "u.csv", labelled(30, 4))
    done = prompt("score", "--train", train, "--test", test, *FIELDS, "--json")
    certificate = json.loads(done.stdout)["certificate"]
    assert certificate["threshold"] is None and certificate["coverage"] == 0
    assert certificate["precision"] is None and "not enough data to certify" in done.stderr


@pytest.mark.parametrize(
    "body, said",
    [
        (b"", "no column"),
        (b"topic,detail,label\n", "has no rows"),
        (b"PK\x03\x04\x00\xff\xfe\x00\x81", "no list of texts"),
        ("标题,内容,类别\n停水,没水,供水\n".encode(), "it has 标题"),
    ],
)
def test_a_file_that_is_no_list_of_texts_is_told_in_one_line(files, body, said):
    _, test, folder = files
    (folder / "bad.csv").write_bytes(body)
    done = prompt("score", "--train", folder / "bad.csv", "--test", test, *FIELDS, "--json")
    assert done.exit_code == 1 and said in done.stderr and done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_damaged_model_is_told_in_one_line(files):
    _, test, folder = files
    (folder / "m.model").write_bytes(b"fenzhen-adviser 2 " + b"0" * 64 + b"\nPK cut")
    done = prompt(
        "predict", "--model", folder / "m.model", "--in", test, "--text", "topic,detail", "--out", folder / "p.csv"
    )  # fmt: skip
    assert done.exit_code == 1 and "damaged" in done.stderr and not (folder / "p.csv").exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_training_files_of_other_encodings_are_read(tmp_path, encoding):
    train = write(tmp_path / "t.csv", labelled(60), encoding=encoding)
    done = prompt(
        "score", "--train", train, "--test", write(tmp_path / "u.csv", labelled(9)), *FIELDS, "--json"
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["n_train"] == 60


DISTRICT = "demo/daxing"


def test_units_are_full_names_of_the_kinds_asked_for_and_never_blank(tmp_path, request):
    district = request.config.rootpath / DISTRICT
    rows = [
        {"id": "1", "topic": "停水", "detail": "家里从早上开始没水了"},
        {"id": "2", "topic": "拖欠工资", "detail": "老板三个月没发工资"},
        {"id": "3", "topic": "", "detail": ""},
    ]
    out = tmp_path / "y.csv"
    done = prompt(
        "units", "--district", district, "--in", write(tmp_path / "x.csv", rows), "--text", "topic,detail", "--top", 5,
        "--kinds", "bureau,enterprise", "--no-embedding", "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    with (district / "units.csv").open(encoding="utf-8-sig", newline="") as handle:
        kinds = {row["name"]: row["kind"] for row in csv.DictReader(handle)}
    said = read(out)
    assert list(said[0])[:3] == ["id", "topic", "detail"] and said[0]["category_1"]
    for row in said:
        named = [row[f"unit_{at}"] for at in range(1, 6)]
        assert len(set(named)) == 5 and {kinds[name] for name in named} <= {"bureau", "enterprise"}
        assert all(0 <= float(row[f"confidence_{at}"]) <= 1 for at in range(1, 6))
    assert "人力资源" in said[1]["unit_1"]


def test_units_of_an_unknown_kind_are_refused(tmp_path, request):
    source = write(tmp_path / "x.csv", unlabelled(3))
    done = prompt(
        "units", "--district", request.config.rootpath / DISTRICT, "--in", source, "--text", "topic,detail", "--kinds", "club",
        "--out", tmp_path / "y.csv",
    )  # fmt: skip
    assert done.exit_code == 1 and "club" in done.stderr


def test_the_adviser_at_the_prompt_never_meets_django(tmp_path):
    import subprocess

    train = write(tmp_path / "t.csv", labelled(60))
    code = (
        "import sys; from fenzhen.cli.advise import command;"
        f"command(['train','--in',{train!r},'--text','topic,detail','--label','label','--out',{str(tmp_path / 'm')!r}],"
        "standalone_mode=False); sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120).returncode == 0
