"""The screen's words for every code of the trade (floor 1 knows no gettext), and the choices of columns."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fenzhen.hotline.journey import ASSIGNMENT, TICKET, AssignmentState, Clock, TicketState
from fenzhen.hotline.roles import Role

Words = dict[str, "str | Promise"]

#: With a context where Chinese has one word for the state and the act and other languages two.
TICKET_STATES: Words = {
    TicketState.REGISTERED: _("已登记"),
    TicketState.PENDING_DISPATCH: _("待派单"),
    TicketState.NEED_INFO: _("待补充"),
    TicketState.IN_CONSULTATION: _("会商研判中"),
    TicketState.DISPATCHED: _("已派单"),
    TicketState.HANDLING: _("办理中"),
    TicketState.PENDING_REVIEW: _("待审核"),
    TicketState.PENDING_CALLBACK: _("待回访"),
    TicketState.REHANDLING: _("重办中"),
    TicketState.WATCHED: _("直派跟踪"),
    TicketState.CLOSED: pgettext_lazy("state", "办结"),
    TicketState.ANSWERED: pgettext_lazy("state", "直接答复"),
    TicketState.REDIRECTED: pgettext_lazy("state", "告知其他渠道"),
    TicketState.WITHDRAWN: _("已撤回"),
    TicketState.VOIDED: pgettext_lazy("state", "作废"),
}
ASSIGNMENT_STATES: Words = {
    AssignmentState.PENDING_SIGN: _("待签收"),
    AssignmentState.SIGNED: _("已签收"),
    AssignmentState.WAITING: _("等待诉求人"),
    AssignmentState.RESULT_SUBMITTED: _("已反馈"),
    AssignmentState.ACCEPTED: _("审核通过"),
    AssignmentState.RETURNED: _("已退回"),
    AssignmentState.RECALLED: _("已撤派"),
    AssignmentState.ENDED: _("已结束"),
}
ACTS: Words = {
    "receive": _("登记"),
    "file_history": _("历史入库"),
    "answer": _("直接答复"),
    "redirect": _("告知其他渠道"),
    "submit": _("提交派单"),
    "ask_back": _("退回补充"),
    "supplement": _("补充完成"),
    "dispatch": _("派单"),
    "dispatch_automatically": _("自动派单"),
    "recall_automatic": _("收回自动派单"),
    "take_back": _("撤回派单"),
    "sign": _("签收"),
    "wait": _("等待诉求人"),
    "resume": _("继续办理"),
    "reply": _("反馈结果"),
    "send_back": _("审核退回"),
    "approve": _("审核通过"),
    "miss": _("未接通"),
    "close": _("办结"),
    "close_unreached": _("联系不上办结"),
    "rehandle": _("退回重办"),
    "reopen": _("重新启动"),
    "undo": _("撤销"),
    "withdraw": _("撤回诉求"),
    "void": _("作废"),
    "ask_void": _("申请作废"),
    "refuse_void": _("不同意作废"),
    "change_level": _("调整等级"),
    "classify": _("调整分类"),
    "note": _("备注"),
    "join_call": _("来电并入"),
    "reveal": _("查看来电人"),
    "advise": _("系统建议"),
    "end": _("结束承办"),
    "consult": _("提请会商"),
    "settle": _("会商定责"),
    "redispatch": _("改派"),
    "add_unit": _("加派单位"),
    "phone_unit": _("电话通知单位"),
    "copy_city": _("直派抄告"),
    "end_watch": _("结束跟踪"),
    "take_over": _("转为区派"),
    "hand_up": _("转为直派"),
    "keep_ours": _("仍由本区办理"),
    "restore": _("市平台恢复"),
    "restore_watch": _("恢复跟踪"),
    "restore_callback": _("恢复回访"),
    "ask_return": _("申请退回"),
    "refuse_return": _("不同意退回"),
    "approve_return": _("同意退回"),
    "ask_extension": _("申请延期"),
    "refuse_extension": _("不同意延期"),
    "extend": _("同意延期"),
    "pass_on": _("转交办理"),
    "finish_errand": _("转交办完"),
    "urge": _("催单"),
    "link": _("关联工单"),
    "unlink": _("取消关联"),
    "attach": _("上传附件"),
    "drop_attachment": _("移除附件"),
    "change_city": _("市平台变更"),
    "owe_city": _("待回传市平台"),
    "tell_city": _("已回传市平台"),
    "take_list": _("发出单位待办表"),
    "take_answers": _("收回单位待办表"),
    "look_up": _("按来电人查询"),
}
CLOCKS: Words = {
    Clock.TRIAGE: _("派单时限"),
    Clock.SIGN: _("签收时限"),
    Clock.HANDLING: _("办理时限"),
    Clock.CALLBACK: _("回访时限"),
    Clock.CONSULTATION: _("会商时限"),
}
ROLES: Words = {
    Role.AGENT: _("话务员"),
    Role.SHIFT_LEAD: _("班长"),
    Role.DISPATCHER: _("派单员"),
    Role.REVIEWER: _("审核员"),
    Role.CALLBACK_AGENT: _("回访员"),
    Role.SUPERVISOR: _("督办员"),
    Role.ANALYST: _("数据分析员"),
    Role.SECTION_CHIEF: _("科长"),
    Role.DISTRICT_LEADER: _("区领导"),
    Role.UNIT_LIAISON: _("承办单位联络员"),
    Role.UNIT_WORKER: _("承办人员"),
    Role.ADMIN: _("系统管理员"),
    Role.SYSTEM: _("系统"),
}
UNIT_KINDS: Words = {
    "town": _("镇"),
    "subdistrict": _("街道"),
    "bureau": _("委办局"),
    "enterprise": _("公共服务企业"),
}
LINES: Words = {
    "district": _("区属"),
    "city_branch": _("市属分支机构"),
    "city_company": _("市属公共服务企业"),
}
PLACE_KINDS: Words = {
    "district": _("区"),
    "town": _("镇"),
    "subdistrict": _("街道"),
    "community": _("社区"),
    "village": _("村"),
    "estate": _("小区"),
    "road": _("道路"),
    "landmark": _("地标"),
    "park": _("公园"),
    "school": _("学校"),
    "hospital": _("医院"),
    "market": _("市场"),
    "station": _("车站"),
}
KINDS: Words = {
    "consultation": _("咨询"),
    "help": _("求助"),
    "complaint": _("投诉"),
    "report": _("举报"),
    "suggestion": _("建议"),
    "praise": _("表扬"),
    "other": _("其他"),
}
CHANNELS: Words = {
    "phone": _("来电"),
    "city": _("市平台"),
    "web": _("网络"),
    "letter": _("来信"),
    "visit": _("来访"),
    "callback": _("回访中提出"),
    "import": _("导入"),
}
#: Why somebody calls again about a ticket that is there already.
CALL_KINDS: Words = {
    "call": _("再次来电"),
    "urge": _("催办"),
    "more": _("补充情况"),
    "thanks": _("致谢"),
}
PARTS: Words = {"lead": _("主办"), "assist": _("协办")}
SOLVED: Words = {"yes": _("解决"), "partly": _("部分解决"), "no": _("未解决")}
SATISFIED: Words = {
    "very": _("非常满意"),
    "satisfied": _("满意"),
    "basic": _("基本满意"),
    "understands": _("理解"),
    "no": _("不满意"),
    "none": _("未评价"),
}
EMOTIONS: Words = {
    "calm": _("平静"),
    "anxious": _("焦急"),
    "sad": _("难过"),
    "angry": _("气愤"),
    "despair": _("绝望"),
}
RISKS: Words = {
    "none": _("无"),
    "self_harm": _("自伤倾向"),
    "violence": _("暴力"),
    "group": _("群体聚集"),
    "medical": _("身体危急"),
}
VULNERABLE: Words = {
    "elder": _("老人"),
    "child": _("儿童"),
    "disabled": _("残疾人"),
    "pregnant": _("孕妇"),
    "ill": _("病人"),
    "stranded": _("滞留受困"),
}
ATTEMPTS: Words = {
    "reached": _("接通"),
    "no_answer": _("无人接听"),
    "busy": _("占线"),
    "off": _("关机或停机"),
    "wrong_number": _("号码有误"),
    "refused": _("拒绝回访"),
    "appointment": _("约定再联系"),
}
REQUEST_KINDS: Words = {
    "void": _("作废申请"),
    "return": _("退回申请"),
    "extension": _("延期申请"),
    "exclusion": _("剔除申请"),
}
RETURN_REASONS: Words = {
    "wrong_territory": _("不在本辖区"),
    "not_our_duty": _("不属本单位职责"),
    "higher_unit": _("应由上级或市级单位办理"),
    "already_handled": _("已在其他工单办理"),
    "no_place": _("地点不明,无法核实"),
    "legal_channel": _("应通过法定渠道"),
}
EXTENSION_REASONS: Words = {
    "construction": _("需要施工或采购"),
    "season": _("受季节、天气影响"),
    "third_party": _("需其他单位配合"),
    "caller": _("诉求人要求推迟"),
    "investigation": _("调查取证未完成"),
}
#: Why the city should leave an order out of the rates.
EXCLUSION_REASONS: Words = {
    "beyond_duty": _("超出政府职责"),
    "unreasonable": _("诉求不合理"),
    "untrue": _("反映情况不实"),
    "repeat": _("重复反映且无新事实"),
    "legal_channel": _("应通过法定渠道"),
}
URGE_REASONS: Words = {
    "caller": _("诉求人催问"),
    "late": _("临近或超过时限"),
    "leader": _("领导关注"),
    "repeat": _("多次反映"),
}
CITY_WORDS: Words = {
    "result": _("办理结果"),
    "return": _("退回申请"),
    "extension": _("延期申请"),
    "exclusion": _("剔除申请"),
}
CITY_MODES: Words = {"direct": _("直派"), "district": _("派区")}
#: How a call to a unit's duty telephone went.
PHONE_OUTCOMES: Words = {
    "answered": _("已接听"),
    "no_answer": _("无人接听"),
    "busy": _("占线"),
    "wrong_number": _("号码有误"),
}
DUTY_TIMES: Words = {"day": _("白天"), "night": _("夜间"), "holiday": _("节假日")}
ATTACHMENTS: Words = {
    "photo": _("现场照片"),
    "evidence": _("办理佐证"),
    "contact": _("联系记录"),
    "caller": _("诉求人提供"),
}
LINKS: Words = {"same_matter": _("同一件事"), "follows": _("后续"), "joined": _("并办")}
ALARM_LEVELS: Words = {"blue": _("蓝色"), "yellow": _("黄色"), "orange": _("橙色"), "red": _("红色")}
EVENT_STATES: Words = {
    "watched": _("关注中"),
    "confirmed": _("已确认"),
    "joint": _("会办中"),
    "closed": pgettext_lazy("event", "已办结"),
    "dismissed": _("不是同一件事"),
    "merged": _("已并入"),
}
JOINED_HOW: Words = {"near": _("自动关联"), "person": _("人工加入"), "visit": _("走访补登")}
WHISTLES: Words = {
    "residents": _("群众诉求街乡解决不了"),
    "joint": _("综合执法"),
    "emergency": _("应急处置"),
}
PARTY_PARTS: Words = {"lead": _("牵头"), "assist": _("协办"), "outside": _("外部单位")}
WAVE_WAYS: Words = {"sms": _("短信"), "phone": _("电话"), "wechat": _("微信")}
WAVE_STATES: Words = {
    "waiting": _("待告知"),
    "queued": _("待发短信"),
    "sending": _("短信发送中"),
    "unsure": _("短信可能已发"),
    "sent": _("已发出"),
    "told": _("已告知"),
    "failed": _("未送达"),
}
#: Why no SMS of a message to all goes to a person.
SMS_WHY_NOT: Words = {
    "sent": _("短信已发"),
    "told": _("已告知或正在发"),
    "no_number": _("没有号码"),
    "no_mobile": _("不是手机号"),
    "secret": _("保密或举报，改用电话"),
    "same_number": _("号码与另一人相同"),
}
#: What a person said of a name that callers use and the list of places does not know.
UNSEEN_STATES: Words = {
    "waiting": _("待认定"),
    "place": _("已补为地点"),
    "alias": _("已补为别名"),
    "not_place": _("不是地点"),
}
DOOR_STEPS: Words = {
    "visited": _("走访"),
    "mediated": _("调解"),
    "agreed": _("同意"),
    "restored": _("恢复"),
    "called_back": _("回访"),
}
REPORT_PARTS: Words = {
    "situation": _("基本情况"),
    "numbers": _("数据情况"),
    "words": _("群众反映"),
    "responsible": _("责任单位"),
    "done": _("已做工作"),
    "risk": _("风险研判"),
    "proposal": _("工作建议"),
}
COURIERS: Words = {
    "console": _("控制台"),
    "email": _("邮件"),
    "sms": _("短信"),
    "wecom": _("企业微信"),
    "dingtalk": _("钉钉"),
    "feishu": _("飞书"),
}
DELIVERIES: Words = {
    "waiting": _("待发"),
    "quiet": _("静默时段,稍后发"),
    "sending": _("发送中"),
    "sent": _("已发"),
    "unsure": _("发送中断,可能已发"),
    "failed": _("发送失败"),
    "needless": _("已在页面看过,不再发"),
}
#: What each kind of notice says, on the page and in a message.
NOTICES: Words = {
    "level_1": _("一级急件"),
    "rehandled": _("回访未解决，已退回重办"),
    "dispatched": _("新派来的工单，请签收"),
    "sent_back": _("反馈被审核退回"),
    "taken_back": _("派单已撤回"),
    "need_info": _("派单员请您补充信息"),
    "supplemented": _("信息已补充"),
    "void_asked": _("有作废申请待您复核"),
    "return_asked": _("承办单位申请退回，等您答复"),
    "extension_asked": _("承办单位申请延期，等您答复"),
    "returned": _("已同意退回"),
    "return_refused": _("不同意退回，请继续办理"),
    "extended": _("已同意延期"),
    "extension_refused": _("不同意延期"),
    "passed_on": _("转交给您的任务，见「转交任务」"),
    "errand_finished": _("转交的任务办完了"),
    "urged": _("有人催办，请看进展"),
    "city_changed": _("市平台改了这张工单"),
    "withdrawn": _("诉求已撤回，不用再办"),
    "handed_up": _("市平台改为直派，本区不用再办"),
    "city_moved": _("市平台改为直派，请决定由谁办"),
    "late_triage": _("派单超时"),
    "late_sign": _("签收超时"),
    "late_handling": _("办理超时"),
    "late_callback": _("回访超时"),
    "soon_handling": _("办理即将到期"),
    "appointment": _("约定的回访时间到了"),
    "call_joined": _("诉求人又来电，已并入"),
    "imported": _("导入完成"),
    "daily": _("每日清单已备好"),
    "test_message": _("这是一条测试消息"),
    "automation_lowered": _("自动派单错得超过承诺，已自动停用，请看「派单顾问」"),
    "automation_tightened": _("自动派单已自动收紧：近来的退回和盲审显示错得变多，请看「派单顾问」"),
    "automation_eased": _("自动派单恢复到原来的把握线：新的盲审和退回证明又准了"),
    "automation_uncertified": _("目录或模型变了，重新测算没有通过，自动派单已停用，请看「派单顾问」"),
    "event_alert": _("多人反映同一件事，请看「事件」"),
    "surge": _("来电明显多于平常，请看「事件」"),
    "trial_done": _("历史工单试算完成，见「派单顾问」"),
}
#: How the right unit of a past ticket is known, from the strongest on.
TRUTH_SOURCES: Words = {
    "audited": _("盲审"),
    "ruled": _("会商定责"),
    "solved": _("办结并回访解决"),
    "accepted": _("承办未退回"),
}
AUDIT_REASONS: Words = {"random": _("随机抽中"), "asked": _("科长抽查"), "suspected": _("起疑先看")}
#: Groups of units that are promised for together; a unit with cases enough has a promise of its own.
UNIT_GROUPS: Words = {
    "grassroots": _("街乡镇"),
    "bureau": _("委办局"),
    "enterprise": _("公共服务企业"),
}
#: Why today's line differs from what is certified (advisor.automation).
DAY_CODES: Words = {
    "no_audits": _("还没有盲审结果，只按测算时的样本估计"),
    "alarm": _("报警以后，承诺减半"),
    "harder": _("近来的工单比测算时难判，所有单位的线都提高了"),
    "unit_wrong": _("有的单位近来派错变多，只收紧这些单位"),
    "unit_bounces": _("有的单位近来退回派对了的工单，盲审核对过，不因此收紧"),
    "margin": _("留出余量：每 500 件里碰巧多错几件也不超过承诺"),
}
MODEL_ENDS: Words = {
    "not_better": _("没有更准，未启用"),
    "replaced": _("被更准的替换"),
    "rolled_back": _("退回旧版"),
}
#: Why a ticket is left to a person (hotline/automatic.py).
WHY_NOT_AUTOMATIC: Words = {
    "level_1": _("一级急件，不自动派"),
    "signal": _("文中有紧急信号，不自动派"),
    "redirect": _("可能要转紧急电话，不自动派"),
    "report": _("举报件，不自动派"),
    "secret": _("要求保密，不自动派"),
    "in_hand": _("有人正在处理"),
    "not_new": _("派过、退过或重启过，由人决定"),
    "same_caller": _("同一来电人有未结工单，先看要不要并"),
    "linked": _("与别的工单有关联，由人一起派"),
    "no_advice": _("系统没有把握提出单位"),
    "place_unknown": _("没有认出地点，不知归哪个镇街"),
    "no_rule": _("没有对应的权责规则"),
    "town_barred": _("按权责清单不得派给镇街"),
    "ruling_differs": _("会商定过相近的事，与系统首选不同"),
    "off": _("这类事项没有开启自动派单"),
    "lowered": _("这类事项的自动派单已被报警停用"),
    "no_certificate": _("这类事项还没有达到承诺的把握线"),
    "other_adviser": _("目录或模型变了，把握线要重新测算"),
    "no_group_certificate": _("这类单位的样本还不够，没有把握线"),
    "not_sure_enough": _("把握低于这类事项的把握线"),
    "held_back": _("今天这个单位的把握线提高了，还差一点"),
    "unit_held": _("近来派给这个单位的错得多，暂不自动派给它"),
}
#: `moot`: what was asked for has gone, nobody need decide any more.
DECISIONS: Words = {"approved": _("同意"), "refused": _("不同意"), "moot": _("不再处理")}
TIME_UNITS: Words = {"hour": _("小时"), "calendar_day": _("天"), "working_day": _("工作日")}
DAY_TYPES: Words = {"holiday": _("放假"), "makeup": _("调休上班")}
LEVELS: dict[int, "str | Promise"] = {1: _("一级"), 2: _("二级"), 3: _("三级"), 4: _("四级")}
REDIRECT_REASONS: Words = {
    "emergency_line": _("紧急事项(110/119/120/122)"),
    "legal_channel": _("应通过诉讼、仲裁、复议、信访等法定渠道"),
    "duplicate_no_new_fact": _("重复反映且无新事实"),
    "secrecy": _("涉及国家秘密、商业秘密或隐私"),
    "beyond_duty": _("超出各单位职责,宜通过市场或社会渠道"),
    "unlawful_or_indecent": _("诉求违法或违背公序良俗"),
}
VOID_REASONS: Words = {
    "test": _("测试"),
    "prank": _("骚扰电话"),
    "empty": _("无实质内容"),
    "entered_twice": _("重复录入"),
}
WITHDRAW_REASONS: Words = {
    "caller": _("诉求人撤回"),
    "city": _("市平台撤回"),
}
SEND_BACK_REASONS: Words = {
    "no_contact": _("未联系诉求人"),
    "off_topic": _("答非所问"),
    "copy_paste": _("套话敷衍"),
    "no_evidence": _("缺少佐证"),
    "contradiction": _("前后矛盾"),
}
UNSOLVED_REASONS: Words = {
    "not_contacted": _("没人联系过"),
    "nothing_done": _("联系了但没有办"),
    "partly": _("只解决了一部分"),
    "result_wrong": _("处理结果不对"),
    "attitude": _("态度问题"),
    "policy": _("不认可政策解释"),
    "broken_again": _("又出现了"),
}
#: What speaks against a reply at first sight (hotline/review.py).
REMARKS: Words = {
    "no_contact": _("没有联系诉求人"),
    "promise": _("称已解决，却在说“将要”"),
    "copy": _("与以前的反馈雷同"),
    "short": _("公开答复过短"),
    "same_text": _("内部记录与公开答复相同"),
    "unsolved": _("承办单位称未全部解决"),
}
#: Why somebody is phoned before others (hotline/callback.py); a plain turn needs no word.
TURNS: Words = {
    "0": _("一级"),
    "1": _("已约定"),
    "2": _("需要照顾"),
    "3": _("重办后"),
    "4": _("回访超时"),
    "5": "",
}

#: What a column of an imported file may mean (office/mapping.py).
IMPORT_FIELDS: Words = {
    "external_no": _("编号"),
    "title": _("标题"),
    "body": _("内容"),
    "kind": _("类型"),
    "channel": _("来源"),
    "name": _("来电人"),
    "phone": _("电话"),
    "account": _("账号"),
    "contact": _("电话或账号"),
    "secret": _("是否保密"),
    "received_at": _("受理时间"),
    "city_received_at": _("市级派单时间"),
    "city_deadline": _("市级时限"),
    "city_category": _("市级分类"),
    "city_mode": _("派单方式"),
    "city_unit": _("市派承办单位"),
    "city_changed_at": _("变更时间"),
    "level": _("等级"),
    "district": _("区"),
    "town": _("街乡镇"),
    "community": _("村社区"),
    "point": _("点位"),
    "address": _("地址"),
    "status": _("状态"),
    "result": _("办理结果"),
    "answer": _("回复内容"),
    "solved": _("是否解决"),
    "satisfied": _("是否满意"),
    "closed_at": _("办结时间"),
}


def ticket_state_choices() -> list[tuple[str, "str | Promise"]]:
    """Callable, so that a changed table needs no migration; likewise the others below."""
    return list(TICKET_STATES.items())


def assignment_state_choices() -> list[tuple[str, "str | Promise"]]:
    return list(ASSIGNMENT_STATES.items())


def role_choices() -> list[tuple[str, "str | Promise"]]:
    return list(ROLES.items())


def unit_kind_choices() -> list[tuple[str, "str | Promise"]]:
    return list(UNIT_KINDS.items())


def line_choices() -> list[tuple[str, "str | Promise"]]:
    return list(LINES.items())


def kind_choices() -> list[tuple[str, "str | Promise"]]:
    return list(KINDS.items())


def channel_choices() -> list[tuple[str, "str | Promise"]]:
    return list(CHANNELS.items())


def part_choices() -> list[tuple[str, "str | Promise"]]:
    return list(PARTS.items())


def solved_choices() -> list[tuple[str, "str | Promise"]]:
    return list(SOLVED.items())


def satisfied_choices() -> list[tuple[str, "str | Promise"]]:
    return list(SATISFIED.items())


def emotion_choices() -> list[tuple[str, "str | Promise"]]:
    return list(EMOTIONS.items())


def risk_choices() -> list[tuple[str, "str | Promise"]]:
    return list(RISKS.items())


def attempt_choices() -> list[tuple[str, "str | Promise"]]:
    return list(ATTEMPTS.items())


def request_kind_choices() -> list[tuple[str, "str | Promise"]]:
    return list(REQUEST_KINDS.items())


def decision_choices() -> list[tuple[str, "str | Promise"]]:
    return list(DECISIONS.items())


def time_unit_choices() -> list[tuple[str, "str | Promise"]]:
    return list(TIME_UNITS.items())


def day_type_choices() -> list[tuple[str, "str | Promise"]]:
    return list(DAY_TYPES.items())


def city_mode_choices() -> list[tuple[str, "str | Promise"]]:
    return list(CITY_MODES.items())


def city_word_choices() -> list[tuple[str, "str | Promise"]]:
    return list(CITY_WORDS.items())


def duty_time_choices() -> list[tuple[str, "str | Promise"]]:
    return list(DUTY_TIMES.items())


def attachment_choices() -> list[tuple[str, "str | Promise"]]:
    return list(ATTACHMENTS.items())


def link_choices() -> list[tuple[str, "str | Promise"]]:
    return list(LINKS.items())


def alarm_level_choices() -> list[tuple[str, "str | Promise"]]:
    return list(ALARM_LEVELS.items())


def event_state_choices() -> list[tuple[str, "str | Promise"]]:
    return list(EVENT_STATES.items())


def joined_how_choices() -> list[tuple[str, "str | Promise"]]:
    return list(JOINED_HOW.items())


def whistle_choices() -> list[tuple[str, "str | Promise"]]:
    return list(WHISTLES.items())


def party_part_choices() -> list[tuple[str, "str | Promise"]]:
    return list(PARTY_PARTS.items())


def wave_way_choices() -> list[tuple[str, "str | Promise"]]:
    return list(WAVE_WAYS.items())


def wave_state_choices() -> list[tuple[str, "str | Promise"]]:
    return list(WAVE_STATES.items())


def unseen_state_choices() -> list[tuple[str, "str | Promise"]]:
    return list(UNSEEN_STATES.items())


def courier_choices() -> list[tuple[str, "str | Promise"]]:
    return list(COURIERS.items())


def delivery_choices() -> list[tuple[str, "str | Promise"]]:
    return list(DELIVERIES.items())


def truth_source_choices() -> list[tuple[str, "str | Promise"]]:
    return list(TRUTH_SOURCES.items())


def audit_reason_choices() -> list[tuple[str, "str | Promise"]]:
    return list(AUDIT_REASONS.items())


def model_end_choices() -> list[tuple[str, "str | Promise"]]:
    return list(MODEL_ENDS.items())


def missing_words() -> list[str]:
    """Codes of the tables that have no word yet; a house test keeps this empty."""
    acts = {row.act for row in (*TICKET, *ASSIGNMENT)}
    return sorted(
        [a for a in acts if a not in ACTS]
        + [s for s in TicketState if s not in TICKET_STATES]
        + [s for s in AssignmentState if s not in ASSIGNMENT_STATES]
        + [r for r in Role if r not in ROLES]
        + [c for c in Clock if c not in CLOCKS]
    )
