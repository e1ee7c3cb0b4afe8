# SPDX-License-Identifier: Apache-2.0
"""The table for people and for docs/performance.md, and the plot of B10."""
import platform
import re

BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"
WIDTH, HEIGHT, LEFT, TOP = 340, 240, 62, 34


def verdict(row):
    return {None: "", True: "yes", False: "**no**"}[row.met]


def ratio(row):
    return "" if row.ratio is None else "%.2f x" % row.ratio


def cells(row):
    return (row.name, row.what, row.ours, row.other, ratio(row), row.goal,
            verdict(row))


HEAD = ("", "what", "ours", "beside it", "ratio", "goal", "met")


def text(rows):
    table = [HEAD] + [cells(r) for r in rows]
    widths = [max(len(line[i]) for line in table) for i in range(len(HEAD))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths))
                     .rstrip() for line in table)


def markdown(rows, versions):
    out = ["Measured in one run on %s, %s.\n" % (platform.machine(), versions),
           "| %s |" % " | ".join(HEAD), "|%s" % ("---|" * len(HEAD))]
    out += ["| %s |" % " | ".join(cells(r)) for r in rows]
    return "\n".join(out) + "\n"


def write_document(path, rows, versions):
    """Replaces what stands between the marks."""
    with open(path) as f:
        old = f.read()
    new = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END),
                 lambda _: BEGIN + markdown(rows, versions) + END, old,
                 flags=re.S)
    with open(path, "w") as f:
        f.write(new)


# The plot: one panel for each axis and figure, from zero.

def human(value, unit):
    if unit == "s" and value < 0.1:
        return "%.2g ms" % (value * 1e3)
    return "%.3g %s" % (value, unit)


def panel(x0, y0, title, points, unit):
    high = max(y for _, y in points) * 1.15 or 1
    last = points[-1][0]
    width, height = WIDTH - LEFT - 22, HEIGHT - TOP - 42

    def place(x, y):
        return (x0 + LEFT + width * x / last,
                y0 + TOP + height * (1 - y / high))

    left, bottom = place(0, 0)
    out = ['<text class="t" x="%d" y="%d">%s</text>' % (x0 + 10, y0 + 18,
                                                        title),
           '<path class="a" d="M%.1f %.1fV%.1fH%.1f"/>'
           % (left, y0 + TOP, bottom, left + width),
           '<polyline points="%s"/>' % " ".join("%.1f,%.1f" % place(x, y)
                                                for x, y in points)]
    for x, y in points:
        px, py = place(x, y)
        out.append('<circle cx="%.1f" cy="%.1f" r="3"/>' % (px, py))
        out.append('<text class="v" x="%.1f" y="%.1f">%s</text>'
                   % (px - 4, py - 7, human(y, unit)))
    out.append('<text class="l" x="%.1f" y="%.1f">%s</text>'
               % (left + width, bottom + 18, "{:,}".format(last)))
    out.append('<text class="l" x="%.1f" y="%.1f">0</text>'
               % (left + 4, bottom + 18))
    return "\n".join(out)


STYLE = """
svg { background: #fff; font: 12px sans-serif; }
text { fill: #222; } .t { font-weight: bold; }
.v, .l { text-anchor: end; font-size: 11px; } .l { fill: #555; }
polyline { fill: none; stroke: #1663ad; stroke-width: 2; }
circle { fill: #1663ad; } .a { fill: none; stroke: #999; }
@media (prefers-color-scheme: dark) {
svg { background: #151a20; } text { fill: #e6e6e6; } .l { fill: #aaa; }
polyline { stroke: #6cb2f5; } circle { fill: #6cb2f5; } .a { stroke: #667; }
}
"""


def plot(growth):
    figures = (("cold", "cold start", "s", 1), ("resident", "memory", "MB",
                                                1e-6),
               ("event", "one pod event", "s", 1))
    axes = [a for a in growth if len(growth[a]) > 1]
    out = ['<svg xmlns="http://www.w3.org/2000/svg" role="img" '
           'aria-label="Cost by number of pods and policies" '
           'width="%d" height="%d">' % (WIDTH * len(figures),
                                        HEIGHT * len(axes)),
           "<style>%s</style>" % STYLE]
    for row, axis in enumerate(axes):
        for column, (key, what, unit, scale) in enumerate(figures):
            points = [(p["x"], p[key] * scale) for p in growth[axis]]
            out.append(panel(WIDTH * column, HEIGHT * row,
                             "%s by number of %s" % (what, axis), points,
                             unit))
    return "\n".join(out + ["</svg>"]) + "\n"
