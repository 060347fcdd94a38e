"""From names in a text to one place: what agrees makes it surer, what disagrees makes it ask.

Every mention is evidence for a town. An estate says more than a road, an official name more than a short one, and a
two-character name says something only where its surroundings treat it as a place. The evidence of all mentions is
added on a log scale; a constant mass stands for "somewhere else". Two towns that are equally likely, or a village name
that two towns share, give candidates and no answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import rjieba

from fenzhen.locator.gazetteer import Gazetteer, fold
from fenzhen.locator.nearly import Near, chance
from fenzhen.locator.place import TOWN_KINDS, Place
from fenzhen.locator.slots import stretches

#: Log weight of one full mention, and of "somewhere else". Set so that one estate gives .96, one town .92.
_WEIGHT = 3.5
_ELSEWHERE = 0.3
#: A hint (the address field, the town the city centre named) counts more than a mention in passing.
_HINT = 1.6
#: Below this the answer is "not sure, which of these?".
_SURE = 0.5

_STRENGTH: Mapping[str, float] = {
    "town": 0.8,
    "subdistrict": 0.8,
    "community": 1.0,
    "village": 1.0,
    "estate": 1.0,
    "landmark": 0.9,
    "market": 0.85,
    "school": 0.8,
    "hospital": 0.8,
    "station": 0.75,
    "park": 0.75,
    "road": 0.55,
}
#: How exactly a kind says where something is: a town is an area, a road is long.
_DEPTH: Mapping[str, int] = {
    "town": 0,
    "subdistrict": 0,
    "road": 1,
    "park": 2,
    "station": 2,
    "village": 3,
    "community": 3,
}
_DEEPEST = 4

_LEADS_STRONGLY = re.compile(
    r"(?:大兴区?|家住|居住在?|住在?|位于|坐落于?|地址[是为]?[::]?|地点[是为]?[::]?|来自|我是|家在)\s*$"
)
_FOLLOWS_STRONGLY = re.compile(
    r"^(?:镇|乡|街道|街办|地区|办事处|派出所|卫生院|政府|火车站|地铁|公交|路口|[东西南北]?大街|[东西南北]街|中学|小学|工业区|"
    r"桥|收费站|出口|这边|这片|这里|那边|附近|一带|市场|法庭|税务所|社区|村|[东西南北中]里|镇里|本地)"
)
_LEADS = re.compile(r"(?:^|[在到去从于,。;、:!?\s(]|我们|咱们|咱|你们|他们|北京)$")
_FOLLOWS = re.compile(r"^(?:$|[,。;、:!?\s)]|的|有|这|那|某|家|里|上|医院|站|某个|没|停|被)")
#: In front of a short name these make another name of it: 西黄村, 东辛庄村, 王辛庄村.
_MAKES_ANOTHER_BEFORE = frozenset("东西南北前后上下大小新老王李张刘赵孙周吴郑陈杨朱马郭何林罗宋")
#: Behind a short name these make another name of it: 安定门, 清源路. The name is still weak evidence of its area.
_MAKES_ANOTHER_AFTER = re.compile(
    r"^(?:[东西南北中]?(?:路|大街|街(?!道)|里|巷|胡同|苑|园|家园|花园|小区|桥|门)|门外|门内)"
)
#: Behind a short estate's name: another estate of the same family (枣园南里 where only 枣园 is listed).
_SISTER = re.compile(r"^(?:[东西南北中一二三四五六七八九十]里|[东西南北中]区)")
#: Behind a name that the list divides this may be one of its parts, wrongly written: 枣园北力 for 枣园北里.
_MAY_BE_PART = re.compile(
    r"^[东西南北中一二三四五六七八九十][^门侧边口面头个天年月号楼单层排栋间座,。;:!?，\s]"
)
_OTHER_AREA = re.compile(r"([\u4e00-\u9fff]{2,3}(?:省|市|区|县|州))[^,。;!?\s]{0,4}$")
_NOT_AN_AREA = re.compile(r"(?:小|社|园|校|厂|矿|景|辖|地|片|城|郊|库|特|城市|超|夜|都|街|服务)(?:区|市)$")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name at ``[start, end)`` of the text, the codes it may mean and how much it says (0..1)."""

    start: int
    end: int
    codes: tuple[str, ...]
    strength: float
    exact: bool
    hinted: bool = False
    near: bool = False
    unsure: bool = False
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Located:
    """Where it is: the best place or None ("not sure"), its town, how sure (0..1), and what else it may be.

    ``candidates`` are (place, probability), most likely first; their sum is at most 1. ``spans`` are (start, end, code)
    in the text. ``why`` are code words: exact, alias, agree, disagree, ambiguous, hint, nothing.
    """

    best: Place | None
    town: str | None
    confidence: float
    candidates: tuple[tuple[Place, float], ...] = ()
    spans: tuple[tuple[int, int, str], ...] = ()
    why: tuple[str, ...] = ()

    def probabilities(self) -> dict[str, float]:
        """Place code → probability, as plain data for whoever reckons with it."""
        return {place.code: share for place, share in self.candidates}


def locate(text: str, places: Gazetteer, *, hint: str | None = None) -> Located:
    """Find the place a text speaks of. ``hint`` is further text that is known to be about the place (an address)."""
    mentions = _with_near(text, mentions_in(text, places), places)
    if hint:
        mentions += [
            Mention(one.start, one.end, one.codes, one.strength * _HINT, one.exact, hinted=True)
            for one in mentions_in(hint, places, address=True)
        ]
    if not mentions:
        return Located(None, None, 0.0, why=("nothing",))
    distinct = _distinct(mentions)
    towns = _towns(distinct, places)
    shares = _shares(distinct, towns, places)
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    best, confidence = _decide(ranked, towns, distinct, places)
    if best is not None and _left_open(best, mentions, text, places):
        best = None
    why = _why(distinct, towns, best, places)
    heard_well = any(not (one.near and one.unsure) for one in mentions)
    likely = max(towns.items(), key=lambda item: item[1]) if towns else ("", 0.0)
    return Located(
        best=best,
        town=(best.town or None) if best else (likely[0] if likely[1] > _SURE and heard_well else None),
        confidence=round(confidence, 4),
        candidates=tuple((places[code], round(share, 4)) for code, share in ranked[:8] if share > 0.005),
        spans=tuple(
            (one.start, one.end, code) for one in mentions if not one.hinted for code in one.codes[:1]
        ),
        why=why,
    )


def mentions_in(text: str, places: Gazetteer, *, address: bool = False) -> list[Mention]:
    """Names of places in a text that its surroundings let stand. ``address``: every name in it is a place."""
    folded = fold(text)
    found: list[Mention] = []
    named = list(places.names_in(folded))
    foreign = [] if address else _foreign_ends(folded, places, [(start, end) for start, end, *_ in named])
    ended = 0
    for start, end, codes, official, ordinary in named:
        before, after = folded[max(0, start - 12) : start], folded[end : end + 6]
        strength = 1.0 if official else 0.92
        length = end - start
        town = any(code in places.towns for code in codes)
        if not address:
            kept = _in_context(
                length,
                before,
                after,
                ordinary,
                town,
                folded[start:end] in places.coined,
            )
            if kept == 0.0 and folded[start:end] in places.nouns and _is_led_to(folded, start, end):
                kept = 0.6
            if kept == 0.0:
                continue
            strength *= kept
        if _is_elsewhere(folded, start, foreign, places):
            strength *= 0.02
        part = _MAY_BE_PART.match(after) is not None and folded[start:end] in places.divided
        if _SISTER.match(after) and (end - start <= 3 or folded[start:end] in places.divided):
            strength *= 0.1
        loose = (
            not address and length <= 4 and start != ended and folded[start - 1 : start] != folded[start]
            and not (town and length > 2)  # 榆垡镇 is the end of no longer name
            and not _stands_alone(folded, start, length)
        )  # fmt: skip
        loose = loose or part
        ended = end
        found.append(
            Mention(
                start,
                end,
                codes,
                strength * 0.5 if loose else strength,
                bool(official),
                loose=loose,
                unsure=loose and length <= 3,
            )
        )
    if not address:
        behind = [one for town in found if (one := _behind_town(folded, town, places)) is not None]
        found += [
            one
            for one in behind
            if not any(one.start < other.end and other.start < one.end for other in found)
        ]
        found.sort(key=lambda one: one.start)
    return found


def unknown_names(text: str, places: Gazetteer) -> list[str]:
    """Name-like strings of a text that no place of the list matches, neither exactly nor nearly: candidates for the list.

    In the order of the text, each once, as written (full-width letters and figures folded to half-width): 小区, 家园, villages
    and roads with their endings, without the town or the words in front. Names of the district and its towns are never among
    them. One text can mislead (a shop, a place far away); what many texts name deserves a look.

    >>> unknown_names("柳河镇碧波雅苑3号楼停水", Gazetteer([Place("1", "柳河镇", "town")]))
    ['碧波雅苑']
    """
    folded = fold(text)
    mentions = _with_near(text, mentions_in(text, places), places)
    areas = {one.end for one in mentions if all(places[code].kind in TOWN_KINDS for code in one.codes)}
    areas |= {
        at + len(name)
        for name in places.district_names
        for at in range(len(folded))
        if folded.startswith(name, at)
    }
    found = [
        one.name
        for one in stretches(folded, areas)
        if not any(
            mention.start < one.end and one.start < mention.end and mention.end >= one.end - 2
            for mention in mentions
        )
    ]
    return list(dict.fromkeys(found))


#: 榆垡石佛 is no 石佛寺; nothing behind is no character of these.
_MAKES_LONGER = frozenset("庄营屯店镇站寺场家铺坨堡垡")


def _behind_town(folded: str, town: Mention, places: Gazetteer) -> Mention | None:
    """A place of two characters without its ending right behind its town: 榆垡镇新桥 for 新桥村."""
    if len(town.codes) != 1 or town.codes[0] not in places.towns or town.strength < 0.2:
        return None
    codes = places.bare.get((town.codes[0], folded[town.end : town.end + 2]), ())
    after = folded[town.end + 2 : town.end + 8]
    if (
        not codes
        or _MAKES_ANOTHER_AFTER.match(after)
        or _SISTER.match(after)
        or (after and after[0] in _MAKES_LONGER)
    ):
        return None
    return Mention(town.end, town.end + 2, codes, 0.85, False, loose=True)


_LED = re.compile(
    r"(?:^|[^\u4e00-\u9fff]|[在到住是去从离往于的和与跟及或镇乡区县市道路街村里边旁内中给让把被对由说为至]|一下|我们|咱们?|你们|他们|反映|投诉|举报|咨询|请问|想问|"
    r"关于|附近|我家|他家|老家|回家|进|出|经过|路过|叫|因|有|过|北京)$"
)


def _stands_alone(folded: str, start: int, length: int) -> bool:
    """Whether a short name is no longer name's end: 孙村 in 乐孙村 is likely another village."""
    before = folded[max(0, start - 5) : start].rstrip(" ")[-4:]
    if _LED.search(before):
        return True
    at = 0
    for word in rjieba.cut(before + folded[start : start + length], True):
        at += len(word)
        if at >= len(before):
            return at == len(before) and len(word) >= 2
    return False


#: A town's name that is a noun of the dictionary too is meant where a clause begins with it or it is gone to.
_LED_TO = re.compile(r"(?:^|[,。;、:!?\s(]|[在到去从往来回离至]|住|我们|咱们|咱|你们|他们|北京)$")


def _is_led_to(folded: str, start: int, end: int) -> bool:
    """Whether the words in front lead to a name that is a word of its own here: 旧宫那家, and not 正本清源."""
    before, after = folded[max(0, start - 4) : start], folded[end : end + 4]
    if not _LED_TO.search(before) or _MAKES_ANOTHER_AFTER.match(after) or _SISTER.match(after):
        return False
    at = 0
    for word in rjieba.cut(before + folded[start:end] + after, True):
        if at == len(before):
            return len(word) == end - start
        at += len(word)
    return False


#: Behind an exact name these may make it a longer one: 枣园尚称社区 begins with 枣园 and is another place.
_MAY_GO_ON = re.compile(
    r"^[\u4e00-\u9fff，,、· ]{1,5}?(?:社区|小区|家园|花园|苑|[一二三四五六七八九十东西南北中][里区院]|号院|村)"
)
#: Below this a name nearly said is not even a candidate.
_PERHAPS = 0.3


def _with_near(text: str, exact: list[Mention], places: Gazetteer) -> list[Mention]:
    """The exact mentions, and where they leave the spot open, names that are nearly said."""
    folded = fold(text)
    if any(
        _DEPTH.get(places[one.codes[0]].kind, _DEEPEST) >= 2
        and one.strength > 0.2
        and not one.loose
        and not _MAY_GO_ON.match(folded[one.end : one.end + 8])
        for one in exact
    ):
        return exact
    kept: list[Mention] = []
    dropped: set[int] = set()
    for one, beside, codes in heard(folded, exact, places):
        sure = chance(one, beside)
        if sure < _PERHAPS:
            continue
        under = [at for at, other in enumerate(exact) if other.start < one.end and one.start < other.end]
        if any(
            (exact[at].end - exact[at].start >= one.end - one.start and exact[at].strength > 0.2)
            or (exact[at].loose and sure < 0.5)
            or (
                sure < places.near_from and exact[at].strength >= 0.5 and set(exact[at].codes) <= places.towns
            )
            or set(exact[at].codes) & set(codes)
            for at in under
        ):
            continue
        dropped.update(under)
        unsure = sure < places.near_from
        # Beside a name that was said, one that was perhaps said is a weak witness.
        strength = 0.3 + 0.65 * sure if not unsure or not exact else 0.4 * sure
        kept.append(Mention(one.start, one.end, codes, strength, False, near=True, unsure=unsure))
    return sorted(
        [*(one for at, one in enumerate(exact) if at not in dropped), *kept], key=lambda one: one.start
    )


def heard(
    folded: str, exact: list[Mention], places: Gazetteer
) -> list[tuple[Near, tuple[float, ...], tuple[str, ...]]]:
    """Names nearly said, at most one for a stretch of the text: the name, what it stands beside, the codes it may mean."""
    near = places.nearly.find(
        folded, {one.end: frozenset(places[code].town for code in one.codes) for one in exact}
    )
    if not near:
        return []
    towns = {places[code].town for one in exact for code in one.codes if places[code].kind in TOWN_KINDS}
    far = list(places.foreign.finditer(folded))
    foreign = [match.end() for match in far]
    taken: list[tuple[int, int]] = []
    found: list[tuple[Near, tuple[float, ...], tuple[str, ...]]] = []
    for one in near:
        if any(one.start < end and begin < one.end for begin, end in taken):
            continue
        if (
            towns
            and not any(places[code].town in towns for code in one.codes)
            and any(
                places[code].town in towns
                for other in near
                for code in other.codes
                if other.start < one.end and one.start < other.end and other.rank < one.rank + 0.5
            )
        ):
            continue  # the town that was named has a name that is as near
        taken.append((one.start, one.end))
        codes = one.codes
        if towns and any(places[code].town in towns for code in codes):
            codes = tuple(code for code in codes if places[code].town in towns)
        lead = 2.0
        for other in near:
            if other.start >= one.end or one.start >= other.end or set(other.codes) & set(codes):
                continue
            if any(
                code in places.around(mine) or mine in places.around(code)
                for code in other.codes
                for mine in codes
            ):
                continue
            if towns and not any(places[code].town in towns for code in other.codes):
                continue
            lead = min(lead, other.rank - one.rank)
        agrees = bool(towns) and any(places[code].town in towns for code in codes)
        beside = (
max(0.0, lead), float(lead < 0.35), float(bool(towns) and not agrees), float(bool(foreign)),
        )  # fmt: skip
        part = any(other.end == one.start and other.strength < 0.2 for other in exact)
        part = part or any(
            match.start() < one.start < match.end() or match.start() < one.end < match.end() for match in far
        )
        if not part and not _is_elsewhere(folded, one.start, foreign, places):
            found.append((one, beside, codes))
    return found


#: Words that carry an area on to the place in it: 海淀区苏家坨镇梅所屯村.
_CARRIES_ON = re.compile(r"^[省市区县镇乡街道村\u4e00-\u9fff]{0,7}$")
_LETS_GO = re.compile(
    r"[,。;、:!?，；：！？\s]|现在|现住|如今|住在|家在|家住|我在|人在|到|来|去|和|与|离|往|上班|工作|打工|回"
)
_TOWN_IN_FRONT = re.compile(r"([\u4e00-\u9fff]{2,4}?)(镇|乡|街道|地区)$")


def _foreign_ends(folded: str, places: Gazetteer, named: Iterable[tuple[int, int]] = ()) -> list[int]:
    """Where other cities' and districts' names end; 永定 in a listed 永定河左堤 is none."""
    own = list(named)
    return [
        match.end()
        for match in places.foreign.finditer(folded)
        if not any(start <= match.start() and match.end() < end for start, end in own)
    ]


def _is_elsewhere(folded: str, start: int, foreign: Iterable[int], places: Gazetteer) -> bool:
    """Whether the words in front put a name into another city, district or town than those of the list."""
    for end in foreign:
        between = folded[end:start]
        if 0 <= start - end <= 8 and not _LETS_GO.search(between) and _CARRIES_ON.match(between):
            return not any(name in between for name in places.district_names)
    before = folded[max(0, start - 8) : start]
    if (other := _OTHER_AREA.search(before)) and not _NOT_AN_AREA.search(other.group(1)):
        return not _is_ours(other.group(1), places)
    return False


def _in_context(length: int, before: str, after: str, ordinary: bool, town: bool, coined: bool) -> float:
    """How much a name counts where it stands: 1 a plain place, 0 not a place here."""
    if (
        length <= 3
        and before
        and before[-1] in _MAKES_ANOTHER_BEFORE
        and not before.endswith(("一下", "大小"))
    ):
        # 从东到西黄村 is rarer than 西黄村; 反映一下福上村 is not
        return 0.0
    another = _MAKES_ANOTHER_AFTER.match(after) is not None and not after.startswith(("街道",))
    if length == 2:
        strong = _LEADS_STRONGLY.search(before) is not None or _FOLLOWS_STRONGLY.match(after) is not None
        if ordinary:
            if not strong or after.startswith(("门", "医院", "的环境", "的社会", "的生活", "团结")):
                return 0.0
            return 0.6
        weak = _LEADS.search(before) is not None or _FOLLOWS.match(after) is not None
        if another:
            return 0.5 if strong or weak else 0.0
        return 0.85 if strong else 0.7 if weak else 0.5 if coined else 0.0
    if another and (town or length == 3):
        return 0.55
    return 1.0


def _is_ours(area: str, places: Gazetteer) -> bool:
    """Whether a named area is the district itself or the city around it, as far as the district's names tell."""
    return any(
        area.endswith(name) or name.endswith(area) or name.startswith(area) for name in places.district_names
    )


def _distinct(mentions: Iterable[Mention]) -> list[Mention]:
    """One mention per set of codes: saying a name twice is no second witness. The strongest stays."""
    kept: dict[tuple[str, ...], Mention] = {}
    for one in mentions:
        key = tuple(sorted(one.codes))
        if key not in kept or kept[key].strength < one.strength:
            kept[key] = one
    return sorted(kept.values(), key=lambda one: (one.hinted, one.start))


def _strength(mention: Mention, place: Place) -> float:
    return mention.strength * _STRENGTH.get(place.kind, 0.7)


def _towns(mentions: Iterable[Mention], places: Gazetteer) -> dict[str, float]:
    """Town code → probability. Each mention adds its weight, split among the towns it may lie in."""
    logs: dict[str, float] = {}
    for one in mentions:
        located = [places[code] for code in one.codes if places[code].town]
        towns = {place.town for place in located}
        for town in towns:
            part = max(_strength(one, place) for place in located if place.town == town)
            logs[town] = logs.get(town, 0.0) + _WEIGHT * part / len(towns)
    if not logs:
        return {}
    weights = {town: math.exp(value) for town, value in logs.items()}
    total = sum(weights.values()) + math.exp(_ELSEWHERE)
    return {town: weight / total for town, weight in weights.items()}


def _shares(mentions: list[Mention], towns: Mapping[str, float], places: Gazetteer) -> dict[str, float]:
    """Place code → probability: inside each town the most exact places share what the town has."""
    named: dict[str, dict[str, float]] = {}
    for one in mentions:
        for code in one.codes:
            place = places[code]
            if place.town:
                inside = named.setdefault(place.town, {})
                inside[code] = max(inside.get(code, 0.0), _strength(one, place) / math.sqrt(len(one.codes)))
    shares: dict[str, float] = {}
    for town, inside in named.items():
        covered = {around for code in inside for around in places.around(code)[1:]}
        leaves = {code: value for code, value in inside.items() if code not in covered} or inside
        deepest = {
            code: value * (1 + 0.5 * _DEPTH.get(places[code].kind, _DEEPEST)) ** 2
            for code, value in leaves.items()
        }
        total = sum(deepest.values())
        for code, value in deepest.items():
            shares[code] = towns[town] * value / total
    return shares


def _decide(
    ranked: list[tuple[str, float]], towns: Mapping[str, float], mentions: list[Mention], places: Gazetteer
) -> tuple[Place | None, float]:
    if not ranked:
        # Only places that lie in no town of the list (a railway, a river): named, but not placed.
        only = [
            one.codes[0] for one in mentions if len(one.codes) == 1 and one.strength > 0.2 and not one.unsure
        ]
        return (places[only[0]], 0.4) if len(only) == 1 else (None, 0.0)
    code, share = ranked[0]
    town = places[code].town
    if towns.get(town, 0.0) <= _SURE:
        return None, share
    second = next((value for other, value in ranked[1:] if places[other].town == town), 0.0)
    if share > _SURE and share > 1.5 * second:
        return places[code], share
    # The town is sure, the spot is not: what the likely spots have in common is a fact, not a guess.
    rivals = [other for other, value in ranked if places[other].town == town and value > 0.4 * share]
    common = _common(rivals, places)
    return (common, towns[town]) if common is not None else (None, share)


def _left_open(best: Place, mentions: list[Mention], text: str, places: Gazetteer) -> bool:
    """Whether the answer rests on a name that was not surely heard, or on a town or road behind which an unknown name stands."""
    about = [one for one in mentions if best.code in one.codes]
    if any(one.unsure for one in mentions) and not any(
        not one.unsure and _DEPTH.get(best.kind, _DEEPEST) >= 2 for one in about
    ):
        return True
    if best.kind not in TOWN_KINDS and best.kind != "road":
        return False
    ends = {one.end for one in about if not one.hinted}
    if not ends or any(one.hinted for one in about):
        return False
    folded = fold(text)
    return any(
        one.start in ends or (one.start - 1 in ends and folded[one.start - 1] in " ,，")
        for one in stretches(folded, ends)
    )


def _common(codes: list[str], places: Gazetteer) -> Place | None:
    chains = [places.around(code) for code in codes]
    for candidate in chains[0]:
        if all(candidate in chain for chain in chains):
            place = places[candidate]
            return None if place.kind == "district" else place
    return None


def _why(
    mentions: list[Mention], towns: Mapping[str, float], best: Place | None, places: Gazetteer
) -> tuple[str, ...]:
    why: list[str] = []
    if best is not None:
        hits = [one for one in mentions if best.code in one.codes]
        why.append("exact" if any(one.exact for one in hits) else "alias" if hits else "common")
        about = [one for one in mentions if any(places[code].town == best.town for code in one.codes)]
        if len(about) > 1:
            why.append("agree")
        if len(about) < len(mentions):
            why.append("disagree")
    elif len(towns) > 1:
        why.append("ambiguous" if len(mentions) == 1 else "disagree")
    if any(one.hinted for one in mentions):
        why.append("hint")
    return tuple(why)
