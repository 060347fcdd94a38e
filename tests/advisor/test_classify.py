"""Learning labels from labelled texts: what it can, and what it says when it cannot."""

import csv
from pathlib import Path

import numpy as np
import pytest

from fenzhen.advisor.calibrate import learn_certified
from fenzhen.advisor.classify import BadTraining, lead, learn
from fenzhen.advisor.duplicates import near_duplicates
from fenzhen.advisor.ngrams import counted, gram_keys, gram_of, vocabulary_of
from fenzhen.advisor.score import coverage_curve, score, speed

KINDS = {
    "供水": ["停水", "水压低", "水管漏水", "水龙头没水", "自来水发黄"],
    "劳动": ["拖欠工资", "不签合同", "工伤不赔", "加班不给钱", "社保断缴"],
    "交通": ["公交不来", "红绿灯坏了", "路口堵车", "车站太远", "道路坑洼"],
}
WHERE = ["东街", "西里", "南苑", "北村", "新城", "老庄", "河沿", "桥头"]
WHEN = ["三天了", "从昨天起", "一个月了", "早上", "半夜", "反复多次", "去年到现在"]


def messages(n, seed=0):
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(n):
        label = str(rng.choice(list(KINDS)))
        what = str(rng.choice(KINDS[label]))
        where, when = rng.choice(WHERE), rng.choice(WHEN)
        filler = "".join(rng.choice(list("请尽快派人来看看这里的情况谢谢领导"), 12))
        texts.append((f"{where}{what}", f"{where}{when}{what},{filler}"))
        labels.append(label)
    return texts, labels


@pytest.fixture(scope="module")
def learned():
    return learn(*messages(240))


def test_it_learns_and_its_left_out_figure_is_honest(learned):
    texts, labels = messages(200, seed=9)
    likely = learned.classifier.probabilities(texts)
    assert np.allclose(likely.sum(axis=1), 1)
    assert score(labels, learned.classifier.labels, likely)["accuracy"] > 0.95
    left = learned.left_out
    assert (left.probabilities.argmax(axis=1) == left.label_at).mean() > 0.9


def test_labels_by_chance_look_like_chance_when_left_out():
    """If a text could see its own label anywhere on the way, this would be well above one half."""
    texts, _ = messages(240)
    labels = np.random.default_rng(4).choice(["甲", "乙"], 240).tolist()
    left = learn(texts, labels).left_out
    assert 0.36 < (left.probabilities.argmax(axis=1) == left.label_at).mean() < 0.64


def test_near_duplicates_stay_in_one_part():
    texts, labels = messages(60)
    twice = [(title, body + "啊") for title, body in texts]
    left = learn(texts + twice, labels + labels).left_out
    assert len(np.unique(left.same)) <= 60
    assert all(len(np.unique(left.part[left.same == one])) == 1 for one in np.unique(left.same))


@pytest.mark.parametrize(
    "title, body",
    [
        ("", ""),
        ("", " \n\t"),
        ("!", "???"),
        ("😀😀", "🚰🚰🚰"),
        ("q", ""),
        ("zzz", "qqqq wwww"),
        ("\x00", "\ud800"),
    ],
)
def test_what_says_nothing_gets_no_confident_guess(learned, title, body):
    likely = learned.classifier.probabilities([(title, body)])[0]
    assert likely.max() < 0.6 and likely.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "title, body",
    [
        ("水", "停"),
        ("拖欠工資", "老闆三個月沒有發工資"),
        ("My water is off", "There has been no water since this morning"),
        ("停水🚰", "东街停水了😡" * 3),
        ("停水", "东街停水三天了" * 7200),
    ],
)
def test_odd_texts_get_an_answer(learned, title, body):
    likely = learned.classifier.probabilities([(title, body)])[0]
    assert np.isfinite(likely).all() and likely.sum() == pytest.approx(1)


def test_alone_or_together_a_text_gets_the_same_answer(learned):
    texts, _ = messages(20, seed=5)
    together = learned.classifier.probabilities([*texts, ("", "")])
    for at, text in enumerate(texts):
        assert np.allclose(learned.classifier.probabilities([text])[0], together[at], atol=1e-4)


def test_the_words_that_spoke_are_found_in_the_text(learned):
    title, body = "北村水管漏水", "北村半夜水管漏水,请派人"
    words = learned.classifier.explain(title, body, "供水")
    marked = {(title if word.field == "title" else body)[word.start : word.end] for word in words}
    assert any("水" in one for one in marked) and words[0].weight >= words[-1].weight > 0
    with pytest.raises(KeyError):
        learned.classifier.explain(title, body, "天气")


def test_precedents_are_rows_of_the_training_file(learned):
    texts, labels = messages(240)
    rows = learned.classifier.precedents(*texts[7])
    assert len(rows) == 3 and labels[rows[0][0]] == labels[7] and rows[0][1] >= rows[1][1]


@pytest.mark.parametrize(
    "texts, labels, why",
    [
        ([("a", "b")] * 3, ["x", "y", "x"], "at least 10"),
        ([("停水", "没水")] * 20, ["供水"] * 20, "only one label"),
        ([("", "")] * 20, ["供水", "劳动"] * 10, "empty"),
        ([("停水", "没水")] * 20, ["供水", ""] * 10, "no label"),
        ([("停水", "没水")] * 20, ["供水", "劳动"] * 10, "nearly the same"),
        ([("停水", "没水")] * 20, ["供水"] * 19, "labels"),
        ([(chr(0x4E00 + at), "") for at in range(20)], ["供水", "劳动"] * 10, "in common"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_words(texts, labels, why):
    with pytest.raises(BadTraining, match=why):
        learn(texts, labels)


def test_twenty_rows_are_learned_from_but_promise_nothing():
    classifier, certificate = learn_certified(*messages(20), alpha=0.03, delta=0.05)
    assert set(classifier.labels) <= set(KINDS)
    assert certificate.threshold is None and "not enough data to certify" in certificate.why


def test_a_label_seen_once_is_kept():
    texts, labels = messages(80)
    learned = learn([*texts, ("花坛", "花坛里的树倒了")], [*labels, "园林"])
    assert "园林" in learned.classifier.labels
    assert np.isfinite(learned.left_out.probabilities).all()


def test_a_label_whose_texts_are_all_nearly_the_same_is_learned():
    """No model that scored them left out had met their label: it is told apart all the same, and takes nothing from the others."""
    texts, labels = messages(120)
    same = [
        ("公园的树倒了", f"公园门口一棵大树倒了压住了长椅和花坛,请园林部门来人清理{'啊' * at}")
        for at in range(1, 13)
    ]
    learned = learn([*texts, *same], [*labels, *["园林"] * 12])
    classifier, left = learned.classifier, learned.left_out
    near = classifier.probabilities([("公园有棵树倒了", "公园里大树倒了,压住了花坛,请来清理")])[0]
    assert classifier.labels[near.argmax()] == "园林"
    others, truth = messages(150, seed=9)
    assert score(truth, classifier.labels, classifier.probabilities(others))["accuracy"] > 0.95
    own = left.label_at == classifier.labels.index("园林")
    assert (left.probabilities[own].argmax(axis=1) != classifier.labels.index("园林")).all()


def test_two_labels_each_of_one_text_many_times_are_told_apart():
    texts = [("停水", "东街停水三天了没有人来修理" + "啊" * (at % 3)) for at in range(12)]
    texts += [("欠薪", "公司拖欠三个月工资老板不接电话" + "啊" * (at % 3)) for at in range(12)]
    learned = learn(texts, ["供水"] * 12 + ["劳动"] * 12)
    likely = learned.classifier.probabilities([("停水", "停水三天了"), ("工资", "公司拖欠工资")])
    assert [learned.classifier.labels[at] for at in likely.argmax(axis=1)] == ["供水", "劳动"]


def test_the_best_of_many_unlikely_labels_is_not_sure():
    faint = np.full(30, 0.025)
    faint[:2] = 0.28, 0.02
    assert (
        lead(faint[None])[0] < lead(np.array([[0.7, 0.3, 0.0]]))[0] + 0.15
        and lead(np.full((1, 30), 1 / 30))[0] == 0
    )


@pytest.mark.parametrize("cases", ["cross-fitted", "held out"])
def test_a_good_model_gets_a_certificate_that_holds(cases):
    classifier, certificate = learn_certified(*messages(700), alpha=0.03, delta=0.05, cases=cases)
    assert certificate.threshold is not None and certificate.cases == cases
    texts, labels = messages(2000, seed=77)
    likely = classifier.probabilities(texts)
    allowed = certificate.allows(lead(likely))
    right = np.array([classifier.labels[at] for at in likely.argmax(axis=1)]) == np.array(labels)
    assert allowed.mean() > 0.5 and right[allowed].mean() > 0.96


def test_the_same_file_gives_the_same_model():
    first, again = learn(*messages(60)), learn(*messages(60))
    assert np.array_equal(first.left_out.probabilities, again.left_out.probabilities)


def test_grams_are_numbers_that_never_meet():
    vocabulary, counts = vocabulary_of(["停水停水", "停水了", "不停"])
    assert [gram_of(int(key)) for key in vocabulary] == ["停", "水", "停水"]
    assert counts.toarray().tolist() == [[2, 2, 2], [1, 1, 1], [1, 0, 0]]
    assert (counted(["停水停水", "停水了", "不停"], vocabulary) != counts).nnz == 0
    owners, _ = gram_keys(["a,b", "", "c"])
    assert owners.tolist() == [0, 0, 2]
    assert counted([], vocabulary).shape == (0, 3)


def test_near_duplicates_are_found_and_others_are_not():
    base = "小区门口的路灯坏了三天,晚上老人出门看不见路,请尽快来修"
    texts = [base, base.replace("三天", "五天"), "公司拖欠三个月工资,老板电话也不接,请劳动部门管一管", base]
    assert near_duplicates(texts).tolist() == [0, 0, 2, 0]
    assert near_duplicates(["", "", "水"]).tolist() == [0, 1, 2]


def test_a_label_nobody_learned_counts_as_wrong_and_is_named():
    figures = score(["甲", "丙", "乙"], ["甲", "乙"], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    assert figures["accuracy"] == 0.6667 and figures["unseen_labels"] == {"丙": 1}
    assert figures["per_class"]["丙"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 1}
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 0 + 1) / 3, abs=1e-4)


def test_the_coverage_curve_ends_at_everything():
    curve = coverage_curve([True, False, True, True], [0.9, 0.2, 0.8, 0.7])
    assert curve.tolist() == [[0.25, 1], [0.5, 1], [0.75, 1], [1, 0.75]]


def test_speed_is_measured_on_any_text(learned):
    assert speed(learned.classifier, [("停水", "东街停水")] * 30)["decisions_per_second"] > 0
    assert speed(learned.classifier, [])["decisions_per_second"] is None


TEDDY = Path(__file__).resolve().parents[3] / "shared" / "data" / "teddy" / "messages_labelled_train.csv"


@pytest.mark.skipif(not TEDDY.exists(), reason="the shared messages are not on this machine")
def test_a_slice_of_real_messages_is_learned():
    with TEDDY.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    rows = [rows[at] for at in np.random.default_rng(0).permutation(len(rows))[:800]]
    texts, labels = [(row["topic"], row["detail"]) for row in rows], [row["label"] for row in rows]
    learned = learn(texts[:500], labels[:500])
    figures = score(labels[500:], learned.classifier.labels, learned.classifier.probabilities(texts[500:]))
    assert figures["accuracy"] > 0.79 and figures["top2"] > 0.91
    left = learned.left_out
    assert abs((left.probabilities.argmax(axis=1) == left.label_at).mean() - figures["accuracy"]) < 0.08
