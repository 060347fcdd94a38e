"""Places as callers say them: misheard, mistyped, cut short, or of quite another town. Seeded, from any list of places.

Each case is (text, code of the place or "" for a place that is not in the list, how it was said). The names themselves are
never said as they stand in the list, but for the kind `plain`, which is a control.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pypinyin import Style, pinyin

from fenzhen.locator import TOWN_KINDS, Gazetteer, Place
from fenzhen.locator.gazetteer import fold

#: Everyday characters, for a wrong key struck and for names that sound right: the most usual of written Chinese.
EVERYDAY = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平"
    "形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程"
    "展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必"
    "战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打"
    "白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫"
    "且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精"
    "值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严龙飞"
)
ALIKE_SOUNDS = {"zh": "z", "ch": "c", "sh": "s", "z": "zh", "c": "ch", "s": "sh", "ing": "in", "in": "ing", "eng": "en",
                "en": "eng", "ang": "an", "an": "ang"}  # fmt: skip
CARRIERS = (
    "{0}停水两天了，没人管", "我家住{0}，楼道灯坏了好几个月", "{0}门口天天有人摆摊，吵得睡不着", "反映一下{0}这边垃圾没人清",
    "你好，我是{0}的居民，暖气不热", "{0}附近路灯全不亮，晚上走路害怕", "位于{0}的井盖没了，很危险", "在{0}有人偷倒渣土",
    "{0}3号楼2单元电梯老是坏", "打过好几回电话了，{0}的物业费乱收", "想问问{0}什么时候通燃气", "{0}，下水道堵了返味儿",
    "从去年说到今年，{0}的健身器材还是坏的", "老人说{0}那边没有公交，看病不方便", "{0}里头私搭乱建没人管",
)  # fmt: skip
#: Estates, streets and villages of other districts and cities, written from general knowledge: none is in Daxing.
ELSEWHERE = (
    "望京西园三区 回龙观龙泽苑 天通苑北一区 方庄芳城园 芍药居北里 通州梨园镇大稿村 房山良乡西路 顺义石园东区 海淀上地西里 石景山鲁谷社区 "
    "昌平沙河镇 门头沟永定镇 怀柔庙城 密云果园街道 延庆康庄镇 朝阳区双井富力城 丰台角门东里 西城广外大街 东城和平里七区 酒仙桥四街坊 "
    "上海浦东张江镇 广州番禺洛溪新城 深圳龙岗布吉 杭州余杭良渚文化村 南京江宁百家湖花园 武汉光谷步行街 成都华阳海昌路 重庆渝北回兴街道 "
    "天津武清下朱庄 廊坊固安孔雀城 燕郊夏威夷南岸 保定涿州松林店 石家庄裕华区槐底 沈阳铁西保工街 济南历城洪家楼 青岛李沧百通花园 "
    "郑州金水花园口 西安雁塔电子城 兰州安宁培黎 昆明呈贡斗南村 海口龙华滨涯村 厦门集美杏林湾 苏州园区湖东社区 无锡滨湖蠡园 "
    "长沙星沙泉塘 合肥经开区莲花社区 南昌红谷滩世茂天城 福州仓山三叉街 贵阳花果园二期 太原小店坞城路 呼和浩特赛罕巴彦 大连甘井子泡崖"
).split()
HEADS = (
    "锦绣 碧波 翠屏 云锦 御景 香榭 丽泽 枫丹 紫薇 融泰 天鹅 蓝湾 银杏 凤凰 麒麟 华彩 松涛 听涛 观澜 映月 书香 悦府 玫瑰 长青 碧桂 保利 龙光 "
    "旭辉 万象 春江 逸品 尚品 雍景 瀚林 水岸 东湖 西溪 南岭 北苑 鼎秀 鸿雁 瑞雪 吉祥 如意 福满 康泰 康宁 安贞 德胜 百子湾"
).split()
AREAS = (
    "通州区马驹桥镇 房山区长阳镇 昌平区沙河镇 朝阳区 海淀区 丰台区花乡 顺义区 河北省固安县 天津市武清区 廊坊市 平谷区马坊镇 密云 通州张家湾镇 涿州市 良乡镇 延庆区康庄镇 "
    "上海市浦东新区 广州 济南市历下区 石家庄 怀柔区庙城镇 门头沟 台湖镇 燕郊"
).split()
ENDS = "花园 家园 小区 新村 雅苑 名邸 公馆 华庭 新城 嘉苑 府邸 北里 二区 庄村 营村 屯村 大厦 广场 中路 东街".split()
_DIRECTIONS = "东西南北"
_NUMBERS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Said:
    """One text, the code of the place that is meant ("" for none of the list), and how it was said."""

    text: str
    code: str
    how: str
    near: str = ""  # the place an invented sister resembles


def cases(places: Gazetteer, *, seed: int, share: tuple[int, int] | None = None) -> Iterator[Said]:
    """Cases over all places (or over part ``share[0]`` of ``share[1]``), then foreign ones: about a third as many."""
    rng = random.Random(seed)
    known = {fold(name) for place in places for name in (place.name, *place.aliases)}
    known |= {re.sub(r"(小区|社区|村|镇|街道)$", "", name) for name in known}
    chosen = [place for place in places if place.kind != "district" and place.kind != "kind"]
    if share:
        chosen = [place for at, place in enumerate(chosen) if at % share[1] == share[0]]
    many = 0
    for place in chosen:
        for how in rng.sample(list(WAYS), 3):
            name = WAYS[how](place, places, rng)
            if not name or (how != "plain" and _means_another(name, place, known)):
                continue
            many += 1
            yield Said(_around(name, place, places, rng), place.code, how)
    for at in range(many // 3):
        name, how, near = _foreign(places, known, rng, at)
        yield Said(rng.choice(CARRIERS).format(name), "", how, near)


def alike(answer: str, code: str, places: Gazetteer) -> bool:
    """Whether an answer means the place: itself, or the estate, community or village that bears the same name."""
    if answer == code:
        return True
    one, other = places.get(answer), places.get(code)
    if one is None or other is None or (one.kind in TOWN_KINDS) != (other.kind in TOWN_KINDS):
        return False
    names = [{_bare(name) for name in (place.name, *place.aliases)} for place in (one, other)]
    return one.town == other.town and bool(names[0] & names[1])


def coarser(answer: str, code: str, said: str, places: Gazetteer) -> bool:
    """Whether an answer is the larger place of which the meant one is a part: 美澜湾 for 美澜湾西区, in the same town."""
    one, other = places.get(answer), places.get(code)
    if one is None or (other is not None and one.town != other.town):
        return False
    bare = [
        name
        for name in (_bare(name) for name in (one.name, *one.aliases))
        if len(name) >= (2 if one.kind in TOWN_KINDS else 3)
    ]
    whole = _bare(other.name) if other is not None else re.sub(r"\W", "", said)
    return any(name in whole for name in bare)


def _bare(name: str) -> str:
    return re.sub(r"(小区|社区|村)$", "", fold(name))


def _said_name(place: Place, rng: random.Random) -> str:
    names = [
        name
        for name in (place.name, *place.aliases)
        if len(name) <= 9 and not name.endswith(("委员会", "委会"))
    ]
    return rng.choice(names or [place.name])


def _readings(char: str) -> set[str]:
    return {str(pinyin(char, style=Style.NORMAL)[0][0])}


_BY_SOUND: dict[str, list[str]] = {}
for _one in sorted(set(EVERYDAY)):
    for _sound in _readings(_one):
        _BY_SOUND.setdefault(_sound, []).append(_one)
_ALL_SOUNDS: dict[str, list[str]] = {}


def _spot(name: str, rng: random.Random) -> int:
    """A character of the name's own part: never of the ending that says what kind of place it is."""
    own = re.sub(r"(小区|社区|街道|村|镇|路|街|大街|公园|市场|医院|中学|小学|学校|地铁站|站)$", "", name)
    return rng.randrange(len(own)) if own else 0


def _homophone(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    at = _spot(name, rng)
    options = [char for sound in _readings(name[at]) for char in _common_of(sound) if char != name[at]]
    return name[:at] + rng.choice(options) + name[at + 1 :] if options else ""


def _common_of(sound: str) -> list[str]:
    """Characters that sound so: everyday ones, else the first of the basic set."""
    if not _ALL_SOUNDS:
        for code in range(0x4E00, 0x9FA6):
            for one in pinyin(chr(code), style=Style.NORMAL)[0]:
                _ALL_SOUNDS.setdefault(one, []).append(chr(code))
    return _BY_SOUND.get(sound) or _ALL_SOUNDS.get(sound, [])[:6]


def _near_sound(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    at = _spot(name, rng)
    options = []
    for sound in _readings(name[at]):
        for old, new in ALIKE_SOUNDS.items():
            if old in ("zh", "ch", "sh", "z", "c", "s"):
                other = new + sound[len(old) :] if re.match(rf"{old}(?!h)", sound) else ""
            else:
                other = sound[: -len(old)] + new if re.search(rf"(?<![aeiou]){old}$", sound) else ""
            options += _BY_SOUND.get(other, []) if other else []
    return name[:at] + rng.choice(options) + name[at + 1 :] if options else ""


def _wrong_key(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    if len(_bare(name)) < 3:
        return ""
    at = _spot(name, rng)
    return (
        name[:at]
        + rng.choice([c for c in EVERYDAY if not _readings(c) & _readings(name[at])])
        + name[at + 1 :]
    )


def _dropped(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    at = _spot(name, rng)
    return (
        name[:at] + name[at + 1 :] if len(_bare(name)) >= 4 and name[at] not in _DIRECTIONS + _NUMBERS else ""
    )


def _swapped(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    at = _spot(name, rng)
    if len(_bare(name)) < 3 or at + 1 >= len(_bare(name)) or name[at] == name[at + 1]:
        return ""
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _other_ending(place: Place, places: Gazetteer, rng: random.Random) -> str:
    bare = _bare(place.name)
    if place.kind not in ("estate", "community") or len(bare) < 3:
        return ""
    return bare + rng.choice(["小区", "社区", "这个小区", "家属院", "大院儿"])


def _without_town(place: Place, places: Gazetteer, rng: random.Random) -> str:
    town = places.get(place.town)
    if town is None or place.kind in TOWN_KINDS:
        return ""
    for name in sorted(
        {town.name, *town.aliases, re.sub(r"(镇|街道|地区)$", "", town.name)}, key=len, reverse=True
    ):
        if place.name.startswith(name) and len(place.name) - len(name) >= 4:
            return place.name[len(name) :]
    return ""


def _spaced(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    at = _spot(name, rng)
    return name[: at + 1] + " " + name[at + 1 :] if len(name) > 3 and at + 1 < len(name) else ""


def _plain(place: Place, places: Gazetteer, rng: random.Random) -> str:
    return _said_name(place, rng)


def _two_sounds(place: Place, places: Gazetteer, rng: random.Random) -> str:
    once = _homophone(place, places, rng)
    return _homophone(Place("", once, place.kind), places, rng) if len(_bare(once)) >= 4 else ""


def _doubled(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    at = _spot(name, rng)
    return name[: at + 1] + name[at] + name[at + 1 :] if name[at] not in _DIRECTIONS + _NUMBERS else ""


def _looks_alike(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    options = [
        (at, other)
        for at, char in enumerate(_bare(name))
        for row in LOOKS
        if char in row
        for other in row
        if other != char
    ]
    if not options:
        return ""
    at, other = rng.choice(options)
    return name[:at] + other + name[at + 1 :]


def _l_for_n(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _said_name(place, rng)
    options = [
        (at, other) for at, char in enumerate(_bare(name)) for sound in _readings(char) if sound[0] in "ln"
        for other in _BY_SOUND.get(("n" if sound[0] == "l" else "l") + sound[1:], [])
    ]  # fmt: skip
    if not options:
        return ""
    at, other = rng.choice(options)
    return name[:at] + other + name[at + 1 :]


def _shortened(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = _bare(place.name)
    if place.kind not in ("estate", "community"):
        return ""
    options = [
        re.sub(r"(家园|嘉园|佳园|花园|新苑|新村|新城|嘉苑|名苑|苑|园)$", "", name),
        re.sub(r"(家园|花园|新苑|嘉园)(?=.里|.区)", "", name),
    ]
    if len(name) >= 5 and name[-1] not in "里区院":
        options.append(name[2:])
    options = [one for one in options if one != name and len(one) >= 2]
    return rng.choice(options) + rng.choice(["小区", "小区", "社区", "这个小区"]) if options else ""


def _figures(place: Place, places: Gazetteer, rng: random.Random) -> str:
    name = re.sub(
        r"[一二三四五六七八九](?=[里区村期])",
        lambda m: str(" 一二三四五六七八九".index(m.group())),
        place.name,
    )
    return name if name != place.name else ""


LOOKS = "己已巳 末未 土士 干千 大太 人入 日目 田由 兔免 今令 王玉 官宫 臧藏 瀛赢 榆输 采菜 礼札 贤坚 荣营 清情 源原 园圆 汇江 枣束 佳住 泰秦 华毕 福副 海梅 乐东 邢刑 幸辛 杨扬 营菅 狼狠 恒桓 徐除".split()
WAYS = {"two sounds": _two_sounds, "doubled": _doubled, "looks alike": _looks_alike, "l for n": _l_for_n, "shortened": _shortened, "figures": _figures,
        "plain": _plain, "homophone": _homophone, "near sound": _near_sound, "wrong key": _wrong_key, "dropped": _dropped,
        "swapped": _swapped, "other ending": _other_ending, "without town": _without_town, "spaced": _spaced}  # fmt: skip


def _means_another(name: str, place: Place, known: set[str]) -> bool:
    """Whether what was said is by chance a listed name: then nobody could know that it was a slip."""
    return fold(name) in known or _bare(name) in known


def _around(name: str, place: Place, places: Gazetteer, rng: random.Random) -> str:
    town = places.get(place.town)
    if town is not None and place.kind not in TOWN_KINDS and rng.random() < 0.35:
        name = rng.choice([town.name, *town.aliases[:1]]) + name
    return rng.choice(CARRIERS).format(name)


def _foreign(places: Gazetteer, known: set[str], rng: random.Random, at: int) -> tuple[str, str, str]:
    kind = at % 5
    if kind == 3:
        place = rng.choice([p for p in places if p.kind in ("village", "estate", "road", "community")])
        return rng.choice(AREAS) + place.name, "same name elsewhere", ""
    if kind == 4 and at % 3:
        kind = 1
    if kind == 4:
        for _ in range(50):
            place = rng.choice([p for p in places if p.kind in ("estate", "village")])
            name = _bare(place.name)
            at = rng.randrange(min(2, len(name)))
            other = name[:at] + rng.choice(HEADS)[rng.randrange(2)] + name[at + 1 :]
            if (
                len(name) == 3
                and not _readings(other[at]) & _readings(name[at])
                and not _means_another(other, place, known)
            ):
                return other + rng.choice(["小区", ""]), "half invented", ""
        kind = 1
    if kind == 0:
        return rng.choice(ELSEWHERE), "elsewhere", ""
    if kind == 1:
        return rng.choice(HEADS) + rng.choice(ENDS), "invented", ""
    # A sister that does not exist: 清源南里 where there is only 清源东里. Whoever answers 东里 sends it to the wrong door.
    for _ in range(200):
        place = rng.choice([p for p in places if p.kind in ("estate", "community")])
        name = _bare(place.name)
        for char in rng.sample(_DIRECTIONS + _NUMBERS, 14):
            where = [
                i
                for i, c in enumerate(name)
                if c in _DIRECTIONS and char in _DIRECTIONS or c in _NUMBERS and char in _NUMBERS
            ]
            if where:
                i = where[-1]
                other = name[:i] + char + name[i + 1 :]
                if other not in known and other + "小区" not in known and other + "社区" not in known:
                    return other, "sister", place.code
    return rng.choice(ELSEWHERE), "elsewhere", ""
