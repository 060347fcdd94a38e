"""Stretches of a text that look like a place's name, whatever the list says: "…住在碧波雅苑3号楼…" → 碧波雅苑.

The end is told by what ends names of estates, villages and roads; the beginning by the words that stand in front of a
name (住在, 反映一下, a town, another district). What is left must not be ordinary words (老旧小区, 我们村).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import rjieba

_HAN = r"[\u4e00-\u9fff\d]"
#: Two characters and more: they end hardly anything but names.
_ENDS = (
    r"小区|社区|家园|嘉园|佳园|花园|庄园|公寓|新村|新城|新苑|嘉苑|雅苑|名苑|名邸|华庭|华府|府邸|公馆|大厦|广场|家属院|山庄|"
    r"别墅|[东西南北中一二三四五六七八九十\d]+[里区院]|[一二三四五六七八九十百\d]+号院|[东西南北]苑|大街|胡同|家苑|景苑|丽苑|"
    r"[家各]?庄村|[家各]庄|[\u4e00-\u9fff]营村|[\u4e00-\u9fff]屯村|[\u4e00-\u9fff]子村"
)
#: One character: also the end of ordinary words (家里, 走路, 医院).
_SHORT_ENDS = r"[苑邸墅轩庭府园城湾坊村营屯路街]"
_STRETCH = re.compile(
    rf"(?:{_HAN}{{0,7}}?{_HAN}(?:{_ENDS}))+(?:小区|社区|[东西南北中一二三四五六七八九十\d]+[里区院期])?|{_HAN}{{2,5}}?{_SHORT_ENDS}(?!{_SHORT_ENDS}|镇)"
)
#: In front of a name. None of these stands inside one.
_FRONT = re.compile(
    r".*(?:家住|居住在|居住|住在|家在|位于|坐落于|坐落在|来自|反映一下|反映|反应|投诉|举报|咨询一下|咨询|请问|想问问|想问|问一下|问问|关于|"
    r"我们家|咱们家|我们|咱们|你们|他们|咱|我家|我妈家|我是|这里是|就是|这是|名叫|叫做|叫|说是|说一下|说|听说|"
    r"附近的?|旁边的?|对面的?|隔壁的?|边上的?|一下|那个|这个|有个|一个|某个|哪个|就在|都在|在|住|是|到|去|离|归|从|由|对于|对|给|的|把|被|让|为|与|跟|"
    r"因为|因|如果|现在|今天|昨天|每天|最近|去年|今年|目前|自从|开始|看到|发现|路过|经过|直到|人民政府|市政府|区政府|街道办事处|街道|"
    r"乡镇|镇|(?<!小)(?<!社)(?<![东西南北中一二三四五六七八九十\d期])(?<!工业)(?<!开发)区|县|(?<!超)(?<!城)(?<!门)(?<!夜)(?<!菜)市|省|你好|您好|同志|老人|孩子|业主|居民|麻烦|希望|建议|要求|请求|请)"
)
_COMMON = frozenset(
    "老旧 新建 封闭 高档 普通 整个 全 本 该 此 某 各 每个 每 隔壁 附近 同一 一个 两个 三个 几个 多个 哪个 别的 其他 其它 周边 旁边 城市 城中 农 新 老 旧 好 大 小 "
    "别人 自己 人家 自家 后 前 所有 很多 许多 不少 住宅 居民 安置 回迁 拆迁 商品房 经适房 保障房 公租房 回迁房 安置房 无物业 开放式 智慧 平安 文明 示范 美丽 和谐 "
    "幸福 最美 乡 山 全国 外面 里面 门口 楼下 对面 开发区 工业 经济 马 公 道 走 修 上 下 过 铁 高速 公路 主 辅 支 断头 土 水泥 柏油 医 学 电影 校 幼儿 动物 植物 法 "
    "产业 科技 物流 花 菜 果 田 家 校 公交 地铁 火车 汽车 小商品 农贸 二手 批发 建材 一条 这条 那条 三条 两条 条 整条 主干 次干 步行 商业 美食 夜市 购物 影 写字 办公 "
    "长 环 二环 三环 四环 五环 六环 北京 县 市 国 进 出 逛 串 夜 跨 乡村 绕 顺 沿 临 沿街 邻 行政 自然 政 商 省 城 京 首都 本市 一区 二区 三区 辖区 城区 郊区 小区 社区 村 路 街".split()
)
_SKIPPED_TAGS = frozenset(
    {"r", "p", "c", "d", "u", "uj", "ul", "uz", "y", "q", "m", "v", "vn", "zg", "a", "ad", "f", "t"}
)
_NOT_IN_NAMES = frozenset({"v", "vn", "d", "c", "ad", "a", "t", "f", "m"})
_LONGEST = 10


@dataclass(frozen=True, slots=True)
class Stretch:
    """What looks like a place's name at ``[start, end)``."""

    start: int
    end: int
    name: str


def stretches(folded: str, breaks: Iterable[int] = ()) -> list[Stretch]:
    """Name-like stretches of a folded text, from left to right. ``breaks``: positions at which a name may begin anew."""
    cuts = sorted(set(breaks))
    found: list[Stretch] = []
    for match in _STRETCH.finditer(folded):
        start, end = match.span()
        front = _FRONT.match(folded, start, end - 1)
        if front and front.end() < end - 1:
            start = front.end()
        for cut in cuts:
            if start < cut <= end - 2:
                start = cut
        start = _after_common(folded, start, end)
        if 3 <= end - start <= _LONGEST and not _is_common(folded[start:end]) and _stands(folded, start, end):
            found.append(Stretch(start, end, folded[start:end]))
    return found


def _after_common(folded: str, start: int, end: int) -> int:
    """Past ordinary words at the beginning: 改造锦绣花园 → 锦绣花园."""
    for word, tag in _tagged(folded[start:end]):
        left = folded[start + len(word) : end]
        if len(_TAIL.sub("", left)) < 2 or not (word in _COMMON or tag in _SKIPPED_TAGS and len(word) >= 2):
            break
        start += len(word)
    return start


#: Behind a name that one character ends: 在幼儿园路上 is no 园路.
_BEHIND = re.compile(
    r"^(?:$|[^\u4e00-\u9fff]|的|小区|社区|附近|门口|这边|那边|这里|那里|里头|里面|旁边|对面|有|没|物业|业主|居民|村|"
    r"[一二三四五六七八九十]|停|路灯|路口|路面|堵|积水|积雪|上|北口|南口|东口|西口|东侧|西侧|南侧|北侧|到|与|和)"
)


def _stands(folded: str, start: int, end: int) -> bool:
    """Whether what one character ends stands alone: a boundary before it, and behind it what follows a place."""
    if _LONG_TAIL.search(folded, start, end):
        return True
    return _BEHIND.match(folded[end : end + 4]) is not None


_LONG_TAIL = re.compile(rf"(?:{_ENDS})(?:小区|社区)?$")
_TAIL = re.compile(rf"(?:{_ENDS}|{_SHORT_ENDS})$")


def _is_common(name: str) -> bool:
    core = _TAIL.sub("", name)
    if not core or core in _COMMON or core.isdigit():
        return True
    words = _tagged(core)
    if all(word in _COMMON or tag in ("r", "m", "q", "d", "u", "p") for word, tag in words):
        return True
    # A verb or a pronoun of the dictionary is no part of a name (施工把村, 我们单位家属院); coined names seldom hold one.
    if any(
        (tag in _NOT_IN_NAMES and len(word) >= 2) or tag in ("r", "p", "ul", "uj", "y") for word, tag in words
    ):
        return True
    if len(_TAIL.findall(name)) and len(name) - len(core) == 1 and any(word in _COMMON for word, _ in words):
        return True
    return len(rjieba.cut(name, False)) == 1 and rjieba.tag(name)[0][1] in ("n", "v", "l")


@lru_cache(maxsize=4096)
def _tagged(words: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, tag) for word, tag in rjieba.tag(words))
