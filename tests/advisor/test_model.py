"""From a district's lists alone: the category is found, doubt is shown, nothing is guessed from nothing."""

import time
from pathlib import Path

import numpy as np
import pytest

from fenzhen.advisor import Adviser, BadCatalogue, Category, embed, model

ASKED = [
    ("电梯问题", "3号楼的电梯停运两个星期,老人下不了楼,物业说等配件", "010201"),
    ("物业乱收费", "我的房子空着,物业照样让我交全年物业费,还要滞纳金", "010103"),
    ("小区没水", "从早上到现在家里一直没有水,做不了饭", "040101"),
    ("供暖", "室温只有十五度,暖气片摸着冰凉,供热单位推脱", "040401"),
    ("讨薪", "在餐馆干了四个月,老板拖着工资不给", "120101"),
    ("健身卡", "健身房突然关门,会员卡里的钱没有退", "070101"),
    ("油烟扰民", "一楼饭馆的油烟直接排到我家窗口", "090101"),
    ("乱停车", "消防通道长期被私家车堵住", "060101"),
]


@pytest.mark.parametrize("kind", ["adviser", "plain_adviser"])
def test_matters_are_placed_with_and_without_the_encoder(kind: str, request: pytest.FixtureRequest):
    asked: Adviser = request.getfixturevalue(kind)
    ranked = asked.categories_batch([(title, body) for title, body, _ in ASKED])
    right = sum(found[0].code == code for found, (*_, code) in zip(ranked, ASKED, strict=True))
    assert right >= 7


def test_one_at_a_time_and_together_give_the_same(adviser: Adviser):
    together = adviser.categories_batch([(title, body) for title, body, _ in ASKED], top=8)
    for (title, body, _), row in zip(ASKED, together, strict=True):
        alone = adviser.categories(title, body, top=8)
        assert [one.code for one in alone] == [one.code for one in row]
        assert [one.probability for one in alone] == pytest.approx([one.probability for one in row], abs=1e-4)


def test_probabilities_are_probabilities(adviser: Adviser):
    rows = adviser.probabilities([(title, body) for title, body, _ in ASKED])
    assert rows.shape == (8, 8)
    assert rows.min() >= 0
    assert np.allclose(rows.sum(axis=1), 1)
    assert adviser.probabilities([]).shape == (0, 8)


@pytest.mark.parametrize(
    "title,body", [("", ""), (" ", "\n\t"), ("?", "!!!"), ("🙂", "🙂🙂"), ("\x00", "<p></p>"), ("", "1")]
)
def test_a_text_without_words_gives_a_flat_answer(adviser: Adviser, title: str, body: str):
    ranked = adviser.categories(title, body, top=8)
    assert max(one.probability for one in ranked) < 0.13
    assert len(ranked) == 8


@pytest.mark.parametrize("body", ["hello, my neighbour is a lovely person", "哦", "龘龘龘"])
def test_foreign_or_meaningless_text_is_no_confident_guess(adviser: Adviser, body: str):
    assert adviser.categories("", body)[0].probability < 0.3


def test_a_title_alone_is_half_believed_at_most(adviser: Adviser):
    alone = adviser.categories("电梯坏了一礼拜没人修,按了没反应", "")[0]
    with_body = adviser.categories("电梯坏了", "电梯坏了一礼拜没人修,按了没反应,物业不管")[0]
    assert alone.code == with_body.code == "010201"
    assert alone.probability < 0.6 < with_body.probability


def test_fifty_thousand_characters_are_read_in_a_moment(adviser: Adviser):
    began = time.process_time()
    assert adviser.categories("电梯", "电梯坏了没人修。" * 7000)[0].code == "010201"
    assert time.process_time() - began < 2


def test_markup_and_full_width_forms_change_nothing(plain_adviser: Adviser):
    plain = plain_adviser.categories("停水", "家里没水了,从8点到现在")
    dressed = plain_adviser.categories("停水", "<b>家里没水了,</b>从8点到现在")
    assert [one.code for one in plain] == [one.code for one in dressed]


def test_the_words_that_spoke_stand_in_the_text(plain_adviser: Adviser):
    title, body = "求助", "您好!我住3号楼,饭馆的油烟天天往屋里灌,受不了"
    words = plain_adviser.words(title, body, "090101")
    said = [{"title": title, "body": body}[word.field][word.start : word.end] for word in words]
    assert any("油烟" in part for part in said)
    assert [word.weight for word in words] == sorted((word.weight for word in words), reverse=True)
    assert 0 < sum(word.weight for word in words) <= 1.001


def test_no_words_speak_from_an_empty_text(plain_adviser: Adviser):
    assert plain_adviser.words("", "", "090101") == []


def test_nearest_examples_are_of_the_category(plain_adviser: Adviser):
    found = plain_adviser.nearest_examples("", "饭馆油烟往屋里灌", "090101")
    assert found[0] == "楼下饭馆油烟往屋里灌"


def test_the_left_out_figures_say_what_they_are(adviser: Adviser):
    figures = adviser.left_out
    assert figures.n == 32
    assert 0 <= figures.top1 <= figures.top3 <= 1
    assert figures.top1 < 1  # left out means left out: an utterance must not find itself


def test_left_out_scores_do_not_know_the_left_out_text(leaves: list[Category]):
    # An utterance of nonsense that stands once in one leaf can be found only by itself.
    odd = "嗡嘛呢叭咪吽"
    changed = [
        Category(one.code, one.level1, one.level2, one.name, one.definition, examples=(*one.examples, odd))
        if one.code == "040101"
        else one
        for one in leaves
    ]
    texts, class_of, kinds = model._documents(changed)
    state = model._reckon(changed, False)
    probe = np.flatnonzero([text == odd for text in texts])
    matrix = model.sparse.csr_matrix(
        (state["data"], state["indices"], state["indptr"]), shape=(len(texts), len(state["idf"]))
    )
    kernel = np.asarray((matrix @ matrix.T).todense(), dtype=np.float32)
    grouping = model._Grouping(class_of, kinds, len(changed))
    parts, _ = model._left_out_readings(kernel, grouping, probe)
    own = class_of[probe[0]]
    for reading in parts:
        assert reading[0, own] == pytest.approx(0.0, abs=1e-6)
    _, _, exclusive = model._exclusive(matrix, class_of, len(changed), probe)
    assert exclusive[0, own] <= exclusive[0].min() + 0.2  # no word of it is this leaf's any more


def test_left_out_words_are_what_counting_without_them_gives(leaves: list[Category]):
    texts, class_of, _ = model._documents(leaves)
    state = model._reckon(leaves, False)
    matrix = model.sparse.csr_matrix(
        (state["data"], state["indices"], state["indptr"]), shape=(len(texts), len(state["idf"]))
    )
    probe = np.array([0, 7, 12])
    _, _, left_out = model._exclusive(matrix, class_of, len(leaves), probe)
    for row, at in enumerate(probe):
        rest = np.delete(np.arange(len(texts)), at)
        best = np.inf
        for smoothing in model._SMOOTHINGS:
            inside = np.stack(
                [
                    np.asarray(matrix[rest[class_of[rest] == one]].sum(axis=0)).ravel()
                    for one in range(len(leaves))
                ]
            )
            everywhere = smoothing + inside.sum(axis=0)
            outside = everywhere - inside
            text = np.asarray(matrix[at].todense()).ravel()
            again = text @ np.log(everywhere / outside).T + np.log(outside.sum(axis=1)) * text.sum()
            best = min(best, float(np.abs(again - left_out[row]).max()))
        assert best < 1e-4


def test_closed_form_leave_one_out_is_what_refitting_gives(leaves: list[Category]):
    texts, class_of, _ = model._documents(leaves)
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(len(texts), 20))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kernel = vectors @ vectors.T
    targets = np.eye(len(leaves))[class_of]
    probe = np.array([0, 7, 12])
    alpha, scores = model._ridge(kernel.astype(np.float32), targets, probe)
    ridge = next(
        ridge
        for ridge in model._RIDGES
        if np.allclose(alpha, np.linalg.solve(kernel + ridge * np.eye(len(texts)), targets), atol=1e-4)
    )
    for row, at in enumerate(probe):
        rest = np.delete(np.arange(len(texts)), at)
        refitted = np.linalg.solve(kernel[np.ix_(rest, rest)] + ridge * np.eye(len(rest)), targets[rest])
        assert scores[row] == pytest.approx(kernel[at, rest] @ refitted, abs=1e-4)


def test_lists_are_read_from_a_folder_and_kept_by_their_checksum(district: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    first = Adviser.from_district(district, cache=cache, embedding=False)
    (kept,) = cache.glob("*.npz")
    stamp = kept.stat().st_mtime_ns
    again = Adviser.from_district(district, cache=cache, embedding=False)
    assert kept.stat().st_mtime_ns == stamp
    assert again.probabilities([("停水", "家里没水")]) == pytest.approx(
        first.probabilities([("停水", "家里没水")])
    )
    with (district / "examples.csv").open("a", encoding="utf-8") as handle:
        handle.write("040101,水管里放出来的都是空气\n")
    Adviser.from_district(district, cache=cache, embedding=False)
    assert len(list(cache.glob("*.npz"))) == 2


@pytest.mark.parametrize("damage", [b"", b"not a zip", None])
def test_a_damaged_cache_is_reckoned_anew(district: Path, tmp_path: Path, damage: bytes | None):
    cache = tmp_path / "cache"
    good = Adviser.from_district(district, cache=cache, embedding=False)
    (kept,) = cache.glob("*.npz")
    kept.write_bytes(kept.read_bytes()[:2000] if damage is None else damage)
    again = Adviser.from_district(district, cache=cache, embedding=False)
    assert again.categories("停水", "家里没水") == good.categories("停水", "家里没水")


def test_without_the_encoder_n_grams_do(leaves: list[Category], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embed, "available", lambda: False)
    alone = Adviser.from_categories(leaves)
    assert not alone.uses_embedding
    assert alone.categories("停水", "家里没水了,水龙头不出水")[0].code == "040101"


def test_definitions_alone_are_enough_to_begin_with():
    found = Adviser.from_categories(
        [
            Category("010101", "住房", "物业", "电梯", "电梯停运、困人"),
            Category("020101", "市政", "供水", "停水", "停水、没有水"),
        ],
        embedding=False,
    ).categories("", "我们楼里停水了,没有水用")
    assert found[0].code == "020101"


def test_nothing_to_learn_from_is_said():
    with pytest.raises(BadCatalogue):
        Adviser.from_categories([])
    with pytest.raises(BadCatalogue):
        Adviser.from_categories([Category("010101", "", "", "")], embedding=False)


def test_a_single_category_is_an_answer_too():
    only = Adviser.from_categories(
        [Category("010101", "住房", "物业", "电梯", examples=("电梯坏了",))], embedding=False
    )
    assert only.categories("电梯", "电梯坏了")[0].probability == pytest.approx(1.0)


def test_an_example_of_an_unknown_category_is_refused(district: Path):
    with (district / "examples.csv").open("a", encoding="utf-8") as handle:
        handle.write("999999,什么都不是\n")
    with pytest.raises(BadCatalogue, match="999999"):
        Adviser.from_district(district)
