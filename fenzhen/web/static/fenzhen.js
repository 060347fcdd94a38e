// What every page has: shortcuts and their sheet, strips and toasts, confirmation, drafts, clocks, dark mode.
// No framework, no eval, no inline style. Other files of ours use window.fenzhen.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = $("#js-words").dataset;
  const person = document.body.dataset.person || "nobody";
  const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const make = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  // --- strips and toasts -------------------------------------------------------------------------------
  let lastUndo = null;
  function say({ text, tone = "good", undo = "" }) {
    const line = make("div", `toast-line${tone === "bad" ? " is-bad" : ""}`);
    line.append(make("span", "", text));
    if (undo) {
      const button = make("button", "btn", words.undo);
      button.type = "button";
      const back = () => {
        line.remove();
        lastUndo = null;
        htmx.ajax("POST", undo, { target: "#main", swap: "none" });
      };
      button.addEventListener("click", back);
      const key = make("kbd", "", "z");
      button.append(" ", key);
      lastUndo = back;
      line.append(button);
    }
    const close = make("button", "strip-close", "×");
    close.type = "button";
    close.setAttribute("aria-label", words.close);
    close.addEventListener("click", () => line.remove());
    line.append(close);
    const toasts = $("#toasts");
    toasts.append(line);
    while (toasts.children.length > 3) toasts.firstElementChild.remove();
    const stay = tone === "bad" ? 12000 : undo ? 10000 : 5000;
    let timer = setTimeout(() => line.remove(), stay);
    line.addEventListener("pointerenter", () => clearTimeout(timer));
    line.addEventListener("pointerleave", () => { timer = setTimeout(() => line.remove(), 3000); });
  }
  document.addEventListener("fenzhen:say", (event) => (event.detail.items || []).forEach(say));

  // --- a refused form keeps what was typed and says where ------------------------------------------------
  function clearFaults(form) {
    $$("[data-fault]", form).forEach((spot) => { spot.hidden = true; spot.textContent = ""; });
    $$("[aria-invalid]", form).forEach((input) => input.removeAttribute("aria-invalid"));
  }
  document.addEventListener("fenzhen:refused", (event) => {
    const form = event.target.closest?.("form") || event.target;
    let first = null;
    for (const [name, text] of Object.entries(event.detail.fields || {})) {
      const input = $(`[name="${CSS.escape(name)}"]`, form);
      let spot = $(`[data-fault="${CSS.escape(name)}"]`, form);
      if (!spot) {
        spot = make("div", "fault");
        spot.dataset.fault = name;
        spot.setAttribute("role", "alert");
        if (input) (input.closest(".choices") || input).after(spot);
        else form.prepend(spot);
      }
      spot.textContent = text;
      spot.hidden = false;
      if (input) {
        input.setAttribute("aria-invalid", "true");
        spot.id ||= `fault-${name}`;
        input.setAttribute("aria-describedby", spot.id);
        first ||= input;
      }
    }
    first?.focus();
  });

  // --- the connection ----------------------------------------------------------------------------------
  let offline = false;
  let again = 0;
  function setOffline(is) {
    if (offline === is) return;
    offline = is;
    $("#offline").hidden = !is;
    clearInterval(again);
    // Tried again every three seconds, whatever else the page does.
    if (is) again = setInterval(resend, 3000);
    else { resend(); sendHeldForms(); }
  }
  // A form whose sending failed goes out again by itself; its `once` token keeps it from acting twice. Whoever
  // goes on typing sends it themselves. Forms with data-resend have their own way.
  const held = new Map();
  function hold(event) {
    setOffline(true);
    const { elt, requestConfig } = event.detail;
    if (!elt.matches?.("form") || !elt.elements.once || "resend" in elt.dataset) return;
    held.set(elt, requestConfig?.triggeringEvent?.submitter);
  }
  function sendHeldForms() {
    for (const [form, submitter] of held) if (form.isConnected) form.requestSubmit(submitter?.isConnected ? submitter : undefined);
    held.clear();
  }
  document.addEventListener("input", (event) => held.delete(event.target.form));
  function resend() {
    $$("form[data-draft]").forEach((form) => drafts.get(form)?.send());
    sendOrphans();
  }
  window.addEventListener("offline", () => setOffline(true));
  window.addEventListener("online", resend);
  document.addEventListener("htmx:sendError", hold);
  document.addEventListener("htmx:timeout", hold);
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr?.status) setOffline(false); });
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if (xhr.getResponseHeader("HX-Trigger") || event.target.closest?.("[data-quiet]")) return;
    say({ text: words.failed, tone: "bad" });
  });
  document.addEventListener("fenzhen:signed-out", () => { $("#signed-out").hidden = false; });

  // --- drafts: typed, therefore kept ---------------------------------------------------------------------
  // The server keeps the draft, sealed. This computer keeps a copy only of what the server does not have yet.
  const NOT_KEPT = new Set(["csrfmiddlewaretoken", "once", "draft", "password", "next"]);
  const localName = (key) => `fenzhen.unsent.${person}.${key}`;
  const drafts = new WeakMap();
  const encoded = (form) => {
    const out = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (!NOT_KEPT.has(name) && typeof value === "string") out.append(name, value);
    }
    return out.toString();
  };
  async function post(key, body, token, signal) {
    return fetch(`/drafts/${encodeURIComponent(key)}`, {
      method: "POST",
      body,
      signal,
      keepalive: body.length < 60000,
      redirect: "manual",
      headers: {
        "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
        "X-CSRFToken": csrf(),
        "X-Form": token,
        "HX-Request": "true",
      },
    });
  }
  function fill(form, fields) {
    for (const [name, values] of Object.entries(fields)) {
      if (NOT_KEPT.has(name)) continue;
      const rest = [...values];
      for (const input of form.elements) {
        if (input.name !== name || input.type === "file") continue;
        if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
        else if (input.tagName === "SELECT" && input.multiple) {
          [...input.options].forEach((o) => { o.selected = values.includes(o.value); });
        } else if (rest.length) input.value = rest.shift();
      }
    }
    form.dispatchEvent(new CustomEvent("fenzhen:filled", { bubbles: true }));
  }
  const asFields = (body) => {
    const fields = {};
    for (const [name, value] of new URLSearchParams(body)) (fields[name] ||= []).push(value);
    return fields;
  };
  function keepDraftOf(form) {
    if (drafts.has(form)) return;
    const key = form.dataset.draft;
    let timer = 0;
    let inFlight = null;
    let closed = false;
    let last = encoded(form);
    const spot = $("[data-draft-state]", form);
    const tell = (text) => { if (spot) spot.textContent = text; };
    async function send() {
      clearTimeout(timer);
      if (closed) return;
      const body = encoded(form);
      if (body === last && !localStorage.getItem(localName(key))) return;
      localStorage.setItem(localName(key), body);
      inFlight?.abort();
      const mine = (inFlight = new AbortController());
      try {
        const answer = await post(key, body, form.elements.once?.value || "", mine.signal);
        if (answer.status === 401) { $("#signed-out").hidden = false; tell(words.local); return; }
        if (!answer.ok) { tell(words.local); return; }
        last = body;
        if (encoded(form) === body) localStorage.removeItem(localName(key));
        setOffline(false);
        tell(filled(words.kept, { at: new Date().toTimeString().slice(0, 8) }));
      } catch (why) {
        if (why.name === "AbortError") return;
        tell(words.local);
        setOffline(true);
      } finally {
        if (inFlight === mine) inFlight = null;
      }
    }
    const later = () => {
      if (closed) return;
      // at once on this computer, so that a crash between two saves loses nothing
      localStorage.setItem(localName(key), encoded(form));
      clearTimeout(timer);
      timer = setTimeout(send, 400);
    };
    const stop = () => { closed = true; clearTimeout(timer); inFlight?.abort(); };
    const resume = () => { closed = false; };
    const forget = () => { stop(); localStorage.removeItem(localName(key)); };
    drafts.set(form, { send, stop, resume, forget });
    form.addEventListener("input", later);
    form.addEventListener("change", later);

    const unsent = localStorage.getItem(localName(key));
    if (unsent !== null) {
      if (unsent !== encoded(form)) { fill(form, asFields(unsent)); tell(words.restored); }
      send();
    } else if (!("draftFilled" in form.dataset)) {
      fetch(`/drafts/${encodeURIComponent(key)}`, { headers: { "HX-Request": "true" } })
        .then((answer) => (answer.ok ? answer.json() : { fields: {} }))
        .then(({ fields }) => {
          if (!Object.keys(fields).length || encoded(form) !== last) return;
          fill(form, fields);
          last = encoded(form);
          tell(words.restored);
        })
        .catch(() => {});
    }
  }
  // What an earlier page could not send goes out as soon as the server answers again.
  async function sendOrphans() {
    const prefix = localName("");
    const open = new Set($$("form[data-draft]").map((form) => form.dataset.draft));
    for (const name of Object.keys(localStorage).filter((n) => n.startsWith(prefix))) {
      const key = name.slice(prefix.length);
      if (open.has(key)) continue;
      try {
        const answer = await post(key, localStorage.getItem(name), "");
        if (answer.ok || answer.status === 400) localStorage.removeItem(name);
        setOffline(false);
      } catch { return; }
    }
  }
  // A form on its way: no more saves; back to saving if it was refused.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target;
    if (form.matches?.("form[data-draft]") && event.detail.elt === form) { drafts.get(form)?.stop(); clearFaults(form); }
    else if (form.matches?.("form")) clearFaults(form);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!form.matches?.("form[data-draft]")) return;
    const kept = drafts.get(form);
    if (!kept) return;
    if (event.detail.successful) kept.forget();
    else { kept.resume(); kept.send(); }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    const kept = drafts.get(form);
    // A plain form leaves the page: its copy here goes when the next page has come without a refusal.
    if (kept && !form.hasAttribute("hx-post")) { kept.stop(); sessionStorage.setItem("fenzhen.sent", form.dataset.draft); }
    if (!form.hasAttribute("hx-post") && !form.querySelector("[hx-post]")) {
      setTimeout(() => $$("button:not([type=button])", form).forEach((b) => { b.disabled = true; }), 0);
      setTimeout(() => $$("button:not([type=button])", form).forEach((b) => { b.disabled = false; }), 8000);
    }
  });
  const sent = sessionStorage.getItem("fenzhen.sent");
  if (sent) {
    sessionStorage.removeItem("fenzhen.sent");
    const again = $$("form[data-draft]").some((form) => form.dataset.draft === sent);
    if (!again && !$(".strip-bad")) localStorage.removeItem(localName(sent));
  }
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) $$("button[disabled]").forEach((b) => { b.disabled = false; });
  });

  // --- shortcuts -----------------------------------------------------------------------------------------
  // data-key="j", "g i" (one after the other), "Enter", "ctrl+Enter"; what it does: fields take the focus,
  // everything else is clicked. Where several visible ones claim a key, the last in the page wins.
  const shown = (node) => node.getClientRects().length > 0 && !node.disabled;
  const typing = (node) => node?.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  let prefix = "";
  let prefixTimer = 0;
  function nameOf(event) {
    const key = event.key === " " ? "Space" : event.key;
    if (event.ctrlKey || event.metaKey) return `ctrl+${key}`;
    if (event.altKey) return `alt+${key}`;
    return key.length === 1 ? key.toLowerCase() : key;
  }
  function holderOf(name) {
    const open = $$("dialog[open]").pop();
    return $$("[data-key]", open || document).filter((n) => n.dataset.key.split("|").includes(name) && shown(n)).pop();
  }
  function press(node) {
    if (node.matches("input:not([type=radio]):not([type=checkbox]), textarea, select")) { node.focus(); node.select?.(); }
    else node.click();
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat && event.key === "Enter") return;
    const name = nameOf(event);
    const inField = typing(event.target);
    if (inField && !["Escape", "ctrl+Enter"].includes(name)) return;
    if (name === "Escape" && inField && !holderOf("Escape")) { event.target.blur(); return; }
    // Enter and space belong to whatever has the focus.
    if (["Enter", "Space"].includes(name) && event.target.closest?.("a, button, summary, [role=option]")) return;
    if (name === "z" && lastUndo && !holderOf("z")) { event.preventDefault(); lastUndo(); return; }
    const full = prefix ? `${prefix} ${name}` : name;
    const holder = holderOf(full) || (prefix ? holderOf(name) : null);
    clearTimeout(prefixTimer);
    prefix = "";
    if (holder) { event.preventDefault(); press(holder); return; }
    if (name.length === 1 && $$("[data-key]").some((n) => n.dataset.key.startsWith(`${name} `))) {
      prefix = name;
      prefixTimer = setTimeout(() => { prefix = ""; }, 1200);
    }
  });
  function showKeys() {
    const body = $("#keys-sheet .sheet-body");
    body.replaceChildren();
    const groups = new Map([[words.here, []]]);
    const known = new Set();
    for (const node of $$("[data-key][data-key-label]")) {
      if (!shown(node) || known.has(node.dataset.key)) continue;
      known.add(node.dataset.key);
      const group = node.dataset.keyGroup || words.here;
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(node);
    }
    for (const [title, nodes] of groups) {
      if (!nodes.length) continue;
      body.append(make("h3", "", title));
      const list = make("ul", "keys-list");
      for (const node of nodes) {
        const line = make("li");
        line.append(make("span", "", node.dataset.keyLabel));
        const keys = make("span");
        node.dataset.key.split("|").forEach((one, i) => {
          if (i) keys.append(" / ");
          one.split(/[ +]/).forEach((part, j) => { if (j) keys.append(" "); keys.append(make("kbd", "", part)); });
        });
        line.append(keys);
        list.append(line);
      }
      body.append(list);
    }
    $("#keys-sheet").showModal();
  }

  // --- confirmation ----------------------------------------------------------------------------------------
  function confirmed(text) {
    const dialog = $("#confirm");
    $("#confirm-words").textContent = text;
    dialog.showModal();
    $("[value=no]", dialog).focus();
    return new Promise((resolve) => {
      let answer = false;
      const done = (event) => {
        const button = event.target.closest("button[value]");
        if (!button) return;
        answer = button.value === "yes";
        dialog.close();
      };
      dialog.addEventListener("click", done);
      dialog.addEventListener("close", () => { dialog.removeEventListener("click", done); resolve(answer); }, { once: true });
    });
  }
  // htmx asks by itself (hx-confirm); data-confirm serves plain buttons and forms alike.
  document.addEventListener("htmx:confirm", (event) => {
    const text = event.detail.question || event.detail.triggeringEvent?.submitter?.dataset.confirm || event.detail.elt.dataset.confirm;
    if (!text) return;
    event.preventDefault();
    confirmed(text).then((yes) => { if (yes) event.detail.issueRequest(true); });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-confirm]");
    if (!button || button.dataset.sure) return;
    const viaHtmx = [button, button.closest("form")].some((n) => n && ["hx-post", "hx-get", "hx-delete"].some((a) => n.hasAttribute(a)));
    if (viaHtmx || button.matches("form")) return;
    event.preventDefault();
    confirmed(button.dataset.confirm).then((yes) => {
      if (!yes) return;
      button.dataset.sure = "1";
      button.click();
      delete button.dataset.sure;
    });
  }, true);

  // --- small acts --------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (act === "keys") showKeys();
    if (act === "close") event.target.closest(".strip").remove();
    if (act === "close-dialog") event.target.closest("dialog").close();
    if (act === "theme") {
      const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
      document.documentElement.dataset.bsTheme = next;
      localStorage.setItem("fenzhen.theme", next);
    }
    if (act === "print") window.print();
    if (!event.target.closest("details.who")) $$("details.who[open]").forEach((d) => d.removeAttribute("open"));
  });
  $$("dialog.sheet").forEach((dialog) => dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }));

  // --- clocks that go on -------------------------------------------------------------------------------------
  function span(ms) {
    const minutes = Math.floor(Math.abs(ms) / 60000);
    const [d, h, m] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
    const say = (text, n) => filled(text, { n });
    if (d) return say(words.day, d) + (h ? say(words.hour, h) : "");
    if (h) return say(words.hour, h) + (m ? say(words.minute, m) : "");
    return m ? say(words.minute, m) : words.moment;
  }
  function tick(root = document) {
    const now = Date.now();
    for (const node of $$("time.clock[data-started]:not([data-paused])", root)) {
      const due = Date.parse(node.dateTime);
      const started = Date.parse(node.dataset.started);
      const tone = now > due ? "red" : due - now < (due - started) * 0.25 ? "yellow" : "green";
      node.classList.remove("clock-red", "clock-yellow", "clock-green");
      node.classList.add(`clock-${tone}`);
      const text = $(".clock-text", node);
      const fresh = filled(now > due ? words.over : words.left, { span: span(due - now) });
      if (text && text.textContent !== fresh) text.textContent = fresh;
    }
  }
  setInterval(tick, 20000);

  // --- what htmx brings ------------------------------------------------------------------------------------------
  function welcome(root) {
    if (!root.querySelectorAll) return;
    if (root.matches?.("form[data-draft]")) keepDraftOf(root);
    $$("form[data-draft]", root).forEach(keepDraftOf);
  }
  document.addEventListener("htmx:load", (event) => welcome(event.detail.elt));
  welcome(document);
  if (person !== "nobody") sendOrphans();

  window.fenzhen = { say, confirmed, fill, tick, span, draftOf: (form) => drafts.get(form) };
})();
