"""A second maker of texts, with its own slips, sentences and foreign places: nothing of the locator was set on it.

Its characters come from GB 2312's first level instead of a list of everyday ones, its slips touch any character of the name,
and its foreign places are other ones than said.py's. Figures: `prove.py --heard`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache

from pypinyin import Style, pinyin
from said import Said

from fenzhen.locator import TOWN_KINDS, Gazetteer, Place
from fenzhen.locator.gazetteer import fold

SENTENCES = (
    "市民来电反映，{0}近期频繁停电，请尽快核实处理。", "{0}的居民说供暖不足，室内只有十五度", "喂你好，我们{0}这块儿的路面全是坑", "我是租户，在{0}住，房东不退押金",
    "昨天夜里{0}工地一直施工到两点", "{0}，电动车进楼没人管", "我姓王，家在{0}，小孩上学名额怎么分", "关于{0}消防通道被占的问题", "那个{0}外头天天烧秸秆",
    "咱这{0}啥时候能通上自来水", "网约车在{0}附近乱停，堵得出不来", "请相关部门查查{0}公共收益的账", "来电人称其居住于{0}，楼上漏水三个月无人修", "{0}北门的监控坏了",
    "投诉{0}周边餐馆排油烟", "我妈在{0}，八十多了，想申请居家养老", "刚从{0}回来，公交站牌没有了", "{0}卫生太差了", "有人在{0}贩卖假药", "麻烦问下{0}归谁管",
)  # fmt: skip
FAR = (
    "朝阳区常营民族家园 朝阳区管庄西里 丰台区西罗园三区 丰台区王佐镇南宫村 海淀区永丰屯 海淀区知春里 昌平区霍营街道华龙苑 昌平区南邵镇张各庄 通州区西马庄园 通州区潞城镇胡各庄 "
    "顺义区仁和镇望泉寺 顺义区建新北区 房山区拱辰街道梅花庄 房山区琉璃河镇 石景山区古城南里 门头沟区城子街道桥东街 怀柔区北房镇 平谷区兴谷街道 密云区穆家峪镇 延庆区永宁镇 "
    "劲松六区 和平西街小区 安贞西里 牡丹园东里 定慧寺北里 龙跃苑四区 流星花园 新龙城 融泽嘉园 旗胜家园 东亚上北 金隅丽景园 翠福园 云景里 新华联家园 瑞都国际 京贸国际城 "
    "石家庄市谈固东街 天津市南开区水上花园 上海市闵行区莘庄镇 杭州市滨江区长河街道 郑州市经三路 武汉市汉口花桥街 成都市武侯区玉林北路 西安市未央区徐家湾 济南市舜耕路 "
    "大连市沙河口区兴工街 青岛市四方小区 南京市玄武区锁金村 苏州市姑苏区桃花坞 深圳市罗湖区莲塘 广州市天河区棠下村 沧州市河间 张家口市宣化 唐山市路南区 "
    "固安县牛驼镇 香河县蒋辛屯 霸州市胜芳镇 涿州市东仙坡 燕郊上上城 大厂潮白家园 永清县龙虎庄"
).split()
THERE = "房山区琉璃河镇 昌平区百善镇 通州区于家务乡 顺义区杨镇 朝阳区金盏乡 海淀区上庄镇 河北省廊坊市永清县 天津市蓟州区 山东省德州市 河北省涿州市 平谷区夏各庄镇 丰台区".split()
SHAPES = "己巳 未末 士土 千干 太犬 入八 田甲 官宫 臧藏 嬴赢 瀛赢 愉榆 菜采 札礼 紧贤 茶荣 情清 原源 圆园 江汇 束枣 佳桂 秦泰 毕华 副福 悔海 邢刑 辛幸 汤扬 菅营 狼狠 桓恒 除徐 栗粟 住佳 名各 土王 干于 丈大 子孑 官营 里理 苑范".split()
NUMERALS = "零一二三四五六七八九"


@cache
def _level_one() -> dict[str, tuple[str, ...]]:
    """Sound without tone → characters of GB 2312's first level."""
    table: dict[str, list[str]] = {}
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                char = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            table.setdefault(_sound(char), []).append(char)
    return {sound: tuple(chars) for sound, chars in table.items()}


@cache
def _sound(char: str) -> str:
    return str(pinyin(char, style=Style.NORMAL)[0][0])


def _blurred(sound: str) -> list[str]:
    pairs = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
    found = []
    for one, other in pairs:
        for a, b in ((one, other), (other, one)):
            if sound.startswith(a) and not (len(a) == 1 and sound[1:2] == "h"):
                found.append(b + sound[len(a) :])
    for tail in ("in", "en", "an"):
        if sound.endswith(tail):
            found.append(sound + "g")
        if sound.endswith(tail + "g"):
            found.append(sound[:-1])
    return [one for one in found if one in _level_one()]


def _slip(name: str, how: str, rng: random.Random) -> str:
    tail = re.search(r"(小区|社区|街道|村|镇|路|街|大街|公园|医院|中学|小学|地铁站|站)$", name)
    size = len(name) - (len(tail.group()) if tail and len(name) - len(tail.group()) >= 2 else 0)
    at = rng.randrange(size)
    char = name[at]
    if how == "same sound":
        options = [one for one in _level_one().get(_sound(char), ()) if one != char]
    elif how == "blurred sound":
        options = [one for sound in _blurred(_sound(char)) for one in _level_one()[sound]]
    elif how == "another character":
        options = [one for one in rng.choice(list(_level_one().values())) if one != char]
    elif how == "like shape":
        spots = [(i, row.replace(c, "", 1)) for i, c in enumerate(name[:size]) for row in SHAPES if c in row]
        at, row = rng.choice(spots) if spots else (at, "")
        options = list(row)
    elif how == "missing":
        return name[:at] + name[at + 1 :] if size >= 4 else ""
    elif how == "twice":
        return name[: at + 1] + name[at:]
    elif how == "exchanged":
        return name[:at] + name[at + 1] + char + name[at + 2 :] if at + 1 < size and size >= 3 else ""
    else:  # a whole word typed by its sound
        if at + 1 >= size:
            return ""
        two = [[one for one in _level_one().get(_sound(c), ()) if one != c] for c in name[at : at + 2]]
        return (
            name[:at] + rng.choice(two[0]) + rng.choice(two[1]) + name[at + 2 :]
            if all(two) and size >= 3
            else ""
        )
    return name[:at] + rng.choice(options) + name[at + 1 :] if options else ""


def _said_otherwise(place: Place, town: str, rng: random.Random) -> tuple[str, str]:
    bare = re.sub(r"(小区|社区|村|路|街道|镇)$", "", place.name)
    short = re.sub(r"(家园|花园|嘉园|新苑|苑|公寓|园)$", "", bare)
    ways = [
        ("no ending", bare if len(bare) >= 3 else ""),
        ("town in front", town + bare if town and town not in bare and len(bare) >= 2 else ""),
    ]
    figures = re.sub(
        r"[一二三四五六七八九](?=[里区号村期])", lambda m: str(NUMERALS.index(m.group())), place.name
    )
    ways.append(("figures", figures if figures != place.name else ""))
    if place.kind in ("estate", "community"):
        ways.append(
            (
                "another ending",
                bare + rng.choice(["小区", "社区", "那小区", "家属院", "院儿里"]) if len(bare) >= 3 else "",
            )
        )
        ways.append(
            ("short", short + rng.choice(["小区", "社区"]) if short != bare and len(short) >= 2 else "")
        )
        ways.append(
            (
                "with a house",
                bare + rng.choice(["一号楼", "3号楼2单元", "十二号楼", "6栋"]) if len(bare) >= 3 else "",
            )
        )
    ways = [(how, name) for how, name in ways if name]
    return rng.choice(ways) if ways else ("", "")


SLIPS = (
    "same sound",
    "same sound",
    "blurred sound",
    "another character",
    "like shape",
    "missing",
    "twice",
    "exchanged",
    "word by sound",
)


def cases(places: Gazetteer, *, seed: int, share: tuple[int, int] | None = None) -> Iterator[Said]:
    """Two texts about each place: one said otherwise, one with a slip; and foreign places, a fourth as many."""
    rng = random.Random(f"heard {seed}")
    known = {
        re.sub(r"(小区|社区|村|镇|街道)$", "", fold(name))
        for place in places
        for name in (place.name, *place.aliases)
    }
    chosen = [place for place in places if place.kind != "district"]
    chosen = [place for at, place in enumerate(chosen) if share is None or at % share[1] == share[0]]
    many = 0
    for place in chosen:
        town = places[place.town].name if place.town and place.kind not in TOWN_KINDS else ""
        short_town = re.sub(r"(镇|街道)$", "", town)
        how, name = _said_otherwise(place, rng.choice([town, short_town]), rng)
        slip = rng.choice(SLIPS)
        wrong = _slip(
            re.sub(r"(社区|小区)$", "", place.name)
            if rng.random() < 0.4 and len(place.name) > 4
            else place.name,
            slip,
            rng,
        )
        if wrong and re.sub(r"(小区|社区|村|镇|街道)$", "", wrong) in known:
            wrong = ""
        if wrong and town and rng.random() < 0.3 and short_town not in wrong:
            wrong = town + wrong
        for kind, said in ((how, name), (slip, wrong)):
            if said:
                many += 1
                yield Said(rng.choice(SENTENCES).format(said), place.code, kind)
    for at in range(many // 4):
        if at % 4:
            yield Said(rng.choice(SENTENCES).format(rng.choice(FAR)), "", "elsewhere")
        else:
            place = rng.choice([one for one in places if one.kind in ("village", "estate", "community")])
            yield Said(
                rng.choice(SENTENCES).format(rng.choice(THERE) + place.name), "", "same name elsewhere"
            )
