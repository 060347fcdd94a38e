"""What citizens' calls are about, by the words they use: some sixty matters, in no district's wording.

A message speaks of several matters a little. Two messages that name the same estate and share no matter are two events.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Name and its words, separated by blanks.
MATTERS: tuple[tuple[str, str], ...] = (
    ("noise", "噪音 噪声 扰民 太吵 吵死 睡不着 分贝 喇叭 广播 夜间施工 凌晨施工 半夜施工 通宵施工 睡眠"),
    ("works at night", "夜间施工 凌晨施工 半夜 通宵 凌晨 深夜施工 渣土车 挖机 挖掘机 打桩"),
    ("fumes", "油烟 烟道 烧烤 夜宵 餐饮 餐厅 饭店 饭馆 厨房 排烟"),
    ("dust and smell", "粉尘 灰尘 扬尘 臭气 恶臭 臭味 异味 刺鼻 废气 空气污染 焚烧 排污 污水 污染"),
    ("plant", "搅拌站 搅拌厂 水泥厂 混凝土 化工 工厂 厂房 碎石 采石 砖厂 轮胎"),
    ("parking space sale", "车位 捆绑 认购 搭售 绑定 停车位"),
    ("parking", "停车 乱停 违停 停车费 停车场 占道停车 乱停乱放"),
    ("traffic", "拥堵 堵车 红绿灯 绿灯 左转 右转 掉头 交通信号 斑马线 限速 人行横道 天桥 地下通道 交通安全"),
    ("bus", "公交 公交车 线路 班次 发车 站牌 首末站 改道 区间线 巴士"),
    ("metro", "地铁 轨道交通 号线 出入口 城铁 磁悬浮"),
    ("railway", "高铁 铁路 火车 动车"),
    ("road works", "修路 道路 路面 坑洼 泥泞 硬化 水泥路 泥巴路 通车 断头路 围挡 拉通 改造 开工 动工"),
    ("street lamps", "路灯 照明 不亮 灯光 光污染"),
    ("water", "停水 自来水 水压 水质 供水 二次供水 水管 爆裂"),
    ("electricity", "停电 电费 电表 供电 用电"),
    ("power line", "变电站 高压线 高压电 电线杆 110kv 万伏 辐射 基站 电磁"),
    ("heating and gas", "暖气 供暖 供热 天然气 燃气 煤气 管道气"),
    ("lift", "电梯 停梯 困人 升降"),
    ("property management", "物业 物业费 业委会 业主委员会 物业公司 维修基金 保安"),
    ("leaks", "漏水 渗水 渗漏 返水 积水 屋顶 外墙 脱落"),
    ("building quality", "质量 开裂 裂缝 空鼓 墙面 楼板 偷工减料 豆腐渣 沉降 质量问题"),
    ("handover", "交房 收房 延期交房 逾期 验收 交付 未验收 强行交房"),
    ("false promise", "虚假宣传 欺骗 宣传不符 货不对板 缩水 欺诈 忽悠 误导"),
    ("fitting-out price", "精装 精装修 全装修 核价 毛坯 装修标准"),
    ("windows and light", "窗户 窗子 窗台 窗 采光 封堵 把手 样板间 遮挡"),
    ("deeds", "房产证 不动产证 产权证 办证 网签 预售证 预售许可 备案"),
    ("home purchase rules", "购房资格 限购 首套 二套房 摇号 落户 户口"),
    ("talent allowance", "人才 人才新政 购房补贴 租房补贴 生活补贴"),
    ("provident fund", "公积金 组合贷 贷款"),
    ("refund", "退款 退费 退房 退钱 退还 认筹金 诚意金 定金 押金 不退"),
    ("shop units", "商铺 门面 铺面 返租 招商 商户"),
    ("price rise", "涨价 加价 收费 乱收费 价格 高价 限价 收费标准"),
    ("illegal building", "违建 违章 违规搭建 违章建筑 搭建 雨棚 私搭 乱建"),
    ("void floor", "架空层 公共区域 公共面积 绿化 绿地 公摊 连廊"),
    ("fire safety", "消防 消防通道 火灾 灭火 消防安全 消防验收 逃生"),
    ("planning", "规划 调规 用地 选址 控规 公示 地块 容积率"),
    ("demolition", "拆迁 征收 征地 安置 安置房 补偿 旧城改造 棚改 棚户区"),
    ("schools", "学校 小学 中学 入学 学位 学区 配套学校 转学 生源 招生 就读"),
    ("kindergarten", "幼儿园 普惠 公办 民办"),
    ("extra lessons", "补课 培训 辅导班 作业 收费补课"),
    ("forced internship", "实习 强制实习 打工 社会实践"),
    ("teachers", "教师 老师 绩效 职称 编制 临聘"),
    ("campus life", "宿舍 寝室 食堂 校园 军训 学费 毕业证 空调"),
    ("hospital", "医院 医生 看病 挂号 医疗 药品 诊所 就医"),
    ("medical insurance", "医保 报销 医疗保险 生育津贴 生育保险 社保 养老保险 缴费基数"),
    ("wages", "拖欠 工资 农民工 欠薪 讨薪 血汗钱 工程款 货款 劳动合同 辞退"),
    ("online lending", "p2p 网贷 车贷 借款 投资 理财 集资 非法集资 诈骗 立案 经侦 案件 兑付 跑路 平台 出借人 受害人"),
    ("pyramid", "传销 微信群 拉人头"),
    ("trade", "无证 营业执照 经营 假冒 伪劣 投诉商家 消费者 霸王条款 退货"),
    ("rubbish", "垃圾 垃圾站 垃圾桶 清运 垃圾分拣 垃圾楼 脏乱差 卫生"),
    ("street trading", "摊贩 摆摊 占道经营 夜市 流动摊位 小摊"),
    ("gambling and vice", "麻将 赌博 涉黄 游戏机 卖淫 嫖娼"),
    ("dogs", "养狗 犬 野狗 流浪狗 遛狗 狗"),
    ("square dance", "广场舞 跳舞 音响"),
    ("speeding", "飙车 摩托车 炸街 电动车 外卖"),
    ("taxi", "出租车 的士 网约车 司机 拒载 打表"),
    ("ticketing apps", "app 一卡通 充值 支付宝 微信支付 网上 系统 登录 功能"),
    ("broadband", "宽带 网络 移动 电信 联通 信号"),
    ("park", "公园 建设进度 球场 散步 健身 景观"),
    ("trees", "树木 树枝 绿化带 杂草"),
    ("river and pond", "河道 水库 鱼塘 内涝 排水 下水道"),
    ("village funds", "村委会 村干部 组长 集体 分红 资金 清产核资 补贴发放 低保 贫困户"),
    ("army leavers", "退伍 转业 士官 军人 军转 退役"),
    ("driving schools", "驾校 学车 驾考 教练"),
    ("police", "公安 派出所 民警 报警 不作为 立案"),
    ("subsidies", "补贴 油补 津贴 发放 奖金 补助"),
    ("flats let by the bed", "群租 群租房 民宿 日租房 隔断"),
    ("meat and markets", "农贸市场 菜市场 屠宰 家禽 养殖 养猪"),
    ("funerals and fireworks", "殡葬 墓地 烟花 焰火 鞭炮"),
)  # fmt: skip

#: Matters that come together: whoever complains of a new flat's walls complains of its promises too.
_FAMILIES = (
    "windows and light|building quality|handover|false promise|fitting-out price|leaks|void floor|fire safety",
    "deeds|refund|shop units|home purchase rules|parking space sale|provident fund",
    "noise|works at night|fumes|dust and smell|plant|square dance",
    "parking|traffic|speeding|street trading|road works",
    "bus|metro|railway|taxi|ticketing apps",
    "water|electricity|heating and gas|lift|property management|street lamps|rubbish|broadband",
    "power line|planning|illegal building|park|trees|river and pond",
    "schools|kindergarten|extra lessons|forced internship|teachers|campus life",
    "hospital|medical insurance|wages|army leavers|subsidies|talent allowance",
    "online lending|pyramid|trade|gambling and vice|police|driving schools",
    "demolition|village funds|price rise",
)


def _families() -> NDArray[np.float32]:
    at = {name: number for number, (name, _words) in enumerate(MATTERS)}
    names = [family.split("|") for family in _FAMILIES]
    alone = sorted(set(at) - {name for family in names for name in family})
    made = np.zeros((len(MATTERS), len(names) + len(alone)), dtype=np.float32)
    for column, family in enumerate([*names, *([name] for name in alone)]):
        for name in family:
            made[at[name], column] = 1
    return made


#: Matter × family, 0 or 1; a matter of no family is its own.
FAMILIES = _families()
