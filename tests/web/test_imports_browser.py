"""The import page in a real browser: a file, a look, a yes, and the bar moves."""

import csv
from pathlib import Path

import pytest
from django.utils import timezone

from fenzhen.office.accounts import system_account
from fenzhen.office.imports import work_imports
from fenzhen.records.tickets import Ticket
from tests.cast import Cast
from tests.office.test_imports import BEIJING, order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    from tests.cast import build

    return build()


def test_a_file_goes_in(cast: Cast, new_page, sign_in, shot, tmp_path: Path) -> None:
    path = tmp_path / "区级导出.csv"
    with path.open("w", encoding="gbk", newline="") as file:
        writer = csv.DictWriter(file, BEIJING)
        writer.writeheader()
        for n in range(1, 451):
            writer.writerow(order(n, 办结时间="2019/2/30" if n % 90 == 0 else ""))
    page = new_page()
    sign_in(page, cast.chen)
    page.goto("/import")
    shot(page, "import-empty")
    page.set_input_files("#import-file", path)
    page.get_by_role("button", name="检查文件").click()
    page.get_by_role("heading", name="如果导入").wait_for()
    shot(page, "import-look")
    page.get_by_role("button", name="开始导入").click()
    page.locator("progress").wait_for()
    assert work_imports(by=system_account(), now=timezone.now()) == 400
    page.get_by_text("400 / 450").wait_for()
    shot(page, "import-running")
    while work_imports(by=system_account(), now=timezone.now()):
        pass
    page.get_by_role("heading", name="完成").wait_for()
    shot(page, "import-done")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载拒收的行").click()
    assert "2019/2/30" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/import")
    shot(page, "import-390")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert Ticket.objects.count() == 445
