"""A paper as a Word document in the manner of GB/T 9704-2012: A4, the type area 156 × 225 mm, title in size 2,
body in size 3 with 22 lines a page, headings 一、 in Hei, page numbers with dashes outside.

The standard's fonts are not free and are not shipped: they are named, and the font table names what may
stand in for them. Tables are native, and charts stay charts (`papers/charts.py`).
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.oxml import serialize_part_xml
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt, RGBColor

from fenzhen.papers.charts import chart_book, chart_xml
from fenzhen.papers.paper import Chart, Paper, Row, Section, Table, shown

#: Fonts of GB/T 9704, each with what may stand in for it where it is not installed.
TITLE, BODY, HEAD, UNDER_HEAD = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
STAND_INS = {
    TITLE: ("华文中宋", "Noto Serif CJK SC"),
    BODY: ("仿宋", "FangSong", "Noto Serif CJK SC"),
    HEAD: ("SimHei", "Noto Sans CJK SC"),
    UNDER_HEAD: ("楷体", "KaiTi", "Noto Serif CJK SC"),
}
LATIN = "Times New Roman"
#: Chinese sizes in points: 2, 3, 4, 5, 小五.
SIZE_2, SIZE_3, SIZE_4, SIZE_5, SIZE_SMALL_5 = 22, 16, 14, 10.5, 9
#: 225 mm of type in 22 lines.
LINE = Pt(28.95)
#: So many lines of a long table stand on paper; the workbook has them all.
MOST_LINES = 15
WIDTH = Mm(156)
RED = RGBColor(0xB3, 0x20, 0x1B)
_NUMERALS = "一二三四五六七八九十"


def document(paper: Paper) -> bytes:
    """The .docx file."""
    doc = Document()
    _page(doc, paper)
    _fonts(doc)
    _headlines(doc, paper)
    charts = 0
    for n, section in enumerate(paper.sections):
        charts = _section(doc, section, n, charts)
    _foot(doc, paper)
    doc.core_properties.title = paper.title
    doc.core_properties.subject = paper.under
    doc.core_properties.comments = paper.demo
    doc.core_properties.author = paper.signed
    out = BytesIO()
    doc.save(out)
    return out.getvalue()


def _page(doc: Any, paper: Paper) -> None:
    page = doc.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin = Mm(37), Mm(35)
    page.left_margin, page.right_margin = Mm(28), Mm(26)
    page.header_distance, page.footer_distance = Mm(20), Mm(25)
    doc.settings.odd_and_even_pages_header_footer = True
    for foot, side in (
        (page.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (page.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        line = foot.paragraphs[0]
        line.alignment = side
        _write(line, "— ", BODY, SIZE_4)
        _page_number(line)
        _write(line, " —", BODY, SIZE_4)
    if paper.demo:
        for head in (page.header, page.even_page_header):
            line = head.paragraphs[0]
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
            _write(line, paper.demo, HEAD, SIZE_5, colour=RED)
            _watermark(line, _("演示数据"))
    body = doc.styles["Normal"]
    body.font.size = Pt(SIZE_3)
    _style_fonts(body, BODY)
    # 28 characters in 156 mm want a hair less than size 3.
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:val"), "-5")
    body.element.get_or_add_rPr().append(spacing)
    body.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    body.paragraph_format.line_spacing = LINE
    body.paragraph_format.space_after = Pt(0)


def _fonts(doc: Any) -> None:
    """Name the stand-ins in the document's font table (w:altName)."""
    for rel in doc.part.rels.values():
        if rel.reltype != RELATIONSHIP_TYPE.FONT_TABLE:
            continue
        part = rel.target_part
        root = parse_xml(part.blob)
        for name, others in STAND_INS.items():
            font, other, charset = (OxmlElement(tag) for tag in ("w:font", "w:altName", "w:charset"))
            font.set(qn("w:name"), name)
            other.set(qn("w:val"), ",".join(others))
            charset.set(qn("w:val"), "86")
            font.extend([other, charset])
            root.append(font)
        part._blob = serialize_part_xml(root)


def _headlines(doc: Any, paper: Paper) -> None:
    title = doc.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.line_spacing = Pt(36)
    _write(title, paper.title, TITLE, SIZE_2)
    line = doc.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(line, paper.number, BODY, SIZE_3)
    under = doc.add_paragraph()
    under.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(under, paper.under, UNDER_HEAD, SIZE_4)
    if paper.demo:
        demo = doc.add_paragraph()
        demo.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _write(demo, _("演示数据"), HEAD, SIZE_3, colour=RED)
    _rule(under if not paper.demo else demo)


def _section(doc: Any, section: Section, n: int, charts: int) -> int:
    head = doc.add_paragraph(style="Heading 1")
    head.paragraph_format.first_line_indent = Pt(2 * SIZE_3)
    head.paragraph_format.space_before = Pt(8)
    head.paragraph_format.keep_with_next = True
    _write(head, f"{_NUMERALS[n]}、{section.title}", HEAD, SIZE_3)
    for sentence in section.said:
        line = doc.add_paragraph()
        line.paragraph_format.first_line_indent = Pt(2 * SIZE_3)
        line.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        _write(line, sentence, BODY, SIZE_3)
    for table in section.tables:
        if not table.is_detail:
            _table(doc, table)
    for chart in section.charts:
        charts += 1
        _chart(doc, chart, charts)
    return charts


def _table(doc: Any, table: Table) -> None:
    title = doc.add_paragraph()
    title.paragraph_format.keep_with_next = True
    title.paragraph_format.space_before = Pt(6)
    title.paragraph_format.line_spacing = Pt(22)
    _write(title, table.title, UNDER_HEAD, SIZE_4)
    rows: Sequence[Row] = table.rows
    cut = len(rows) - MOST_LINES if table.is_long and len(rows) > MOST_LINES else 0
    if not rows:
        line = doc.add_paragraph()
        line.paragraph_format.first_line_indent = Pt(2 * SIZE_5)
        line.paragraph_format.line_spacing = Pt(20)
        _write(line, table.empty, BODY, SIZE_5)
        return
    if cut:
        rows = rows[:MOST_LINES]
    made = doc.add_table(rows=1 + len(rows), cols=len(table.head))
    made.style = doc.styles["Table Grid"]
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    made.autofit = False
    whole = sum(table.widths)
    widths = [Emu(int(WIDTH * share / whole)) for share in table.widths]
    numeric = [table.numeric(n) for n in range(len(table.head))]
    grid = made._tbl.tblGrid
    for column, width in zip(grid.gridCol_lst, widths, strict=True):
        column.w = width
    size = SIZE_SMALL_5 if table.names_tickets else SIZE_5
    _fill(made.rows[0], list(table.head), widths, numeric, size, bold=True, shade="EEF1F4")
    _repeat(made.rows[0])
    # made.rows[n] walks the whole table again each time; a long one would take seconds.
    for target, row in zip(list(made.rows)[1:], rows, strict=True):
        _fill(target, [shown(cell) for cell in row.cells], widths, numeric, size, bold=row.is_head)
    if cut:
        line = doc.add_paragraph()
        line.paragraph_format.line_spacing = Pt(20)
        _write(line, _("另有 %(n)s 行，见同名 Excel 表。") % {"n": cut}, BODY, SIZE_5)


def _fill(
    row: Any,
    texts: list[str],
    widths: Sequence[Emu],
    numeric: Sequence[bool],
    size: float,
    *,
    bold: bool,
    shade: str = "",
) -> None:
    _keep_whole(row)
    for cell, text, width, is_number in zip(row.cells, texts, widths, numeric, strict=True):
        cell.width = width
        line = cell.paragraphs[0]
        line.paragraph_format.line_spacing = Pt(size + 4)
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT if is_number else WD_ALIGN_PARAGRAPH.LEFT
        _write(line, text, HEAD if bold else BODY, size)
        if shade:
            fill = OxmlElement("w:shd")
            fill.set(qn("w:val"), "clear")
            fill.set(qn("w:fill"), shade)
            cell._tc.get_or_add_tcPr().append(fill)


def _keep_whole(row: Any) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _repeat(row: Any) -> None:
    """The head stands on every page that the table goes on to."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _chart(doc: Any, chart: Chart, n: int) -> None:
    package = doc.part.package
    book = Part(
        PackURI(f"/word/embeddings/Microsoft_Excel_Sheet{n}.xlsx"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        chart_book(chart),
        package,
    )
    part = Part(
        PackURI(f"/word/charts/chart{n}.xml"),
        "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
        b"",
        package,
    )
    part._blob = chart_xml(chart, part.relate_to(book, RELATIONSHIP_TYPE.PACKAGE), font=BODY)
    rel = doc.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
    tall = Mm(62) if chart.kind == "col" else Mm(min(30 + 6.5 * len(chart.labels), 190))
    line = doc.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.paragraph_format.space_before = Pt(6)
    line.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    inline = parse_xml(
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f'<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{int(WIDTH)}" cy="{int(tall)}"/>'
        f'<wp:docPr id="{100 + n}" name="chart{n}" descr=""/><wp:cNvGraphicFramePr/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        f'r:id="{rel}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
    # Who cannot see the chart is told what it shows.
    inline[0].find(qn("wp:docPr")).set("descr", chart.title)
    line.add_run()._r.append(inline)


def _foot(doc: Any, paper: Paper) -> None:
    for n, text in enumerate(paper.notes):
        line = doc.add_paragraph()
        line.paragraph_format.line_spacing = Pt(18)
        if n == 0:
            line.paragraph_format.space_before = Pt(10)
        _write(line, text, BODY, SIZE_5)
    for text in (paper.signed, _("%(y)s年%(m)s月%(d)s日") % _parts(paper)):
        line = doc.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        line.paragraph_format.right_indent = Pt(2 * SIZE_3)
        line.paragraph_format.keep_together = True
        _write(line, text, BODY, SIZE_3)


def _parts(paper: Paper) -> dict[str, int]:
    return {"y": paper.dated.year, "m": paper.dated.month, "d": paper.dated.day}


def _write(line: Any, text: str, font: str, size: float, *, colour: RGBColor | None = None) -> None:
    run = line.add_run(text)
    run.font.size = Pt(size)
    run.font.bold = False
    run.font.color.rgb = colour or RGBColor(0, 0, 0)
    run.font.name = LATIN
    fonts = run._r.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font)
    fonts.set(qn("w:hint"), "eastAsia")


def _style_fonts(style: Any, font: str) -> None:
    style.font.name = LATIN
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _page_number(line: Any) -> None:
    for kind, text in (("begin", ""), ("", " PAGE "), ("end", "")):
        run = line.add_run()
        run.font.size = Pt(SIZE_4)
        run.font.name = LATIN
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = text
        run._r.append(mark)


def _rule(line: Any) -> None:
    """A red line below, as heads of documents have it."""
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "12"), ("space", "6"), ("color", "B3201B")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    line._p.get_or_add_pPr().append(borders)


def _watermark(line: Any, text: str) -> None:
    """Grey words across the page, behind the type, as Word itself writes them."""
    line.add_run()._r.append(
        parse_xml(
            '<w:pict xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
            'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
            'xmlns:w10="urn:schemas-microsoft-com:office:word">'
            '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
            'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/>'
            '<v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/>'
            '<v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/>'
            '</v:formulas><v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/>'
            '</v:shapetype><v:shape type="#_x0000_t136" style="position:absolute;width:400pt;height:100pt;'
            "rotation:315;z-index:-251658240;mso-position-horizontal:center;"
            "mso-position-horizontal-relative:margin;mso-position-vertical:center;"
            'mso-position-vertical-relative:margin" fillcolor="#d9d9d9" stroked="f"><v:fill opacity=".45"/>'
            f'<v:textpath style="font-family:&quot;{HEAD}&quot;;font-size:1pt" string="{text}"/>'
            "</v:shape></w:pict>"
        )
    )
