"""Words that cannot wait: signals of danger in what a caller says, and what they do to the level.

A signal is a few words in a caller's text (someone stands in the cold, it smells of gas, a child is locked in). It
lowers the number of the level (1 is the fastest) and may say that the matter belongs to an emergency line at once.
The words alone are not enough: "没有漏气", "上个月着过火", "建议加强防火" and "点不着火" name the same things and mean no
danger now. Each pattern therefore says which turns of phrase take its force away.

A missed danger costs more than a needless look, so where a turn of phrase is unclear ("是不是漏气了") the signal stays.

>>> [(found.code, found.words, found.level) for found in signals_in("老人在桥下冻了一天")]
[('stranded', '在桥下冻了一天', 1)]
>>> signals_in("家里没有漏气,就是想咨询防火知识")
[]
>>> urgent_level("楼道着火了!", default=3)[0]
1
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import ahocorasick


@dataclass(frozen=True, slots=True)
class Signal:
    """A kind of danger: its code, its Chinese name, the level it asks for and the line it belongs to (or None)."""

    code: str
    words: str
    level: int
    redirect: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """A signal found at ``[start, end)`` of the text as it was given."""

    code: str
    start: int
    end: int
    words: str
    level: int
    redirect: str | None


SIGNALS: dict[str, Signal] = {
    signal.code: signal
    for signal in (
        Signal("fire", "着火", 1, "119", "a fire burns now"),
        Signal("violence", "正在行凶", 1, "110", "somebody is attacked now"),
        Signal("self_harm", "轻生", 1, "110", "somebody may take their life"),
        Signal("despair", "绝望", 1, None, "words of despair: a person must phone back"),
        Signal("medical", "急病", 1, "120", "life is in danger from an illness or an injury"),
        Signal("poisoning", "中毒", 1, "120", "somebody is poisoned"),
        Signal("accident", "车祸伤人", 1, "122", "a traffic accident with injured people"),
        Signal("lift_trapped", "电梯困人", 1, "119", "somebody is shut in a lift"),
        Signal("fallen_in", "坠井", 1, "119", "somebody fell into a well or a pit"),
        Signal("missing", "走失", 1, "110", "a child or an old person is lost"),
        Signal("child_alone", "孩子独自", 1, None, "a small child is alone or shut in"),
        Signal("elder_silent", "独居老人失联", 1, None, "an old person living alone does not answer"),
        Signal("stranded", "滞留受冻", 1, None, "somebody has nowhere to go or is freezing"),
        Signal("gas_leak", "燃气泄漏", 1, None, "gas leaks or smells"),
        Signal("collapse", "坍塌", 1, None, "a building or structure collapses"),
        Signal("live_wire", "带电外露", 1, None, "a live wire lies open"),
        Signal("road_collapse", "路面塌陷", 2, None, "the road caves in"),
        Signal("open_manhole", "井盖缺失", 2, None, "a manhole stands open"),
        Signal("flooded_home", "家中进水", 2, None, "water or sewage stands in a home"),
        Signal(
            "heat_cut_vulnerable", "老幼无暖", 2, None, "no heat, with a baby, a patient or an old person"
        ),
        Signal("heat_cut", "停暖", 2, None, "no heat"),
        Signal("water_cut", "停水", 2, None, "no water"),
        Signal("power_cut", "停电", 2, None, "no electricity"),
        Signal("gas_cut", "停气", 2, None, "no gas"),
    )
}

# --- Turns of phrase that take a signal's force away. They are asked of the words around it. ---------------------------

_STOPS = "。!?;…\n"
_CLAUSE_STOPS = _STOPS + ",、:"
#: "没有(发生)漏气", "点不着火"; not "有没有", "是不是", which ask.
_NEGATED = re.compile(
    r"(?:(?<!有)没有?|(?<!是)不是|(?<!要)不要|(?<!能)不能|别|未|无|并非|不会|不存在|(?:打|点|扑|烧|引|燃)不|杜绝|排除)"
    r"(?:再|发生|出现|发现|闻到|任何|什么|存在|听说|过|明显|的)*$"
)
_NEGATED_AFTER = re.compile(
    r"^(?:了)?(?:的)?(?:情况|现象|问题)?(?:已经?)?(?:排除|解除|不存在|没有发生|是误报|是假的)"
)
#: Asked, feared or planned, not seen.
_SUPPOSED = re.compile(
    r"如果|要是|万一|一旦|假如|倘若|若是|假设|建议|预防|防止|避免|以防|以免|防范|谨防|严防|防(?=$)|演练|演习|培训|讲座|宣传|"
    r"担心|害怕|怕(?!冷|热)|会不会|容易|可能|极易|易(?=$|发|引)|迟早|早晚|(?<!的)隐患|是否|怎么预防|如何|怎么办理|差点|险些|"
    r"咨询|请问|想问|想了解|什么时候|何时|几点|为了|安全知识|以后再|发生.{0,2}时$"
)
#: Words right behind that turn the thing into a subject: 火灾隐患, 燃气泄漏报警器, 触电保护器.
_SUBJECT_AFTER = re.compile(
    r"^(?:的|等|类|型|性|应急)?(?:谁都跑|跑不|隐患|风险|危险性?|可能|报警|警报|预警|预案|演练|演习|知识|宣传|培训|险|保护|探测|检测|"
    r"检查|排查|事件应对|似的|一样|(?:往|朝)哪|(?:咋|怎么)(?:办|跑|逃)|应对|怎么办|如何|吗怎|防护|防范|预防|保险|热线|干预|逃生|自救|救援队|专项)"
)
_LONG_AGO = re.compile(
    r"上个?月|去年|前年|往年|以前|曾经|曾(?!孙|女)|上次|上回|当年|那年|小时候|早些年|多年前|[\d一二两三四五六七八九十几半]+个?(?:月|年|多月|多年)前|"
    r"(?:19|20)\d\d年(?:的)?(?:\d{1,2}月)?|前些年|前段时间|历史上"
)
_DAYS_AGO = re.compile(
    r"昨天|昨日|昨晚|昨夜|前天|大前天|前晚|上周|上星期|上礼拜|前几天|前两天|[\d一二两三四五六七八九十几]+天前|周[一二三四五六日]的时候"
)
_NOW = re.compile(
    r"现在|正在|此刻|这会儿?|还在|仍在|仍然|至今|到今天|又|今天|今早|今晚|今夜|刚刚|刚才|快来|救命|马上|再次|一直|目前"
)
_THIS_MINUTE = re.compile(r"现在|正在|此刻|这会儿?|还在|刚刚|刚才|快来|救命|马上来")
_PAST_PARTICLE = re.compile(r"^.?过(?!来|去|路|道|程|敏|年|夜|火|高|大|多|膝|腰|程)")
_HABIT = re.compile(r"经常|总是|多次|时常|老是|屡次|频繁|三天两头|常常|屡屡|每年|每次|隔三差五|动不动")
#: The danger is over and its bill, its cause or its report is asked for.
_AFTERMATH = re.compile(
    r"赔偿|索赔|理赔|赔付|起火原因|事故原因|事故认定|责任认定|认定书|认定结果|灾后|(?:火灾|着火|起火|事故|车祸|中毒)(?:之?后|以后)|善后|追责|"
    r"报销|工伤|伤残|鉴定|结案|立案|判决|起诉|笔录|调解|出院|住院费|医药费|医疗费|丧葬|抚恤|新闻|报道|视频里|电视剧|小说|游戏"
)

NEGATED, SUPPOSED, SUBJECT, LONG_AGO, DAYS_AGO, HABIT, AFTERMATH = range(7)
_ALL = frozenset({NEGATED, SUPPOSED, SUBJECT, LONG_AGO, DAYS_AGO, HABIT, AFTERMATH})
_STATE = _ALL - {DAYS_AGO, HABIT, AFTERMATH}
"""A state that began yesterday goes on today: no heat since yesterday, gas smells every evening."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    code: str
    regex: re.Pattern[str]
    guards: frozenset[int]
    #: Must stand somewhere in the text, when given.
    needs: re.Pattern[str] | None = None
    #: Must not stand in the same sentence, when given.
    spoils: re.Pattern[str] | None = None


def _p(
    code: str, regex: str, guards: frozenset[int] = _ALL, needs: str | None = None, spoils: str | None = None
) -> _Pattern:
    return _Pattern(
        code,
        re.compile(regex),
        guards,
        re.compile(needs) if needs else None,
        re.compile(spoils) if spoils else None,
    )


_ELDER = r"(?:老人|老太太|老大爷|大爷|大妈|老爷子|奶奶|爷爷|外公|外婆|姥姥|姥爷|老伴|独居|孤寡|空巢|岁的?邻居|老母亲|老父亲|母亲|父亲|我妈|我爸)"
_CHILD = r"(?:孩子|小孩|宝宝|婴儿|娃|儿童|女儿|闺女|丫头|儿子|男娃|幼儿|小朋友|孙子|孙女)"
_GONE = r"(?:走失|走丢|走散|失踪|离家出走|转眼就没了|(?<!看)(?<!听)不见了|丢了|找不到了?)"
_OUTDOORS = r"(?:天?桥底?下面?|桥洞(?:子)?(?:底?下|里)?|路边|街头|街上|大街|马路|雪地|户外|室外|露天|公园|车站|广场|村口|卡口|荒地|野外)"
_HOMELY = r"家里|屋里|室内|在家|屋子|房间|卧室|暖气|供暖|供热|地暖|采暖|室温"
_THINGS = r"(?:手机|钥匙|车|自行车|电动车|东西|猫|狗|刺猬|鸟|羊|牛|球|井盖|垃圾|帽子)"
_LOST_FORCE_OF_COLD = r"狗|猫|鸟|花|水管|管道|水表|路面|蔬菜|大棚|庄稼|树|苗|冷冻|冻结|解冻|冻品|冻肉|冻雨|冻鱼|果冻|冻住|冻裂|冻货|冻库|账户|工资卡|防冻"

_PATTERNS: tuple[_Pattern, ...] = (
    # Fire. 打不着火 and 上火 are no fires; 一起火灾 reported for its bill is over.
    _p(
        "fire",
        r"(?<!点)(?<!打)(?<!上)着(?:起)?(?:了)?(?:大)?火(?!点|候|化|葬|车)|失火|火灾|(?<!一)起(?:了)?(?:大)?火(?!灾|锅|候|车)|冒浓烟|烧起来|烧着了|窜火|冒火(?!星|花)|火势",
    ),
    # Violence that goes on now.
    _p(
        "violence",
        r"持刀|拿着?(?:菜|砍|水果)?刀|砍人|捅人|绑架|劫持|抢劫|打起来|正在打(?:我|人|架|孩子|老婆|他|她)|打群架|正(?:在)?(?:被|挨)打",
    ),
    _p(
        "violence",
        r"(?:又|正|还|在)(?:在)?(?:家暴|殴打)|要(?:杀|砍|打死)(?:了)?(?:我|人|她|他|全家)|(?:扬言|威胁)(?:要)?(?:杀|砍|炸)|又(?:.{0,8}?)(?:打|抽|踹|掐)(?:我|孩子|她)(?!电话|手机|的)|杀了?(?:我|她|他|你)?全家|毁我?(?:的)?容|卸(?:我|他)?(?:一)?条?(?:胳膊|腿)",
    ),
    # Life itself. 跳楼价, 想死你了, 累死 are ways of speaking.
    _p(
        "self_harm",
        r"自杀(?!式)|轻生|割腕|上吊(?!死鬼)|割(?:了|开)?手腕|(?:吞|吃|喝)(?:了|下)?(?:.{0,4}?)安眠药|诀别|遗书|自焚|自残|喝农药|不想活(?:了|着)?|(?<!想)想死(?!你|我|他|她)|一了百了|同归于尽",
    ),
    _p(
        "self_harm",
        r"(?:要|想|准备|打算|去|站在.{0,8})(?:去)?(?:跳楼|跳河|跳桥|跳湖)(?!价|机|甩)|(?:有人|坐在|站在).{0,10}(?:跳楼|跳河)(?!价|机|甩)",
    ),
    _p(
        "despair",
        r"活不下去|生不如死|没法活|活着没(?:有)?意思|死了算了|死给.{0,4}看",
        frozenset({NEGATED, LONG_AGO}),
    ),
    # Illness.
    _p(
        "medical",
        r"晕倒|昏倒|昏迷|不省人事|没有?呼吸|呼吸困难|大出血|口吐白沫|心脏病(?:发作|犯了)|心梗|快不行了|(?:马上|快|就)要生了|破水|休克|正在抢救|喘不上气|胸口(?:.{0,2})疼得|说不出话|嘴(?:也|都)?歪|(?:刚|突然|我爸|我妈|老伴|老人)(?:.{0,4}?)中风",
    ),
    _p("poisoning", r"(?:煤气|一氧化碳|食物|农药|酒精|燃气|蘑菇|集体)中毒", spoils=r"电脑|手机中毒"),
    _p(
        "accident",
        r"(?:车祸|交通事故|撞车|翻车|追尾|撞(?:了|到|倒)(?:了)?(?:人|老人|行人|孩子|小孩)).{0,20}?(?:受伤|伤了|流血|出血|昏迷|倒地|不动|伤者|起不来|骨折|被困)",
    ),
    _p("accident", r"(?:受伤|流血|昏迷|倒在地上).{0,12}?(?:车祸|交通事故|被车撞)"),
    # Shut in, fallen, lost, alone.
    _p(
        "lift_trapped",
        r"(?:被)?(?:困|关|卡|堵)在(?:了)?(?:.{0,4})电梯(?:里|内|中|间)?|电梯(?:里|内)?(?:又)?(?:困|关着?)(?:了|着|住)?(?:.{0,5})?人|电梯(?:里|内).{0,8}出不来",
    ),
    _p(
        "fallen_in",
        r"(?:掉|落|跌|坠|摔|栽)(?:进|入|到|在|下)(?:了)?(?:.{0,6})(?:(?<!天)井|化粪池|深坑|大坑|沟里|河里|冰窟)",
    ),
    _p(
        "missing",
        rf"(?:{_ELDER}|{_CHILD}).{{0,10}}?{_GONE}",
        spoils=r"的(?:手机|钱|卡|证|书包|户口|出生证|医学证明)|(?:证|卡|本|单|票|钱包|证明|档案|学籍|手机|书包|车)(?:.{0,4})(?:不见了|丢了|找不到)|找不到(?:工作|学校|对象|幼儿园|人管|地方)",
    ),
    _p(
        "child_alone",
        rf"{_CHILD}.{{0,6}}?(?:被)?(?:锁|反锁|关|困|留|丢|扔)在(?:了)?(?:.{{0,3}})(?:家|屋|车|房|门|楼道|路边|垃圾)",
    ),
    _p(
        "child_alone",
        rf"{_CHILD}(?:.{{0,3}})(?:自己|一个人|独自)(?:.{{0,4}})在(?:家|屋|车|窗|阳台|路边|外面)",
    ),
    _p(
        "elder_silent",
        rf"{_ELDER}.{{0,20}}?敲门.{{0,8}}?(?:没人|没有?(?:回应|应|反应|动静)|不应|不开)",
        _ALL - {DAYS_AGO, AFTERMATH},
    ),
    _p(
        "elder_silent",
        r"(?:独居|孤寡|一个人住|空巢).{0,20}?(?:联系不上|没人应|不接电话|电话(?:.{0,3})(?:没人接|不接|打不通)|失联|几天没(?:见|出)|好几天没)",
        _ALL - {DAYS_AGO, AFTERMATH},
    ),
    _p(
        "elder_silent",
        rf"{_ELDER}.{{0,8}}?(?:失联|联系不上|(?:摔|跌)倒.{{0,8}}?(?:起不来|动不了))",
        _ALL - {AFTERMATH},
    ),
    # Nowhere to go, cold.
    _p(
        "stranded",
        rf"(?:困|滞留|睡|住|躺|蹲|站)在(?:了)?{_OUTDOORS}|在(?:.{{0,4}}){_OUTDOORS}(?:.{{0,6}})(?:冻|过夜|一夜|一天|一宿|站了|坐了|躺着?|睡着?|缩|发抖)",
        spoils=r"车辆滞留|垃圾滞留|快递|(?:睡|住)在?(?:.{0,2})(?:猫|狗)|流浪(?:猫|狗|犬)|建材|共享单车",
    ),
    _p(
        "stranded",
        r"露宿|流落街头|无家可归|(?:没|无)(?:有)?(?:地方|处)可?去|无处可去|没(?:有)?地方住.{0,8}(?:今晚|外面|街)|(?:今晚|今夜|现在).{0,6}没(?:有)?地方住",
        frozenset({SUPPOSED, SUBJECT, LONG_AGO}),
        spoils=r"流浪(?:猫|狗|犬|动物)|猫|狗|垃圾没|车没地方|停车|幼儿园|园长|学费|上学|入学|下水|污水|雨水",
    ),
    _p("stranded", r"困(?:在)?(?:炕|床|屋|房|楼|车|水|山|树|家)(?:.{0,6}?)(?:出不来|下不来|动不了|出不去)"),
    _p(
        "stranded",
        r"被困(?!扰|难|境|惑|在?电梯)|不让(?:我们?|他|老人)?(?:进村|进小区|回家|进门).{0,20}?(?:冻|外面|夜里|零下|雪)",
        spoils=r"电梯|资金被困",
    ),
    _p(
        "stranded",
        r"冻(?:得|坏|僵|伤了|死了|死人|死在|透|着呢|了(?:一|半|好|整)|晕|一(?:天|夜|宿))",
        _STATE,
        spoils=_LOST_FORCE_OF_COLD + "|" + _HOMELY,
    ),
    _p(
        "stranded",
        r"零下.{0,12}?(?:外面|户外|桥|街|雪地|露天|没地方)|(?:外面|户外|桥|街|雪地|露天).{0,12}?零下.{0,4}?度",
        _STATE,
        needs=r"人|他|她|我|老|孩",
        spoils=_LOST_FORCE_OF_COLD + r"|施工|混凝土",
    ),
    # Gas, structures, wires, holes.
    _p(
        "gas_leak",
        r"(?:煤气|燃气|天然气|液化气|瓦斯)(?:管道?|罐|灶|表|阀门?)?(?:.{0,4}?)(?:泄漏|泄露|漏气|漏了|在漏|刺鼻)|(?:煤气|燃气|天然气|液化气)(?:的)?(?:味道?|臭味)|(?:闻到|有|一股|股)(?:.{0,6}?)(?:煤气|燃气|天然气|液化气)(?:味|的味)",
        _STATE,
    ),
    _p(
        "gas_leak",
        r"漏气",
        _STATE,
        needs=r"煤气|燃气|天然气|液化气|灶|气表|气罐",
        spoils=r"轮胎|空调|暖气|窗|气球|热水袋|漏气(?:检测|报警)",
    ),
    _p(
        "collapse",
        r"(?:房子|房屋|平房|楼房|楼板|房顶|屋顶|屋子|墙|围墙|院墙|外墙|墙体|天花板|阳台|大棚|桥|桥面|脚手架|塔吊|广告牌|牌匾|棚子)(?:.{0,6}?)(?:坍塌|倒塌|垮塌|塌了|塌下|塌陷|要塌|倒了|砸(?:到|伤|中)(?:.{0,2})人)",
        _ALL - {DAYS_AGO, HABIT},
        spoils=r"房价|人设",
    ),
    _p(
        "collapse",
        r"随时(?:都)?(?:会|可能|有可能|要|面临)?(?:.{0,3}?)(?:倒塌|坍塌|垮塌|塌|倒下来|掉下来砸)|摇摇欲坠",
        frozenset({NEGATED, LONG_AGO}),
    ),
    _p(
        "road_collapse",
        r"(?:路面|马路|道路|地面|人行道|便道|辅路|路基|地下)(?:.{0,6}?)(?:塌陷|塌方|塌了|塌下|沉陷|塌出|陷下去)",
        _ALL - {DAYS_AGO, HABIT},
    ),
    _p(
        "live_wire",
        r"(?:电线|电缆|高压线|线缆|线头|电线杆|变压器|配电箱|电箱|灯杆|路灯)(?:.{0,8}?)(?:裸露|外露|露在外|露出来|漏电|断了|断落|掉(?:了|在|到|下)|落(?:在|到)地|冒火花?|打火|放电)",
        _ALL - {DAYS_AGO, HABIT},
        spoils=r"光缆|网线",
    ),
    _p("live_wire", r"漏电(?!保护|断路|开关)|触电(?!保护)|电死(?:了)?人", _ALL - {DAYS_AGO, HABIT}),
    _p(
        "open_manhole",
        r"井盖(?:.{0,6}?)(?:没了|没有了|丢了|丢失|缺失|不见|不翼而飞|被偷|掉了|塌|敞开|开着)|(?:缺|少|没有?)(?:了)?(?:个)?井盖",
        _ALL - {NEGATED, DAYS_AGO, HABIT},
    ),
    _p(
        "flooded_home",
        r"(?:家里|家中|屋里|屋内|客厅|卧室|厨房|卫生间|厕所|平房|院子|一楼|家)(?:都|也|全|又|就)?(?:.{0,5}?)(?:被淹|淹了|进水|灌水|倒灌|反水|水漫|泡在水|泡水|积水|冒粪水|返水|返污水|跑水)",
        _ALL - {DAYS_AGO, HABIT},
    ),
    # Water, power, gas, heat: the basics of living.
    _p(
        "heat_cut",
        r"(?:暖气|供暖|供热|地暖|暖气片|采暖)(?:.{0,6}?)(?:不热|没热|冰凉|不够热|凉的|停了|没有?来|没供|坏了|不达标|没温度|一点不热|不给力|中断|不暖)|(?<!报)(?<!请)停(?:暖|热)(?!费|手续|申请|业务)|没(?:有)?(?:暖气|供暖|供热)(?!费|片|改造|管|公司|证|户|协议|合同)|不供暖|断暖",
        _STATE,
        spoils=r"暖气(?:费|改造)怎么|申请停暖|办理停暖|报停",
    ),
    _p(
        "heat_cut",
        r"(?:室温|屋里|家里|室内)(?:.{0,8}?)(?:只有|才|不到|达不到|低于)(?:.{0,2}?)(?:\d{1,2}|十[几一二三四五六七八]?|十来)(?:多|几)?(?:度|℃)",
        _STATE,
    ),
    _p(
        "heat_cut",
        r"(?:家里|屋里|在家|室内|房间|晚上)(?:.{0,8}?)冻(?:得|死|坏|醒)",
        _STATE,
        spoils=_LOST_FORCE_OF_COLD,
    ),
    _p(
        "water_cut",
        r"(?:停|断)(?:了)?(?:.{0,2}天)?(?:自来)?水(?!泥|电费|费|果|手续)|(?<!有)没(?:有)?(?:自来)?水(?!平|准|印|电|费|果|管|表|分|箱|井|槽|杯|池|泥|稻|渠|库|灾|痕|渍|性|货|龙|份|体|利|漏|漫|淹|可以?排|务)|水(?:龙头|管)?(?:.{0,2})没水|一滴水都?没",
        _STATE,
        spoils=r"消防(?:栓|管)|消火栓|公厕|公共厕所|游泳池|景观|喷泉|河里|鱼塘|热水器",
    ),
    _p(
        "power_cut",
        r"(?:停|断)(?:了)?(?:.{0,2}天)?电(?!动|瓶|车|梯|视|费|话|缆|信|脑|商)|没(?:有)?电(?!梯|话|视|动|瓶|脑|子|影|源|车|费|缆|信|商|工|线|表|器|线杆|力)|跳闸|电(?:路)?(?:又|全)?(?:停|断)了",
        _STATE,
        spoils=r"(?:手机|车|电池|电瓶|遥控器|门锁|手表|指纹锁)(?:.{0,3})(?:没|没有)电",
    ),
    _p(
        "gas_cut",
        r"停(?:了)?(?:.{0,2}天)?(?:燃|煤|天然)?气(?!费|候|象|味)|断气了?(?=.{0,6}(?:做饭|燃气|灶))|没(?:有)?(?:燃气|煤气|天然气)(?!味|费|泄|漏|管|表|公司|证|灶|的味)|(?:燃气|天然气|煤气)(?:.{0,3}?)(?:停了|断了|没了|中断|没来)",
        _STATE,
    ),
    # The same dangers in the words of people who do not name them.
    _p(
        "fire",
        r"(?:草|山坡|变压器|垃圾堆|车|房子|屋子|仓库)(?:.{0,6}?)(?<![停站放等开])着了(?=[,。!;]|$)|(?:一股|股|滚滚|冒)(?:.{0,2})黑烟",
    ),
    _p(
        "self_harm",
        r"(?:窗台|栏杆外|楼顶|天台|阳台外|空调架)(?:.{0,8}?)(?:站|坐)着|(?:就|要|想)从(?:.{0,8}?)跳下去",
        spoils=r"施工|工人|装修|修理|刷墙|安装|花盆",
    ),
    _p(
        "lift_trapped",
        r"电梯(?:里|内)(?:.{0,6}?)(?:喊救命|拍门)|电梯(?:又)?卡在(?:.{0,5}?)(?:楼|层)|卡在(?:.{0,4}?)楼(?:跟|和|与)|关在里(?:头|面)了",
    ),
    _p("lift_trapped", r"电梯门?夹住?(?:了)?(?:.{0,6}?)(?:胳膊|腿|脚|头)"),
    _p(
        "missing",
        r"(?:捡到|发现)(?:.{0,3}?)(?:走失|迷路)?(?:的)?(?:老人|老太太|老头|小孩|孩子)|(?:糊涂|痴呆|老人|爷爷|奶奶|孩子).{0,20}?出(?:去|门).{0,16}?没(?:有)?回",
        spoils=r"打工|上班|捡到(?:.{0,6})的(?:手机|钱|包)",
    ),
    _p(
        "child_alone",
        r"婴儿(?:.{0,4}?)(?:放|扔|丢|遗弃)在?(?:.{0,4}?)(?:楼道|路边|垃圾|门口)|(?:娃|孩子|丫头|小孩)(?:.{0,4}?)(?:搁|撂|扔|锁)在?屋里|(?:娃|孩子|小孩)(?:.{0,3}?)在?(?:阳台|窗台|窗户)(?:.{0,4}?)爬",
    ),
    _p(
        "stranded",
        rf"{_OUTDOORS}(?:.{{0,8}}?)(?:睡着|躺着|裹着|缩着)|卡在(?:高速口?|收费站|卡口|检查站)|车上睡了|(?:门口|门外|门卫)(?:.{{0,4}}?)(?:躺|坐|站|冻)了?(?:一宿|一夜|两天|一天一夜)",
        spoils=r"流浪(?:猫|狗|犬)|猫|狗|垃圾|树|电线",
    ),
    _p(
        "stranded",
        r"水(?:都)?(?:已经)?(?:到|漫到|漫过|没过|齐)(?:了)?(?:我|他|人|成人|大人)?(?:的)?(?:腰|胸|脖子|大腿|车窗|车顶)",
        spoils=r"游泳|池水",
    ),
    _p(
        "stranded",
        r"困在(?:下头|下面|里头|里面|值班室|地下)|(?:灌满|淹|涨水|水泡|进水|泡了)(?:.{0,16}?)(?:下不来|出不来|出不去|推不开)",
    ),
    _p(
        "gas_leak",
        r"臭鸡蛋味|(?:黄管子?|气管|软管|液化罐|气罐|煤气罐|煤气表|燃气表|灶)(?:.{0,8}?)(?:嘶嘶|呲呲|滋滋|刨漏|挖断|咬破|喷气)",
        _STATE,
        spoils=r"下水道|化粪池|臭水|垃圾|河",
    ),
    _p(
        "collapse",
        r"随时(?:.{0,3}?)(?:掉下来|砸下来|砸到人)|房梁(?:.{0,6}?)(?:断|折)|楼体(?:.{0,6}?)(?:歪|倾斜)|墙体?(?:.{0,4}?)(?:歪了|鼓肚|要倒|要塌)|地基(?:.{0,3}?)下沉|土坡(?:.{0,4}?)(?:往下滑|滑坡)",
        frozenset({NEGATED, LONG_AGO}),
    ),
    _p(
        "live_wire",
        r"(?:黑|粗|电)线(?:.{0,4}?)断(?:了)?(?:.{0,6}?)(?:垂|掉|落)|(?:杆|线|箱)(?:子)?(?:.{0,5}?)(?:带电|冒(?:蓝)?火)|(?:滋滋|噼里啪啦)(?:.{0,3}?)(?:冒火|火星)|铜头(?:.{0,2}?)(?:裸|露)",
        _ALL - {DAYS_AGO, HABIT},
        spoils=r"光缆|网线",
    ),
)

# --- First pass: most patterns cannot match most texts. Which words a pattern cannot do without is read off its regex. --

_Words = frozenset[str]
#: A share of characters: how often a text has a given one here, about. Only the order of choices depends on it.
_COMMON = 0.02
_MOST_WORDS = 128


def _spelt(node: Any) -> _Words | None:
    """Every string that a piece of a parsed regex may stand for, where they are few; None otherwise."""
    kind, given = str(node[0]), node[1]
    if kind == "LITERAL":
        return frozenset(chr(given))
    if kind in ("AT", "ASSERT", "ASSERT_NOT"):  # they look and take no room
        return frozenset(("",))
    if kind == "IN" and all(str(one[0]) == "LITERAL" for one in given):
        return frozenset(chr(one[1]) for one in given)
    if kind == "SUBPATTERN":
        return _all_spelt(given[-1])
    if kind == "BRANCH":
        ways = [_all_spelt(one) for one in given[1]]
        return frozenset().union(*(way for way in ways if way is not None)) if None not in ways else None
    if kind in ("MAX_REPEAT", "MIN_REPEAT") and given[1] == 1:
        once = _all_spelt(given[2])
        return once if once is None or given[0] == 1 else once | {""}
    return None


def _all_spelt(nodes: Iterable[Any]) -> _Words | None:
    so_far: _Words = frozenset(("",))
    for node in nodes:
        one = _spelt(node)
        if one is None or len(so_far) * len(one) > _MOST_WORDS:
            return None
        so_far = frozenset(head + tail for head in so_far for tail in one)
    return so_far


def _needed(nodes: Iterable[Any]) -> _Words | None:
    """Words of which every match has at least one, the rarest such choice; None where no choice is found."""
    choices: list[_Words] = []
    so_far: _Words = frozenset(("",))
    for node in nodes:
        kind, given = str(node[0]), node[1]
        one = _spelt(node)
        if one is not None and len(so_far) * len(one) <= _MOST_WORDS:
            so_far = frozenset(head + tail for head in so_far for tail in one)
            continue
        choices.append(so_far)
        so_far = one if one is not None else frozenset(("",))
        inner: _Words | None = None
        if kind == "SUBPATTERN":
            inner = _needed(given[-1])
        elif kind == "BRANCH":
            ways = [_needed(way) for way in given[1]]
            inner = frozenset().union(*(way for way in ways if way is not None)) if None not in ways else None
        elif kind in ("MAX_REPEAT", "MIN_REPEAT") and given[0] >= 1:
            inner = _needed(given[2])
        choices.append(inner or frozenset(("",)))
    choices.append(so_far)
    best = min(choices, key=lambda words: (sum(_COMMON ** len(word) for word in words), sorted(words)))
    return None if "" in best else best


class _FirstPass:
    """Which patterns a text may match at all: those of whose words it has one, and those without such words."""

    def __init__(self, patterns: Sequence[_Pattern]) -> None:
        self.words = [self._words(pattern.regex) for pattern in patterns]
        self._always = sum(1 << at for at, words in enumerate(self.words) if words is None)
        masks: dict[str, int] = {}
        for at, words in enumerate(self.words):
            for word in words or ():
                masks[word] = masks.get(word, 0) | 1 << at
        self._finder = ahocorasick.Automaton()
        for word, mask in masks.items():
            self._finder.add_word(word, mask)
        self._finder.make_automaton()

    @staticmethod
    def _words(regex: re.Pattern[str]) -> _Words | None:
        try:  # Python's own parser is no promised part of it: where it is missing, each pattern is simply tried
            return _needed(importlib.import_module("re._parser").parse(regex.pattern))
        except (ImportError, AttributeError, TypeError, LookupError):
            return None

    def __call__(self, text: str) -> int:
        """A bit for each pattern that may match."""
        mask = self._always
        for _, one in self._finder.iter(text):
            mask |= one
        return mask


_FIRST_PASS = _FirstPass(_PATTERNS)


def _that_may_match(plain: str) -> list[_Pattern]:
    mask = _FIRST_PASS(plain)
    return [pattern for at, pattern in enumerate(_PATTERNS) if mask >> at & 1]


_VULNERABLE = re.compile(
    r"婴儿|宝宝|新生儿|满月|月子|产妇|孕妇|怀孕|个月大|老人|岁的?(?:老|母|父|奶|爷|孩)|[89]\d岁|七十|八十|九十|卧床|瘫痪|病人|残疾|幼儿|小孩|孩子"
)


#: Nobody says the same danger so often; a text that does (a key held down, a bad file) must not stop the desk.
_MOST_OF_A_PATTERN = 200


def signals_in(text: str) -> list[Found]:
    """Every signal of danger in the text, in the order of reading; one per kind and place.

    Positions count characters of ``text`` itself, so that a page can mark them.
    """
    if not text:
        return []
    plain = _same_length(text)
    found: list[Found] = []
    for pattern in _that_may_match(plain):
        if pattern.needs is not None and not pattern.needs.search(plain):
            continue
        for match in islice(pattern.regex.finditer(plain), _MOST_OF_A_PATTERN):
            if _holds(pattern, plain, match.start(), match.end()):
                found.append(_as_found(pattern.code, text, match.start(), match.end()))
    found = _without_overlaps(found)
    if any(one.code == "heat_cut" for one in found) and (weak := _VULNERABLE.search(plain)):
        found.append(_as_found("heat_cut_vulnerable", text, weak.start(), weak.end()))
    return sorted(found, key=lambda one: (one.start, one.level, one.code))


def urgent_level(text: str, default: int) -> tuple[int, list[Found]]:
    """The level the text asks for (never slower than ``default``), and the signals that say so."""
    found = signals_in(text)
    return min([default, *(one.level for one in found)]), found


def _as_found(code: str, text: str, start: int, end: int) -> Found:
    signal = SIGNALS[code]
    return Found(code, start, end, text[start:end], signal.level, signal.redirect)


def _same_length(text: str) -> str:
    """Full-width letters, digits and punctuation as half-width, character for character: positions stay."""
    return _MAY_FOLD.sub(lambda one: chr(_FOLDED[ord(one.group())]), text)


#: Letters and digits of ASCII and unified ideographs, nearly all of a text, are their own half-width form.
_MAY_FOLD = re.compile(r"[^\x00-\x7f\u4e00-\u9fff]")


class _Folded(dict[int, int]):
    """Each character's half-width form, found out once."""

    def __missing__(self, code: int) -> int:
        folded = unicodedata.normalize("NFKC", chr(code))
        self[code] = ord(folded) if len(folded) == 1 else code
        return self[code]


_FOLDED = _Folded()


def _holds(pattern: _Pattern, text: str, start: int, end: int) -> bool:
    sentence_start = max((text.rfind(stop, 0, start) for stop in _STOPS), default=-1) + 1
    stops = [at for stop in _STOPS if (at := text.find(stop, end)) >= 0]
    sentence_end = min(stops, default=len(text))
    clause_start = max((text.rfind(stop, sentence_start, start) for stop in _CLAUSE_STOPS), default=-1) + 1
    clause_start = max(clause_start, sentence_start)
    clause = text[clause_start:start]
    before = text[sentence_start:start]
    after = text[end:sentence_end]
    if pattern.spoils is not None and pattern.spoils.search(text[sentence_start:sentence_end]):
        return False
    if pattern.code == "fallen_in" and re.search(_THINGS + r".{0,3}$", clause):
        return False
    guards = pattern.guards
    if NEGATED in guards and (_NEGATED.search(clause) or _NEGATED_AFTER.match(after)):
        return False
    if SUBJECT in guards and _SUBJECT_AFTER.match(after):
        return False
    if SUPPOSED in guards and _SUPPOSED.search(clause):
        return False
    now_before = [match.end() for match in _NOW.finditer(before)]
    last_now = now_before[-1] if now_before else -1
    if LONG_AGO in guards:
        if _later_than(_LONG_AGO, before, last_now) or _PAST_PARTICLE.match(text[end - 1 : end + 2]):
            return False
        # 着过火, 停过水: the particle stands inside the words themselves.
        if re.search(r"过(?:火|水|电|气)", text[start:end]):
            return False
    if DAYS_AGO in guards and _later_than(_DAYS_AGO, before, last_now) and not _NOW.search(after):
        return False
    if HABIT in guards and _later_than(_HABIT, before, last_now):
        return False
    return not (AFTERMATH in guards and _AFTERMATH.search(text) and not _THIS_MINUTE.search(before + after))


def _later_than(words: re.Pattern[str], before: str, last_now: int) -> bool:
    """Whether such a word stands before the signal with no "now" between them."""
    return any(match.start() >= last_now for match in words.finditer(before))


def _without_overlaps(found: list[Found]) -> list[Found]:
    """Of overlapping finds of one kind the longest stays; different kinds may share words."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda item: (item.code, item.start - item.end, item.start)):
        if not any(
            one.code == other.code and one.start < other.end and other.start < one.end for other in kept
        ):
            kept.append(one)
    return kept
