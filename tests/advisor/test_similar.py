"""Texts that are alike are found; tickets come and go."""

import random
import time

from fenzhen.advisor import SimilarIndex, similar

TEXTS = {
    1: "3号楼电梯坏了三天没人修,老人下不了楼",
    2: "电梯坏了,物业一直不来修",
    3: "路灯不亮,晚上看不见路",
    4: "家里停水,从早上到现在没有水",
}


def test_the_nearest_come_first_and_strangers_stay_away():
    found = similar("电梯坏了没人修", TEXTS.items())
    assert {one.id for one in found} == {1, 2}
    assert found[0].likeness >= found[1].likeness > 0.12


def test_the_same_text_is_wholly_alike():
    assert similar(TEXTS[3], TEXTS.items())[0].likeness > 0.999


def test_one_that_closes_is_gone_and_one_that_comes_is_found():
    index = SimilarIndex(TEXTS.items())
    index.remove(1)
    index.remove(1)
    index.add(9, "二单元电梯坏了")
    assert {one.id for one in index.similar("电梯坏了")} == {2, 9}
    assert 1 not in index and len(index) == 4


def test_adding_and_removing_leaves_the_same_index_as_making_it_new():
    rng = random.Random(2)
    index: SimilarIndex[int] = SimilarIndex()
    kept: dict[int, str] = {}
    for step in range(300):
        id_ = rng.randrange(40)
        if rng.random() < 0.4:
            index.remove(id_)
            kept.pop(id_, None)
        else:
            kept[id_] = "".join(rng.choices("电梯停水路灯暖气物业", k=12)) + str(step)
            index.add(id_, kept[id_])
    new = SimilarIndex(kept.items())
    query = "电梯停水物业"
    assert [(one.id, one.likeness) for one in index.similar(query, 50)] == [
        (one.id, one.likeness) for one in new.similar(query, 50)
    ] or sorted((one.likeness, one.id) for one in index.similar(query, 50)) == sorted(
        (one.likeness, one.id) for one in new.similar(query, 50)
    )


def test_a_text_may_be_left_out():
    index = SimilarIndex(TEXTS.items())
    assert 1 not in {one.id for one in index.similar(TEXTS[1], leave_out=[1])}


def test_nothing_is_like_nothing():
    assert similar("", TEXTS.items()) == []
    assert similar("电梯", []) == []
    assert similar("🙂!?", TEXTS.items()) == []


def test_in_a_surge_where_all_say_the_same_they_are_still_found():
    texts = {at: f"村口不让进,隔离政策怎么规定,{at % 7}号" for at in range(2500)}
    found = SimilarIndex(texts.items()).similar("村口不让进,隔离怎么规定", 5)
    assert len(found) == 5 and found[-1].likeness > 0.5


def test_four_thousand_open_tickets_are_asked_in_a_moment():
    rng = random.Random(1)
    words = [
        "电梯",
        "物业",
        "停水",
        "暖气",
        "油烟",
        "路灯",
        "停车",
        "工资",
        "学校",
        "公交",
        "垃圾",
        "噪音",
        "施工",
        "井盖",
    ]
    texts = {at: "".join(rng.choices(words, k=60)) for at in range(4000)}
    index = SimilarIndex(texts.items())
    began = time.process_time()
    for at in range(5):
        assert index.similar(texts[at], 1)[0].id == at
    assert (time.process_time() - began) / 5 < 0.3
