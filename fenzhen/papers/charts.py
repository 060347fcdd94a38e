"""Charts that stay charts: DrawingML with the workbook of their numbers inside, so that Word can edit them.

The parts are those that ECMA-376 part 1, 21.2 describes: a chartSpace with one barChart, whose caches repeat
what stands in the embedded workbook's first sheet (labels in column A, a series in each column behind it).
"""

from io import BytesIO
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from fenzhen.papers.paper import Chart

#: The series' colours: the day in ink, what it is compared with in grey.
COLOURS = ("1F4E8C", "A8B2BD", "5C6B7A")
_C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def chart_xml(chart: Chart, workbook: str, *, font: str) -> bytes:
    """The chart's part. *workbook* is the id of the relationship to the embedded workbook."""
    last = len(chart.labels) + 1
    series = "".join(
        f'<c:ser><c:idx val="{n}"/><c:order val="{n}"/>'
        f"<c:tx>{_strings(f'Sheet1!${xl_col_to_name(n + 1)}$1', [name])}</c:tx>"
        f'<c:spPr><a:solidFill><a:srgbClr val="{COLOURS[n % len(COLOURS)]}"/></a:solidFill></c:spPr>'
        '<c:invertIfNegative val="0"/>'
        f"<c:cat>{_strings(f'Sheet1!$A$2:$A${last}', chart.labels)}</c:cat>"
        f"<c:val>{_numbers(f'Sheet1!${xl_col_to_name(n + 1)}$2:${xl_col_to_name(n + 1)}${last}', values)}</c:val>"
        "</c:ser>"
        for n, (name, values) in enumerate(chart.series)
    )
    upright = chart.kind == "col"
    text = _text(font, 900)
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<c:chartSpace xmlns:c="{_C}" xmlns:a="{_A}" xmlns:r="{_R}">'
        '<c:date1904 val="0"/><c:roundedCorners val="0"/><c:chart>'
        f"<c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr>{_run(font, 1050, 'defRPr')}</a:pPr>"
        f"<a:r>{_run(font, 1050, 'rPr')}<a:t>{escape(chart.title)}</a:t></a:r></a:p></c:rich></c:tx>"
        '<c:overlay val="0"/></c:title>'
        '<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/><c:barChart>'
        f'<c:barDir val="{"col" if upright else "bar"}"/><c:grouping val="clustered"/><c:varyColors val="0"/>'
        f'{series}<c:gapWidth val="60"/><c:axId val="111111111"/><c:axId val="222222222"/></c:barChart>'
        f'<c:catAx><c:axId val="111111111"/><c:scaling><c:orientation val="{"minMax" if upright else "maxMin"}"/>'
        f'</c:scaling><c:delete val="0"/><c:axPos val="{"b" if upright else "l"}"/>'
        '<c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="nextTo"/>{text}<c:crossAx val="222222222"/><c:crosses val="autoZero"/>'
        '<c:auto val="1"/><c:lblAlgn val="ctr"/><c:lblOffset val="100"/><c:noMultiLvlLbl val="0"/></c:catAx>'
        '<c:valAx><c:axId val="222222222"/><c:scaling><c:orientation val="minMax"/><c:min val="0"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{"l" if upright else "t"}"/><c:majorGridlines><c:spPr><a:ln w="6350">'
        '<a:solidFill><a:srgbClr val="D9DEE4"/></a:solidFill></a:ln></c:spPr></c:majorGridlines>'
        '<c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="nextTo"/>{text}<c:crossAx val="111111111"/>'
        f'<c:crosses val="{"autoZero" if upright else "max"}"/></c:valAx>'
        f'</c:plotArea><c:legend><c:legendPos val="b"/><c:overlay val="0"/>{text}</c:legend>'
        '<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart>'
        f'<c:externalData r:id="{workbook}"><c:autoUpdate val="0"/></c:externalData></c:chartSpace>'
    ).encode()


def chart_book(chart: Chart) -> bytes:
    """The workbook that Word opens for "edit data"."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Sheet1")
        for row, label in enumerate(chart.labels, start=1):
            sheet.write_string(row, 0, label)
        for column, (name, values) in enumerate(chart.series, start=1):
            sheet.write_string(0, column, name)
            for row, value in enumerate(values, start=1):
                sheet.write_number(row, column, value)
    return out.getvalue()


def _strings(where: str, texts: "tuple[str, ...] | list[str]") -> str:
    points = "".join(f'<c:pt idx="{n}"><c:v>{escape(t)}</c:v></c:pt>' for n, t in enumerate(texts))
    return (
        f'<c:strRef><c:f>{where}</c:f><c:strCache><c:ptCount val="{len(texts)}"/>'
        f"{points}</c:strCache></c:strRef>"
    )


def _numbers(where: str, values: tuple[float, ...]) -> str:
    points = "".join(f'<c:pt idx="{n}"><c:v>{v:g}</c:v></c:pt>' for n, v in enumerate(values))
    return (
        f"<c:numRef><c:f>{where}</c:f><c:numCache><c:formatCode>General</c:formatCode>"
        f'<c:ptCount val="{len(values)}"/>{points}</c:numCache></c:numRef>'
    )


def _run(font: str, size: int, tag: str) -> str:
    return (
        f'<a:{tag} sz="{size}" b="0"><a:latin typeface="Times New Roman"/><a:ea typeface="{font}"/></a:{tag}>'
    )


def _text(font: str, size: int) -> str:
    return f"<c:txPr><a:bodyPr/><a:p><a:pPr>{_run(font, size, 'defRPr')}</a:pPr></a:p></c:txPr>"
