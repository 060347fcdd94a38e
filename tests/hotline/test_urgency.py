"""Danger is seen where it is, and not where its words are only used."""

import csv
import random
import time
from pathlib import Path

import pytest

from fenzhen.hotline import urgency
from fenzhen.hotline.urgency import SIGNALS, signals_in, urgent_level

DANGER = [
    ("fire", "三楼着火了,快来人"),
    ("fire", "小区垃圾堆起火,火势越来越大"),
    ("fire", "电动车充电引发火灾,现在还在烧,有人没出来"),
    ("violence", "隔壁男的拿着刀在楼道里追人"),
    ("violence", "我老公正在打我,孩子在哭"),
    ("self_harm", "欠薪要不回来,我不想活了"),
    ("self_harm", "有个女的站在楼顶边上要跳楼"),
    ("despair", "再没人管我真的活不下去"),
    ("medical", "我家老人晕倒了,叫不醒"),
    ("poisoning", "一家三口煤气中毒,躺在屋里"),
    ("accident", "路口发生交通事故,骑车的人受伤流血了"),
    ("lift_trapped", "我和孩子被困在电梯里二十分钟了"),
    ("lift_trapped", "2号楼电梯困人了"),
    ("fallen_in", "有个小孩掉进污水井里了"),
    ("missing", "我母亲有老年痴呆,早上出门走丢了"),
    ("child_alone", "邻居把三岁孩子锁在家里,哭了一下午"),
    ("elder_silent", "楼下独居老人两天没出门,敲门没人应"),
    ("elder_silent", "我舅舅一个人住,从昨天起电话没人接"),
    ("stranded", "村里不让进,我在路桥下站了一天,冻得受不了"),
    ("stranded", "房东把我赶出来,现在没地方去"),
    ("stranded", "有个老人睡在马路边上"),
    ("stranded", "大雨把院子淹了,奶奶困炕上出不来"),
    ("gas_leak", "楼道里一股煤气味"),
    ("gas_leak", "燃气管道漏气,嘶嘶响"),
    ("gas_leak", "闻着像天然气味,是不是漏气了"),
    ("collapse", "我家平房的后墙塌了一半"),
    ("collapse", "院墙歪得厉害,随时会倒塌"),
    ("live_wire", "电线杆上的电线断了,掉在便道上"),
    ("live_wire", "路灯杆漏电,狗被电了"),
    ("road_collapse", "辅路路面塌陷出一个大洞"),
    ("open_manhole", "便道上的井盖不见了"),
    ("flooded_home", "下雨污水倒灌,家里全被淹了"),
    ("fire", "山坡上的枯草着了,风往村里刮"),
    ("self_harm", "他给我说吞了一瓶安眠药,救救他"),
    ("self_harm", "对面楼窗台上站着一个女的"),
    ("medical", "我爸突然中风,嘴也歪了"),
    ("violence", "他又拿皮带抽我,我躲在卫生间"),
    ("lift_trapped", "电梯卡在十一楼,里头有孕妇"),
    ("missing", "我爷爷老年痴呆,早上出门到现在没回来"),
    ("child_alone", "有个婴儿放在楼道里没人管"),
    ("gas_leak", "楼道里一股臭鸡蛋味"),
    ("stranded", "水到我腰了,门推不开"),
    ("stranded", "天桥下面裹着塑料布躺着一个人"),
    ("heat_cut", "暖气一直不热"),
    ("heat_cut", "家里室温只有13度"),
    ("water_cut", "从早上起停水到现在"),
    ("water_cut", "我们这栋楼没水了"),
    ("power_cut", "整个小区停电三个小时了"),
    ("gas_cut", "停气两天了没法做饭"),
]


@pytest.mark.parametrize(("code", "text"), DANGER)
def test_a_danger_is_seen(code: str, text: str):
    assert code in {found.code for found in signals_in(text)}, signals_in(text)


TRAPS = [
    "家里没有漏气",
    "昨天检查过,没有发现燃气泄漏",
    "燃气漏气的情况已经排除",
    "上个月着过火",
    "去年冬天小区停电好几回",
    "2019年这里发生过火灾,想了解起火原因",
    "楼下饭馆火灾后一直没有清理,要求赔偿",
    "建议加强防火宣传",
    "楼道堆物存在火灾隐患",
    "飞线充电容易引起火灾",
    "万一着火了消防车进不来",
    "燃气灶点不着火",
    "车子打不着火",
    "最近上火嗓子疼",
    "想装一个燃气泄漏报警器",
    "漏电保护器老跳,想换一个",
    "想了解食物中毒怎么预防",
    "我爱人去年煤气中毒,医疗费怎么报销",
    "超市搞跳楼价促销扰民",
    "公园里的跳楼机太吵",
    "热死了,累死了",
    "物业打我电话催费",
    "推销的天天打我手机",
    "自行车轮胎漏气",
    "窗户漏气灌风",
    "手机掉进下水井里了",
    "怕孩子掉进井里,希望加盖",
    "差点掉进井里",
    "电梯经常困人,要求更换",
    "路口经常发生交通事故,希望装红绿灯",
    "昨天发生交通事故受伤,想问责任认定书什么时候出",
    "桥下积水",
    "桥下空间能不能停车",
    "水管冻裂了",
    "银行账户被冻结",
    "冷冻食品过期",
    "一直被噪音困扰",
    "我家很困难",
    "流浪猫无家可归,希望有人管",
    "停电动车的地方太少",
    "楼里没有电梯",
    "老房子没有电梯,上下楼不便",
    "工作人员没有水平",
    "买的电动车没电跑不远",
    "想办理停暖手续",
    "咨询什么时候供暖",
    "暖气费怎么交",
    "房价塌了",
    "信号塔拆了以后没信号",
    "孩子的书包丢了",
    "孩子找不到幼儿园",
    "独居老人想申请助餐",
    "老人反映物业电话没人接",
    "希望不要停水",
    "参加了防火演练",
    "公交车停车费",
    "家暴告诫书在哪里办",
    "持证上岗",
    "棋牌室烟大得跟着火似的",
    "楼道堆满纸箱,着火往哪跑",
    "消火栓打开一滴水没有",
    "孩子的接种本弄丢了",
    "园长说要关门,孩子没地方去,学费不退",
    "换电柜放单元门口,要烧起来谁都跑不了",
    "公厕洗手都没水",
    "一窝小狗快冻死了",
    "改厕以后下水没处去",
    "国槐上吊死鬼一根根垂下来",
    "刺猬掉进我家天井里了",
    "坐路边打视频信号才好",
    "老父亲一只眼看不见了,能办残疾证吗",
    "拿着火化证去销户口",
    "花盆在窗台上站着一排,怕掉下来",
    "自杀干预热线是多少",
    "",
    "   ",
]


@pytest.mark.parametrize("text", TRAPS)
def test_words_of_danger_without_danger_raise_nothing(text: str):
    assert signals_in(text) == []


def test_what_happened_before_does_not_hide_what_happens_now():
    assert {found.code for found in signals_in("上个月着过火,现在又着火了")} == {"fire"}
    assert "gas_leak" in {found.code for found in signals_in("昨天物业说没有漏气。今天楼道里又有煤气味")}


def test_a_state_since_yesterday_goes_on_today():
    assert urgent_level("从昨天晚上就停水", 3)[0] == 2
    assert urgent_level("昨天晚上打架打起来了", 3)[0] == 3


def test_the_level_only_gets_faster():
    assert urgent_level("停水一天", 1)[0] == 1
    assert urgent_level("路灯不亮", 4) == (4, [])
    assert urgent_level("停水,而且楼道里有煤气味", 3)[0] == 1


def test_no_heat_with_a_baby_is_said_apart():
    level, found = urgent_level("暖气不热,家里有刚满月的宝宝", 3)
    assert level == 2
    assert {one.code for one in found} == {"heat_cut", "heat_cut_vulnerable"}


def test_emergency_matters_name_their_line_and_others_do_not():
    assert {one.redirect for one in signals_in("楼道着火了")} == {"119"}
    assert {one.redirect for one in signals_in("有人持刀在小区门口")} == {"110"}
    assert {one.redirect for one in signals_in("刚才车祸,骑车的受伤流血")} == {"122"}
    assert {one.redirect for one in signals_in("我爸昏迷了")} == {"120"}
    assert {one.redirect for one in signals_in("楼道里一股煤气味")} == {None}


def test_positions_belong_to_the_text_as_it_was_given():
    text = "ABC,小区2号楼着火了!救命"
    (found,) = signals_in(text)
    assert text[found.start : found.end] == found.words == "着火"


def test_every_kind_has_a_name_and_a_fair_level():
    for code, signal in SIGNALS.items():
        assert signal.code == code and signal.words and signal.reason
        assert signal.level in (1, 2)
        assert signal.redirect in (None, "110", "119", "120", "122")
        assert signal.redirect is None or signal.level == 1


def test_twenty_thousand_characters_are_read_in_a_moment():
    import time

    text = "小区的路灯不亮已经很久了,没有人来修理,希望尽快解决,老人孩子走路都不安全" * 550
    began = time.process_time()
    signals_in(text)
    assert time.process_time() - began < 2


def _tried_one_by_one(text: str, monkeypatch: pytest.MonkeyPatch) -> list[urgency.Found]:
    with monkeypatch.context() as now:
        now.setattr(urgency, "_that_may_match", lambda _: list(urgency._PATTERNS))
        return signals_in(text)


def test_every_pattern_has_words_it_cannot_do_without():
    assert all(urgency._FIRST_PASS.words)


def test_the_first_pass_changes_no_answer_on_our_own_texts(monkeypatch: pytest.MonkeyPatch):
    root = Path(__file__).resolve().parents[2]
    with (root / "demo" / "daxing" / "examples.csv").open(encoding="utf-8") as examples:
        texts = [row["text"] for row in csv.DictReader(examples)]
    with (root / "bench" / "requests" / "requests.csv").open(encoding="utf-8") as requests:
        texts += [f"{row['title']}\n{row['body']}" for row in csv.DictReader(requests)]
    texts = texts[::3]
    differ = [text for text in texts if signals_in(text) != _tried_one_by_one(text, monkeypatch)]
    assert sum(bool(signals_in(text)) for text in texts) > 30
    assert differ == []


def test_the_first_pass_changes_no_answer_on_texts_made_of_its_words(monkeypatch: pytest.MonkeyPatch):
    chance = random.Random(7)
    words = sorted({word for listed in urgency._FIRST_PASS.words for word in listed or ()})
    between = [
        "",
        "",
        "了",
        "的",
        "在",
        "没有",
        "!",
        "。",
        "家里",
        "老人",
        "孩子",
        "被",
        "昨天",
        "又",
        "底下",
        "一夜",
        "会不会",
    ]
    found = 0
    for _ in range(500):
        text = "".join(chance.choice(words) + chance.choice(between) for _ in range(chance.randint(1, 12)))
        signals = signals_in(text)
        found += bool(signals)
        assert signals == _tried_one_by_one(text, monkeypatch), text
    assert found > 120


def test_full_width_is_folded_character_for_character():
    every = "".join(map(chr, [*range(1, 0xD800), *range(0xE000, 0x11000), 0x1F600, 0x20000]))
    assert urgency._same_length(every) == every.translate(urgency._FOLDED)
    assert len(urgency._same_length(every)) == len(every)


def test_the_same_danger_twelve_thousand_times_does_not_stop_the_desk():
    began = time.process_time()
    assert signals_in("家里没水了" * 12_000)[0].code == "water_cut"
    assert time.process_time() - began < 10
