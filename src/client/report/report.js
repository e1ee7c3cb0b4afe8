/* SPDX-License-Identifier: Apache-2.0
   The page of `ovs-netpol report`: reads the data that stands in it, fetches
   nothing, and makes no markup of strings. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = id => document.getElementById(id);
  const MAX_ROWS = 150;
  const SIZES = [10, 14, 20, 28, 38];
  const state = { by: "app", from: "", to: "", service: "", show: "", size: 2 };
  let rows = [], columns = [], cells = [], at = null, selected = null;

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value !== undefined && value !== false) {
        element.setAttribute(key, value === true ? "" : value);
      }
    }
    element.append(...children.filter(child => child !== null));
    return element;
  }

  const plural = (n, word) => n + " " + word + (n === 1 ? "" : "s");

  /* Rows: name, namespace, members [class, number of pods, an example]. */
  function groups(by) {
    const found = new Map();
    for (const pod of data.pods) {
      const name = by === "pod" ? pod.namespace + "/" + pod.name
        : by === "app" ? pod.app : pod.namespace;
      if (!found.has(name)) {
        found.set(name, { name, ns: pod.namespace, pods: 0, members: new Map() });
      }
      const row = found.get(name);
      const member = row.members.get(pod.class) || { n: 0, example: pod };
      member.n++;
      row.pods++;
      row.members.set(pod.class, member);
    }
    const sorted = [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
    for (const net of data.networks) {
      sorted.push({ name: net.name, ns: null, pods: 0, networks: net.networks,
                    members: new Map([[net.class, { n: 0, example: null }]]) });
    }
    return sorted;
  }

  const setOf = (a, b) => data.cells[a * data.classes + b];

  /* What pods of one row may use of those of another: the sets that occur. */
  function cellSets(src, dst) {
    const sets = new Set();
    for (const [a, one] of src.members) {
      for (const [b, other] of dst.members) {
        const set = setOf(a, b);
        if (set >= 0 && !(src === dst && a === b && one.n < 2 && other.n < 2)) {
          sets.add(set);
        }
      }
    }
    return [...sets];
  }

  function allows(set, service) {
    const [protocol, port] = service.split("/");
    return data.sets[set].services.some(range => range.protocol === protocol
      && (port === undefined || (range.first <= +port && +port <= range.last)));
  }

  function kindOf(sets) {
    if (!sets.length) {
      return "nobody";
    }
    const kinds = new Set(sets.map(set => state.service
      ? (allows(set, state.service) ? "all" : "none")
      : data.sets[set].text === "all" ? "all"
      : data.sets[set].text === "none" ? "none" : "some" + set));
    if (kinds.size > 1) {
      return "mixed";
    }
    return [...kinds][0].startsWith("some") ? "some" : [...kinds][0];
  }

  function wordsOf(sets) {
    if (!sets.length) {
      return "nothing to ask";
    }
    return sets.map(set => data.sets[set].text).join(" or, between other pods, ");
  }

  /* The matrix. */

  function label(row) {
    const slash = row.ns === null ? -1 : row.name.indexOf("/");
    return slash < 0 ? [row.name]
      : [make("span", { class: "ns" }, row.name.slice(0, slash + 1)), row.name.slice(slash + 1)];
  }

  function columnHead(row, i) {
    const text = make("span", { title: row.name });
    text.textContent = row.name;
    return make("th", { scope: "col", class: newSpace(columns, i) ? "gap-left" : undefined }, text);
  }

  const newSpace = (list, i) => i > 0 && list[i].ns !== list[i - 1].ns;

  function cell(i, j) {
    const sets = cellSets(rows[i], columns[j]);
    const kind = kindOf(sets);
    const classes = [];
    if (kind === "nobody") {
      classes.push("nobody");
    }
    if (newSpace(columns, j)) {
      classes.push("gap-left");
    }
    if (state.show && kind !== state.show) {
      classes.push("dimmed");
    }
    const td = make("td", { role: "gridcell", tabindex: "-1", class: classes.join(" ") || undefined,
                            "aria-label": rows[i].name + " to " + columns[j].name + ": " + wordsOf(sets) },
                    kind === "nobody" ? "" : make("i", { class: kind }));
    td.title = rows[i].name + " \u2192 " + columns[j].name + "\n" + wordsOf(sets);
    td.dataset.at = i + "," + j;
    return td;
  }

  function matches(row, text) {
    return text.toLowerCase().split(/[\s,]+/).filter(Boolean)
      .every(word => word.startsWith("!") ? !row.name.toLowerCase().includes(word.slice(1))
                                          : row.name.toLowerCase().includes(word));
  }

  function draw() {
    const all = groups(state.by);
    rows = all.filter(row => matches(row, state.from));
    columns = all.filter(row => matches(row, state.to));
    $("notice").textContent = "";
    cells = [];
    at = selected = null;
    if (rows.length > MAX_ROWS || columns.length > MAX_ROWS) {
      $("notice").textContent = rows.length + " rows and " + columns.length
        + " columns are too many to draw: filter them, or choose a coarser grain.";
      $("scroll").replaceChildren();
      return;
    }
    const head = make("tr", {}, make("th", {}, "from \\ to"), ...columns.map(columnHead));
    const body = rows.map((row, i) => {
      const line = columns.map((_, j) => cell(i, j));
      cells.push(line);
      return make("tr", { class: newSpace(rows, i) ? "gap-top" : undefined },
                  make("th", { scope: "row", title: row.name }, ...label(row)), ...line);
    });
    $("scroll").replaceChildren(make("table", { class: "matrix", role: "grid", "aria-labelledby": "matrix-title",
                                                "aria-readonly": "true" },
                                     make("thead", {}, head), make("tbody", {}, ...body)));
    if (!rows.length || !columns.length) {
      $("notice").textContent = "Nothing has such a name.";
    } else {
      $("notice").textContent = rows.length + " \u00d7 " + columns.length;
      cells[0][0].tabIndex = 0;
      at = [0, 0];
    }
  }

  function mark(i, j, on) {
    $("scroll").querySelectorAll("tbody tr")[i].classList.toggle("on", on);
    $("scroll").querySelectorAll("thead th")[j + 1].classList.toggle("on", on);
  }

  function go(i, j) {
    if (at) {
      cells[at[0]][at[1]].tabIndex = -1;
      mark(at[0], at[1], false);
    }
    at = [Math.max(0, Math.min(i, rows.length - 1)), Math.max(0, Math.min(j, columns.length - 1))];
    const td = cells[at[0]][at[1]];
    td.tabIndex = 0;
    mark(at[0], at[1], true);
    td.focus();
    td.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function choose(i, j) {
    if (selected) {
      cells[selected[0]][selected[1]].removeAttribute("aria-selected");
    }
    selected = [i, j];
    cells[i][j].setAttribute("aria-selected", "true");
    explain(rows[i], columns[j]);
  }

  function zoom(step) {
    state.size = Math.max(0, Math.min(SIZES.length - 1, state.size + step));
    document.documentElement.style.setProperty("--size", SIZES[state.size] + "px");
    $("smaller").disabled = state.size === 0;
    $("larger").disabled = state.size === SIZES.length - 1;
  }

  /* Why. */

  const DIRECTIONS = ["egress", "ingress"];

  function side(direction, src, dst) {
    const subject = direction === 0 ? src : dst;
    const isolating = data.isolating[direction][subject];
    const who = direction === 0 ? "leaving the source" : "entering the destination";
    const title = make("h3", {}, (direction === 0 ? "Egress" : "Ingress") + ", " + who);
    const list = data.reasons ? data.lists[data.reasons[direction][src * data.classes + dst]] : null;
    const muted = text => make("p", { class: "muted" }, text);
    if (data.outside[subject]) {
      return [title, muted("Not a pod: no policy has a say.")];
    }
    if (!isolating.length && !(list && list.length)) {
      return [title, muted("No policy isolates these pods: everything may pass.")];
    }
    return [title,
            isolating.length ? muted("Isolated by " + isolating.map(policy => data.policies[policy].text).join(", ") + ".")
              : null,
            !list ? muted("This page has no reasons, because the cluster is large.")
              : list.length ? make("ul", {}, ...list.map(rule => ruleItem(data.rules[rule])))
              : make("p", {}, "No rule of theirs allows anything.")].filter(part => part !== null);
  }

  function ruleItem(rule) {
    return make("li", {}, make("strong", {}, data.policies[rule.policy].text), " rule " + rule.index + ": ",
                rule.ports + (DIRECTIONS[rule.direction] === "egress" ? " to " : " from ") + rule.peers);
  }

  const endName = (row, member) => member.example ? member.example.namespace + "/" + member.example.name
    : row.networks[0].split("/")[0];

  function command(src, a, dst, b, set) {
    const range = data.sets[set].services.find(service => service.first !== undefined
      && service.last - service.first < 65534) || null;
    const service = range ? ":" + range.first + "/" + range.protocol.toLowerCase() : "";
    const other = dst === src && a === b;
    return other ? null : make("pre", {}, "ovs-netpol explain " + endName(src, src.members.get(a)) + " "
      + endName(dst, dst.members.get(b)) + service);
  }

  function explainPair(src, a, dst, b) {
    const set = setOf(a, b);
    const text = data.sets[set].text;
    const kind = text === "all" || text === "none" ? text : "some";
    const count = (row, c) => row.members.get(c).n ? plural(row.members.get(c).n, "pod") : "outside";
    return [make("p", {}, make("span", { class: "badge " + kind }, kind === "some" ? "some services" : text), " ",
                 kind === "some" ? make("code", {}, text) : null),
            make("p", { class: "muted" }, "From " + count(src, a) + " to " + count(dst, b) + "."),
            ...side(0, a, b), ...side(1, a, b), command(src, a, dst, b, set)];
  }

  function explain(src, dst) {
    const parts = [make("h2", {}, src.name + " \u2192 " + dst.name)];
    const pairs = [];
    for (const [a, one] of src.members) {
      for (const [b] of dst.members) {
        if (setOf(a, b) >= 0 && !(src === dst && a === b && one.n < 2)) {
          pairs.push([a, b]);
        }
      }
    }
    if (!pairs.length) {
      parts.push(make("p", { class: "muted" }, src === dst ? "A pod may always talk to itself."
        : "Traffic between two networks outside is not ours."));
    }
    /* Those that may do something come first. */
    const denied = ([a, b]) => data.sets[setOf(a, b)].text === "none";
    const shown = pairs.sort((x, y) => denied(x) - denied(y)).slice(0, 8);
    shown.forEach(([a, b], i) => {
      if (pairs.length > 1) {
        const name = (row, c) => row.members.get(c).example
          ? row.members.get(c).example.name + (row.members.get(c).n > 1 ? " and like it" : "") : row.name;
        parts.push(make("h3", {}, (i + 1) + ". " + name(src, a) + " \u2192 " + name(dst, b)));
      }
      parts.push(...explainPair(src, a, dst, b));
    });
    if (pairs.length > shown.length) {
      parts.push(make("p", { class: "muted" }, "And " + plural(pairs.length - shown.length, "more kind")
        + " of pairs: choose a finer grain."));
    }
    $("why").replaceChildren(...parts.filter(part => part !== null));
    $("why").scrollTop = 0;
  }

  /* The other parts. */

  function facts() {
    const items = [[data.namespaces, "namespaces"], [data.pods.length, "pods"], [data.policies.length, "policies"],
                   [data.classes, "kinds of pods and networks"]];
    for (const [n, name] of items) {
      $("facts").append(make("div", {}, make("dt", {}, name), make("dd", {}, String(n))));
    }
    $("source").textContent = data.source;
  }

  function services() {
    const names = new Set();
    for (const set of data.sets) {
      for (const range of set.services) {
        if (range.first === undefined) {
          names.add(range.protocol);
        } else if (range.first === range.last || range.last - range.first < 65534) {
          names.add(range.protocol + "/" + range.first);
        }
      }
    }
    names.add("ICMP");
    $("service").append(make("option", { value: "" }, "any"));
    const byPort = (a, b) => a.split("/")[0].localeCompare(b.split("/")[0]) || +a.split("/")[1] - +b.split("/")[1];
    for (const name of [...names].sort(byPort).slice(0, 500)) {
      $("service").append(make("option", { value: name }, name === "ICMP" ? "ping" : name));
    }
  }

  function table(head, lines) {
    return make("table", { class: "plain" },
                make("thead", {}, make("tr", {}, ...head.map(text => make("th", { scope: "col" }, text)))),
                make("tbody", {}, ...lines.map(line => make("tr", {}, ...line.map(text => make("td", {}, text))))));
  }

  function policies() {
    if (!data.policies.length) {
      $("policy-list").append(make("p", { class: "muted" }, "There are none: everybody talks to everybody."));
      return;
    }
    const rules = data.policies.map(() => []);
    for (const rule of data.rules) {
      rules[rule.policy].push(rule);
    }
    $("policy-list").append(table(["Policy", "Selects", "Isolates", "Allows"], data.policies.map((policy, i) => [
      policy.text, plural(policy.pods, "pod"), policy.isolates.join(", ") || "\u2014",
      rules[i].length ? rules[i].map(rule => DIRECTIONS[rule.direction] + ": " + rule.ports
        + (rule.direction === 0 ? " to " : " from ") + rule.peers).join("; ") : "nothing"])));
  }

  /* The node: what the daemon says to status, counters and drops. */

  const NUMBER = new Intl.NumberFormat("en");
  const number = n => NUMBER.format(n);
  const nameOf = object => !object.name ? object.namespace || "others"
    : object.namespace ? object.namespace + "/" + object.name : object.kind + " " + object.name;
  const countedOf = item => item.name ? "policy " + nameOf(item) + (item.tier ? " (" + item.tier + ")" : "")
    : item.tier ? "tier " + item.tier : "namespace " + item.namespace;

  function status(value) {
    const state = value.switch || {};
    const problems = (value.problems || []).length;
    const items = [
      ["Node", value.node || "\u2014"], ["Version", value.version],
      ["Generation known, in the switch", value.generation.model + ", " + value.generation.switch],
      ["Ready", value.health ? (value.health.ready ? "yes" : value.health.reasons.join("; ")) : "\u2014"],
      ["Switch", (state.bridge || "") + ", " + (state.connected ? state.state : "not connected")
        + (state.error ? ": " + state.error : "")],
      ["Flows", number(state.flows || 0)], ["Flows that others changed", number(state.tampered || 0)],
      ["Problems with objects", problems ? problems + ", see ovs-netpol status" : "none"]];
    const facts = table(["What", "is"], items);
    facts.classList.add("narrow");
    return [make("h3", {}, "State"), facts];
  }

  function counters(value) {
    const sum = item => item.egress && ["egress", "ingress"].map(direction => ["allowed", "denied", "audited"]
      .map(verdict => (item[direction][verdict] || { packets: 0 }).packets));
    const lines = [...value.policies, ...value.namespaces]
      .map(item => [item, sum(item)])
      .filter(([item, counts]) => (item.namespace || item.tier) && counts.flat().some(n => n))
      .map(([item, [egress, ingress]]) => [countedOf(item), number(ingress[0]), number(ingress[1]), number(egress[0]), number(egress[1])]);
    return [make("h3", {}, "Connections and packets that policies decided"), lines.length
      ? table(["", "in: allowed", "denied", "out: allowed", "denied"], lines.slice(0, 500))
      : make("p", { class: "muted" }, "None yet.")];
  }

  function end(value) {
    const name = value.pod ? nameOf(value.pod) : value.node ? "node" : value.address;
    return name + (value.port !== undefined ? ":" + value.port : "");
  }

  function drops(value) {
    const lines = [...value.records].reverse().slice(0, 200).map(record => [
      record.time.replace("T", " ").replace("Z", ""), record.verdict, record.direction, end(record.source),
      end(record.destination), record.protocol, record.policies.map(nameOf).join(", ") || "\u2014"]);
    const hidden = Object.values(value.suppressed || {}).reduce((a, b) => a + b, 0);
    return [make("h3", {}, "Denied packets, the latest first"), lines.length
      ? table(["Time (UTC)", "Verdict", "Direction", "From", "To", "Protocol", "Denied by"], lines)
      : make("p", { class: "muted" }, "None."),
      hidden ? make("p", { class: "muted" }, number(hidden) + " more were not reported, to keep the rate low.") : null];
  }

  function live() {
    const parts = { status, counters, drops };
    const known = Object.keys(parts).filter(name => data.live[name]);
    $("live").hidden = $("live-link").hidden = !known.length;
    for (const name of known) {
      $("live-list").append(...parts[name](data.live[name]).filter(part => part !== null));
    }
  }

  function onKey(event) {
    if (!at || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const [i, j] = at;
    const to = { ArrowUp: [i - 1, j], ArrowDown: [i + 1, j], ArrowLeft: [i, j - 1], ArrowRight: [i, j + 1],
                 Home: [i, 0], End: [i, columns.length - 1], PageUp: [i - 10, j], PageDown: [i + 10, j] }[event.key];
    if (to) {
      go(...to);
    } else if (event.key === "Enter" || event.key === " ") {
      choose(i, j);
    } else if (event.key === "+" || event.key === "=" || event.key === "-") {
      zoom(event.key === "-" ? -1 : 1);
    } else {
      return;
    }
    event.preventDefault();
  }

  function onFocus(event) {
    const td = event.target.closest("td[data-at]");
    if (td && at && td !== cells[at[0]][at[1]]) {
      go(...td.dataset.at.split(",").map(Number));
    }
  }

  function onClick(event) {
    const td = event.target.closest("td[data-at]");
    if (td) {
      const [i, j] = td.dataset.at.split(",").map(Number);
      go(i, j);
      choose(i, j);
    }
  }

  function firstGrain() {
    const fits = ["app", "namespace"].find(by => groups(by).length <= MAX_ROWS);
    return data.by || fits || "namespace";
  }

  for (const id of ["by", "from", "to", "service", "show"]) {
    $(id).addEventListener("input", () => {
      state[id] = $(id).value;
      draw();
    });
  }
  $("smaller").addEventListener("click", () => zoom(-1));
  $("larger").addEventListener("click", () => zoom(1));
  $("scroll").addEventListener("keydown", onKey);
  $("scroll").addEventListener("click", onClick);
  $("scroll").addEventListener("focusin", onFocus);
  $("scroll").addEventListener("wheel", event => {
    if (event.ctrlKey) {
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1 : -1);
    }
  }, { passive: false });
  facts();
  services();
  state.by = $("by").value = firstGrain();
  state.from = $("from").value = data.from || "";
  if (data.service) {
    if (![...$("service").options].some(option => option.value === data.service)) {
      $("service").append(make("option", { value: data.service }, data.service));
    }
    state.service = $("service").value = data.service;
  }
  policies();
  live();
  draw();
  zoom(Math.max(rows.length, columns.length) <= 24 ? 1 : 0);
  document.documentElement.dataset.ready = "yes";
})();
