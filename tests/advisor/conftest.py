"""A small district of our own, with enough in it to be right or wrong about."""

from pathlib import Path

import pytest

from fenzhen.advisor import Adviser, Category

LEAVES = [
    (
        "010201", "住房", "物业", "电梯故障",
        "电梯坏了、停运、困人、晃动、不年检,物业不修电梯",
        ["电梯坏了一礼拜没人修", "坐电梯老往下掉,吓死人", "十八层天天爬楼,电梯停着", "电梯门夹人,按了没反应"],
    ),
    (
        "010103", "住房", "物业", "物业收费",
        "物业费涨价、乱收费、停车管理费、滞纳金",
        ["物业费凭什么涨", "没住进去也要交全额物业费", "装修押金不退", "物业乱收垃圾清运费"],
    ),
    (
        "040101", "市政", "供水", "停水",
        "停水、没水、水压低、水龙头不出水",
        ["家里没水了", "水龙头一滴都不出", "顶楼水压小得洗不了澡", "停水也不通知"],
    ),
    (
        "040401", "市政", "供热", "暖气不热",
        "供暖不热、室温不达标、暖气片冰凉、管道漏水",
        ["暖气冰凉", "屋里穿棉袄还打哆嗦", "交了供暖费室温才十四度", "楼上热楼下不热"],
    ),
    (
        "120101", "劳动", "劳动关系", "拖欠工资",
        "公司、店铺拖欠、克扣工资,讨薪",
        ["老板跑了三个月工资没给", "饭店关门欠服务员钱", "辞职不给结算工资", "干了半年工钱一直拖"],
    ),
    (
        "070101", "市场", "消费", "预付卡退费",
        "健身房、理发店、培训机构关门不退卡、退费难",
        ["健身房跑路卡里还有钱", "理发店办卡不给退", "早教中心关门学费不退", "游泳卡没用完店没了"],
    ),
    (
        "090101", "环境", "大气", "餐饮油烟",
        "饭馆油烟扰民、烧烤冒烟、油烟净化器不开",
        ["楼下饭馆油烟往屋里灌", "烧烤摊烟熏火燎", "窗户不敢开全是炒菜味", "烟道对着我家卧室"],
    ),
    (
        "060101", "交通", "停车", "违法停车",
        "车辆占道乱停、堵消防通道、僵尸车、占盲道",
        ["路边停满车公交过不去", "消防通道被车堵死", "有辆破车停半年没人挪", "盲道上全是车"],
    ),
]  # fmt: skip


@pytest.fixture(scope="session")
def leaves() -> list[Category]:
    return [
        Category(code, level1, level2, name, definition, examples=tuple(examples))
        for code, level1, level2, name, definition, examples in LEAVES
    ]


@pytest.fixture(scope="session")
def adviser(leaves: list[Category]) -> Adviser:
    return Adviser.from_categories(leaves)


@pytest.fixture(scope="session")
def plain_adviser(leaves: list[Category]) -> Adviser:
    return Adviser.from_categories(leaves, embedding=False)


@pytest.fixture
def district(tmp_path: Path) -> Path:
    lines = ["code,level1,level2,name,definition,not_here,kind_hint"]
    said = ["category,text"]
    for code, level1, level2, name, definition, examples in LEAVES:
        lines.append(f'{code},{level1},{level2},{name},"{definition}",,投诉')
        said += [f'{code},"{text}"' for text in examples]
    (tmp_path / "categories.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "examples.csv").write_text("\n".join(said) + "\n", "utf-8")
    return tmp_path
