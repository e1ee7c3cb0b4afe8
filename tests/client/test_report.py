# SPDX-License-Identifier: Apache-2.0
"""The page of `ovs-netpol report` in a real browser.

usage: test_report.py OVS-NETPOL DIRECTORY WORD...
       test_report.py --live PAGE

Makes the page with these words in DIRECTORY and prints TAP; or prints what a
page says about the node.  With NETPOL_SCREENSHOTS=DIR the pictures stay there.
"""

import base64
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import browser                  # noqa: E402

DOWN, RIGHT, ENTER, END = "\ue015", "\ue014", "\ue007", "\ue010"

CELL = """
const rows = [...document.querySelectorAll('.matrix tbody tr')];
const row = rows.find(r => r.querySelector('th').title === arguments[0]);
const columns = [...document.querySelectorAll('.matrix thead th span')];
const column = columns.findIndex(c => c.title === arguments[1]);
return row.querySelectorAll('td')[column]
"""


def cell_class(page, source, destination):
    return page.run(CELL + ".querySelector('i')?.className",
                    source, destination)


def test_renders(page):
    assert page.run("return document.querySelectorAll("
                    "'.matrix tbody tr').length") == 10
    assert cell_class(page, "batch/worker", "batch/vault") == "all"
    assert cell_class(page, "shop/web", "shop/api") == "some"
    assert cell_class(page, "shop/web", "shop/db") == "none"
    assert page.run("return document.querySelector("
                    "'.picture svg .arrow') !== null")
    assert "shop/api-from-web" in text(page, "#policy-list")
    assert page.run("return document.getElementById('live').hidden")


def test_filters(page):
    page.type("#from", "shop/ !db")
    assert page.run("return [...document.querySelectorAll("
                    "'.matrix tbody th')].map(th => th.title)") \
        == ["shop/api", "shop/web"]
    page.type("#to", "db")
    assert page.run("return document.querySelectorAll("
                    "'.matrix td').length") == 2
    page.type("#to", "xyz")
    assert "Nothing has such a name" in text(page, "#notice")
    for name in "#from", "#to":
        set_value(page, name, "")
    assert page.run("return document.querySelectorAll("
                    "'.matrix td').length") == 100


def test_service(page):
    set_value(page, "#service", "TCP/8080")
    assert cell_class(page, "shop/web", "shop/api") == "all"
    assert cell_class(page, "platform/prom", "shop/api") == "none"
    set_value(page, "#service", "")
    assert cell_class(page, "platform/prom", "shop/api") == "some"


def test_show(page):
    set_value(page, "#show", "some")
    dimmed = "td.dimmed i.some, td:not(.dimmed) i.none"
    assert page.run("return document.querySelector(arguments[0]) === null",
                    dimmed)
    assert page.run("return document.querySelectorAll("
                    "'td:not(.dimmed) i.some').length") > 0
    set_value(page, "#show", "")


def test_grain(page):
    set_value(page, "#by", "pod")
    assert page.run("return document.querySelectorAll("
                    "'.matrix tbody tr').length") == 15
    assert cell_class(page, "shop/web-1", "shop/api-2") == "some"
    set_value(page, "#by", "namespace")
    assert cell_class(page, "shop", "shop") == "mixed"
    set_value(page, "#by", "app")


def test_click_explains(page):
    page.run(CELL + ".click()", "shop/web", "shop/api")
    why = text(page, "#why")
    for word in ("shop/web → shop/api", "TCP/8080", "Egress", "Ingress",
                 "shop/web-to-api rule 0", "shop/api-from-web rule 0",
                 "ovs-netpol explain shop/web-1 shop/api-1:8080/tcp"):
        assert word in why, word + " is not in " + why
    page.run(CELL + ".click()", "shop/web", "shop/db")
    assert "shop/default-deny" in text(page, "#why")
    assert page.run("return document.querySelector("
                    "'td[aria-selected=true]').getAttribute('aria-label')") \
        == "shop/web to shop/db: none"


def test_keyboard(page):
    page.run("document.querySelector('.matrix td').focus()")
    page.press(DOWN, DOWN, RIGHT)
    assert focused(page) == "batch/worker to batch/vault: all"
    page.press(ENTER)
    assert "batch/vault rule 0" in text(page, "#why")
    page.press(END)
    assert focused(page) == "batch/worker to 203.0.113.0/24: all"
    assert page.run("return getComputedStyle(document.activeElement)"
                    ".outlineStyle") == "solid"
    size = width(page)
    page.press("+")
    assert width(page) > size
    page.press("-")
    assert width(page) == size


def test_dark(page):
    light = background(page)
    page.prefer("dark")
    assert background(page) != light
    contrast(page)
    keep(page, "dark")
    page.prefer("light")
    assert background(page) == light
    contrast(page)
    keep(page, "light")


def test_self_contained(page):
    assert page.run("return performance.getEntriesByType('resource').length") \
        == 0
    # The policy is in force: what is not ours does not run.
    page.run("const s = document.createElement('script');"
             "s.textContent = 'window.stranger = 1'; document.body.append(s)")
    assert page.run("return window.stranger === undefined")
    assert any("Content Security Policy" in line for line in page.log())


def focused(page):
    return page.run("return document.activeElement.getAttribute("
                    "'aria-label')")


def width(page):
    return page.run("return document.querySelector('.matrix td').offsetWidth")


def background(page):
    return page.run("return getComputedStyle(document.body).backgroundColor")


def contrast(page):
    """Text can be read: at least 4.5 to 1 (WCAG AA)."""
    ratio = page.run("""
        const lightness = color => {
            const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3)
                .map(x => x / 255)
                .map(x => x <= .04045 ? x / 12.92
                                      : ((x + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b;
        };
        const under = getComputedStyle(
            document.querySelector('section')).backgroundColor;
        return Math.min(...[...document.querySelectorAll(
            'h2, .muted, .legend li, .controls label, td, a')].map(e => {
            const [a, b] = [lightness(getComputedStyle(e).color),
                            lightness(under)];
            return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        }));""")
    assert ratio >= 4.5, ratio


def text(page, selector):
    return page.run("return document.querySelector(arguments[0]).innerText",
                    selector)


def set_value(page, selector, value):
    page.run("const e = document.querySelector(arguments[0]);"
             "e.value = arguments[1];"
             "e.dispatchEvent(new Event('input'))", selector, value)


def keep(page, name):
    folder = os.environ.get("NETPOL_SCREENSHOTS")
    if folder:
        with open(os.path.join(folder, "report-%s.png" % name), "wb") as f:
            f.write(base64.b64decode(page.screenshot()))


TESTS = [test_renders, test_filters, test_service, test_show, test_grain,
         test_click_explains, test_keyboard, test_dark, test_self_contained]


def main(netpol, folder, words):
    name = os.path.join(folder, "report.html")
    with open(name, "wb") as f:
        subprocess.run([netpol, "report"] + words, stdout=f, check=True)
    page = browser.Browser()
    failed = 0
    try:
        page.open(name)
        page.wait("document.documentElement.dataset.ready === 'yes'")
        for number, test in enumerate(TESTS, 1):
            failed += run(number, test, page)
    finally:
        page.close()
    return failed


def run(number, test, page):
    try:
        test(page)
        log = page.log()
        assert not log, "console: " + "; ".join(log)
    except (AssertionError, RuntimeError) as error:
        print("not ok %d - %s\n# line %d: %s" % (
            number, test.__name__, error.__traceback__.tb_next.tb_lineno
            if error.__traceback__.tb_next else 0,
            str(error).replace("\n", "\n# ")), flush=True)
        return 1
    print("ok %d - %s" % (number, test.__name__), flush=True)
    return 0


def show_live(name):
    page = browser.Browser()
    try:
        page.open(name)
        page.wait("document.documentElement.dataset.ready === 'yes'")
        print(text(page, "#live"))
        print("\n".join("console: " + line for line in page.log()))
    finally:
        page.close()


if __name__ == "__main__":
    absent = browser.missing()
    if sys.argv[1] == "--live":
        show_live(sys.argv[2])
        sys.exit(0)
    if absent:
        print("1..0 # SKIP needs %s" % absent)
        sys.exit(0)
    print("1..%d" % len(TESTS), flush=True)
    sys.exit(1 if main(sys.argv[1], sys.argv[2], sys.argv[3:]) else 0)
