"""A district that does not exist, filled in as a person would fill the template: names instead of codes where
names will do, words instead of code words.

``python -m tests.fictitious`` writes it as CSV to tests/data/yunling; `fill` writes it into the Excel template.
"""

import csv
import io
from pathlib import Path

HERE = Path(__file__).parent / "data" / "yunling"
Rows = list[dict[str, str]]

SETTINGS = {"区名": "云岭区", "全称": "虚构省云岭区", "区划代码": "990123", "是否演示": "否"}
TOWNS = ["松涛街道", "鹿鸣街道", "柳烟镇", "竹影镇", "芦花镇", "霜叶镇"]
ESTATES = ["晴川苑", "望岳里", "听雨轩", "半山花园", "锦书小区", "拂晓家园"]
#: Code, name as it is spoken, full name, aliases, what it does.
BUREAUS = [
    (
        "ZJJ",
        "区住建局",
        "云岭区住房和城乡建设局",
        "房管局;住建局",
        "物业行业监管、房屋质量、供热、建筑工地、保障房分配",
    ),
    ("CGJ", "区城管局", "云岭区城市管理局", "城管", "占道经营、户外广告、垃圾清运、市容环境、违法建设查处"),
    ("SWJ", "区水务局", "云岭区水务局", "水务", "自来水供应和水质、排水管网、河道治理、防汛"),
    ("JTJ", "区交通局", "云岭区交通运输局", "交通局", "公交线路、道路养护、停车管理、出租车和客运"),
    (
        "SJJ",
        "区市监局",
        "云岭区市场监督管理局",
        "市场监管局;工商",
        "消费纠纷、食品安全、价格违法、预付卡、电梯安全监察",
    ),
    (
        "RSJ",
        "区人社局",
        "云岭区人力资源和社会保障局",
        "人社;劳动监察",
        "拖欠工资、劳动合同、社保参保和养老金",
    ),
    ("JYJ", "区教育局", "云岭区教育局", "教委", "入学招生、学校管理、校外培训、校园周边"),
    ("WJW", "区卫健局", "云岭区卫生健康局", "卫健委", "医院服务、医疗纠纷、疫苗接种、公共场所控烟"),
    ("MZJ", "区民政局", "云岭区民政局", "民政", "低保、养老服务、婚姻登记、殡葬、流浪救助"),
    ("HBJ", "区生态环境局", "云岭区生态环境局", "环保局", "工业噪声、油烟异味、污水直排、扬尘、空气污染"),
    ("WLJ", "区文旅局", "云岭区文化和旅游局", "文旅", "景区管理、旅行社纠纷、公共文化场馆、体育健身设施"),
    ("GAJ", "云岭公安分局", "虚构市公安局云岭分局", "公安;派出所", "户籍办理、治安扰民、养犬登记、交通违法"),
]
#: Level 1 → level 2 → leaves (name, who leads, two ways to say it).
TREE: dict[str, dict[str, list[tuple[str, str, str, str]]]] = {
    "住房物业": {
        "物业服务": [
            ("公共设施损坏", "属地", "单元门禁坏了一个月没人修", "楼道灯不亮，晚上老人摔了一跤"),
            ("物业收费争议", "区住建局", "物业突然涨物业费也不公示", "装修押金验收完了就是不退"),
        ],
        "房屋质量": [
            ("屋面渗漏", "区住建局", "顶楼一下雨就漏，墙皮都掉了", "外墙渗水渗到卧室，开发商不管"),
            ("墙体开裂", "区住建局", "新房墙上裂了一道大缝", "客厅承重墙开裂，怕不安全"),
        ],
        "供热": [
            ("室温不达标", "区住建局", "家里暖气只有十四度", "暖气片摸着是凉的，孩子都冻感冒了"),
            ("供热费用", "区住建局", "房子空着还让交全额取暖费", "取暖费多收了想退"),
        ],
    },
    "市容环境": {
        "街面秩序": [
            ("占道经营", "区城管局", "小摊把人行道全占了", "路口天天有人摆摊卖烧烤堵路"),
            ("违规广告", "区城管局", "店门口私自立了个大灯箱", "电线杆上全是小广告"),
        ],
        "环境卫生": [
            ("垃圾清运不及时", "属地", "垃圾桶满了三天没人收", "小区门口垃圾堆成山，苍蝇乱飞"),
            ("道路保洁", "属地", "这条街落叶没人扫", "马路上都是渣土没人清"),
        ],
        "违法建设": [
            ("私搭乱建", "区城管局", "邻居在楼顶盖了一间房", "一楼把绿地圈起来盖了棚子"),
            ("侵占绿地", "属地", "有人把花园铲了种菜", "绿化带被改成了停车位"),
        ],
    },
    "供水排水": {
        "供水": [
            ("停水", "区水务局", "家里没水了也没通知", "整栋楼从昨晚开始停水"),
            ("水质异常", "区水务局", "自来水发黄有铁锈味", "放出来的水是浑的，有股怪味"),
        ],
        "排水": [
            ("污水外溢", "区水务局", "下水道往外冒污水", "井盖边上污水流了一地，臭得很"),
            ("路面积水", "区水务局", "一下雨桥底下就积水", "小区门口积水没过脚面"),
        ],
        "河道": [
            ("河道垃圾", "区水务局", "河里漂着好多垃圾", "水渠里都是塑料袋没人捞"),
            ("河水异味", "区水务局", "河水发黑发臭", "护城河边臭得不敢开窗"),
        ],
    },
    "交通出行": {
        "公交": [
            ("候车时间长", "区交通局", "公交车等了四十分钟不来", "早高峰公交间隔太久"),
            ("线路调整", "区交通局", "希望公交车在我们村设一站", "公交改线以后老人没法坐车"),
        ],
        "道路": [
            ("路面坑洼", "区交通局", "路上一个大坑，电动车摔了", "村口的路坑坑洼洼没人修"),
            ("路灯不亮", "区交通局", "这条路的路灯全灭了", "晚上路灯不亮看不见路"),
        ],
        "停车": [
            ("停车难", "属地", "小区里没地方停车", "消防通道停满了车"),
            ("停车收费", "区交通局", "路边停车乱收费", "停了十分钟收我二十块"),
        ],
    },
    "消费市场": {
        "消费纠纷": [
            ("预付卡退费", "区市监局", "健身房关门了卡里的钱不退", "理发店办的卡老板跑路了"),
            ("商品质量", "区市监局", "刚买的冰箱三天就坏了不给换", "网上买的鞋开胶了商家不认"),
        ],
        "食品安全": [
            ("过期食品", "区市监局", "超市卖过期牛奶", "买的面包发霉了"),
            ("餐饮卫生", "区市监局", "饭馆菜里吃出虫子", "吃完那家外卖全家拉肚子"),
        ],
        "特种设备": [
            ("电梯故障", "区市监局", "电梯三天两头把人关里面", "电梯坏了一周，十七楼老人下不来"),
            ("电梯年检", "区市监局", "电梯年检标签过期了", "电梯没有检验合格证还在用"),
        ],
    },
    "劳动就业": {
        "工资": [
            ("拖欠工资", "区人社局", "工地干了三个月一分钱没给", "公司欠我两个月工资"),
            ("加班费", "区人社局", "天天加班不给加班费", "节假日上班没有三倍工资"),
        ],
        "社保": [
            ("未缴社保", "区人社局", "单位一直不给我上社保", "入职半年公司没交五险"),
            ("养老金", "区人社局", "退休两个月养老金还没发", "养老金算得不对想核一下"),
        ],
        "合同": [
            ("辞退补偿", "区人社局", "公司把我辞了不给补偿", "怀孕了单位让我走人"),
            ("未签合同", "区人社局", "上班半年没签劳动合同", "老板不肯签合同"),
        ],
    },
    "教育": {
        "招生入学": [
            ("幼升小", "区教育局", "孩子明年上小学怎么报名", "我们小区划到哪个小学"),
            ("转学", "区教育局", "想把孩子从外地转回来上初中", "转学手续学校让等"),
        ],
        "学校管理": [
            ("校园餐", "区教育局", "学校食堂的饭孩子吃不饱", "孩子说学校中午的菜是馊的"),
            ("违规补课", "区教育局", "老师放学后在外面收费补课", "学校周末还让孩子交钱上课"),
        ],
        "校外培训": [
            ("培训退费", "区教育局", "培训班不开了学费不退", "退课只肯退一半的钱"),
            ("无证办学", "区教育局", "居民楼里开了个没证的补习班", "这家托管班没有办学许可"),
        ],
    },
    "医疗卫生": {
        "医院服务": [
            ("挂号难", "区卫健局", "医院专家号怎么都挂不上", "去了三次都没挂上号"),
            ("服务态度", "区卫健局", "医院窗口的人态度特别差", "护士对老人大喊大叫"),
        ],
        "公共卫生": [
            ("疫苗接种", "区卫健局", "社区医院没有孩子要打的疫苗", "老人想打流感疫苗去哪打"),
            ("公共场所吸烟", "区卫健局", "商场楼梯间有人抽烟没人管", "网吧里乌烟瘴气都在抽烟"),
        ],
        "医保": [
            ("门诊报销", "区卫健局", "门诊费为什么不给报", "异地看病怎么报销"),
            ("医疗纠纷", "区卫健局", "手术做坏了医院不承认", "药开错了吃出问题"),
        ],
    },
    "民政养老": {
        "救助": [
            ("低保申请", "属地", "家里没收入想申请低保", "低保被停了想问原因"),
            ("流浪救助", "区民政局", "桥洞下有个流浪老人快冻坏了", "天桥下有人露宿没吃的"),
        ],
        "养老": [
            ("养老院服务", "区民政局", "养老院把老人一个人锁屋里", "养老院涨价不打招呼"),
            ("养老补贴", "区民政局", "八十岁高龄补贴怎么领", "老人补贴停发了两个月"),
        ],
        "婚姻殡葬": [
            ("婚姻登记", "区民政局", "结婚登记要带什么材料", "婚姻登记预约不上"),
            ("墓地收费", "区民政局", "公墓管理费乱涨价", "墓地到期要交多少钱"),
        ],
    },
    "噪声治安": {
        "噪声": [
            ("施工噪声", "区生态环境局", "工地半夜两点还在打桩", "夜里施工吵得睡不着"),
            ("油烟异味", "区生态环境局", "楼下饭馆的油烟往家里灌", "烧烤店烟道正对着我家窗户"),
        ],
        "治安": [
            ("邻里扰民", "云岭公安分局", "楼上半夜蹦跳吵架", "广场舞音响放到晚上十点"),
            ("养犬扰民", "云岭公安分局", "邻居的大狗不拴绳咬人", "楼下的狗半夜一直叫"),
        ],
        "文体": [
            ("健身器材损坏", "区文旅局", "小广场的健身器材断了一根", "篮球架歪了怕砸到孩子"),
            ("景区管理", "区文旅局", "景区门票网上买了进不去", "景区里垃圾没人收"),
        ],
    },
}


def lists() -> dict[str, Rows]:
    """Every list by its sheet's title; columns by their words."""
    units: Rows = [
        {
            "代码": code,
            "全称": full,
            "常用名": name,
            "别名": aliases,
            "类型": "委办局",
            "隶属": "市属分支机构" if code == "GAJ" else "区属",
            "职责": duties,
        }
        for code, name, full, aliases, duties in BUREAUS
    ]
    places: Rows = [{"代码": "Q0", "名称": "云岭区", "类型": "区"}]
    phones: Rows = []
    staff: Rows = [
        {"账号": "kezhang", "姓名": "苏一", "岗位": "科长"},
        {"账号": "paidan", "姓名": "钱二", "岗位": "派单员"},
        {"账号": "huawu", "姓名": "孟三", "岗位": "话务员"},
        {"账号": "shenhe", "姓名": "柯四", "岗位": "审核员"},
        {"账号": "huifang", "姓名": "贺五", "岗位": "回访员"},
        {"账号": "banzhang", "姓名": "夏六", "岗位": "班长"},
        {"账号": "guanli", "姓名": "洪七", "岗位": "系统管理员"},
    ]
    for n, town in enumerate(TOWNS, start=1):
        kind = town[-2:] if town.endswith("街道") else "镇"
        body = f"云岭区{town}办事处" if kind == "街道" else f"云岭区{town}人民政府"
        units.append(
            {
                "代码": f"Z{n}",
                "全称": body,
                "常用名": town,
                "别名": town.removesuffix(kind),
                "类型": kind,
                "隶属": "区属",
                "辖区": town,
                "职责": "辖区环境卫生、物业和邻里事务、民政申请受理",
            }
        )
        places.append({"代码": f"D{n}", "名称": town, "类型": kind, "上级": "云岭区"})
        places.append({"代码": f"X{n}", "名称": ESTATES[n - 1], "类型": "小区", "上级": town})
    for n, unit in enumerate(units, start=1):
        for time in ("白天", "夜间"):
            phones.append(
                {"单位": unit["常用名"], "时段": time, "电话": f"0990-{5550000 + n}", "联系岗位": "值班室"}
            )
        staff.append(
            {"账号": f"lly{n:02d}", "姓名": f"联络{n:02d}", "岗位": "承办单位联络员", "单位": unit["常用名"]}
        )
    categories: Rows = []
    examples: Rows = []
    duties: Rows = [{"规则号": "R000", "主办": "属地", "等级": "三级", "依据": "兜底：属地先接"}]
    for a, (level1, branches) in enumerate(TREE.items(), start=1):
        for b, (level2, leaves) in enumerate(branches.items(), start=1):
            for c, (name, lead, *said) in enumerate(leaves, start=1):
                code = f"{a:02d}{b:02d}{c:02d}"
                categories.append(
                    {
                        "代码": code,
                        "一级分类": level1,
                        "二级分类": level2,
                        "名称": name,
                        "定义": "；".join(said),
                    }
                )
                examples += [
                    {"分类": name, "例句": text} for text in (*said, f"{name}的事反映过，一直没人管")
                ]
                duties.append(
                    {
                        "规则号": f"R{code}",
                        "分类": name,
                        "主办": lead,
                        "协办": "" if lead == "属地" else "属地",
                        "等级": "二级" if name in {"停水", "室温不达标", "流浪救助"} else "三级",
                        "依据": "云岭区权责清单(虚构)",
                        "生效日": "2026/1/1",
                    }
                )
    return {
        "单位": units,
        "地点": places,
        "分类": categories,
        "例句": examples,
        "权责": duties,
        "值班电话": phones,
        "人员": staff,
    }


def fill(template: bytes) -> bytes:
    """The template as a person fills it: the examples stay, rows are written below them."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(template))
    sheet = book["本区"]
    for row in sheet.iter_rows(min_row=3):
        word = str(row[0].value or "").replace("*", "").strip()
        if word in SETTINGS:
            row[1].value = SETTINGS[word]
    for title, rows in lists().items():
        sheet = book[title]
        at = {str(cell.value).replace("*", "").strip(): cell.column for cell in sheet[2] if cell.value}
        first = next(n for n in range(4, 99) if not any(cell.value for cell in sheet[n]))
        for n, row in enumerate(rows, start=first):
            for word, value in row.items():
                sheet.cell(n, at[word], value)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def folder() -> dict[str, str]:
    """The same as CSV files with the words as headings, and a short district.toml."""
    names = {
        "单位": "units",
        "地点": "places",
        "分类": "categories",
        "例句": "examples",
        "权责": "duties",
        "值班电话": "duty_phones",
        "人员": "staff",
    }
    files = {
        "district.toml": 'name = "云岭区"\nfull_name = "虚构省云岭区"\ncode = "990123"\nis_demo = false\n'
    }
    for title, rows in lists().items():
        columns = list(dict.fromkeys(word for row in rows for word in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
        files[f"{names[title]}.csv"] = text.getvalue()
    return files


if __name__ == "__main__":
    HERE.mkdir(parents=True, exist_ok=True)
    for name, text in folder().items():
        (HERE / name).write_text(text, encoding="utf-8")
