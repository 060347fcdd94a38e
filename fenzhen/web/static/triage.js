// The triage desk: moving in the queue, choosing a unit, the hold's heartbeat, the queue that keeps itself new.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const desk = $("#desk");
  const queue = $("#queue");
  if (!desk || !queue) return;
  const csrf = desk.dataset.csrf;
  const BEAT = 3000;
  const POLL = 4000;
  const opened = () => $("#open");
  const openedId = () => opened()?.dataset.ticket || "";
  const typing = () => document.activeElement?.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");
  const busy = () => Boolean($("dialog[open]", desk)) || (typing() && desk.contains(document.activeElement)) || $$("textarea", desk).some((t) => t.value !== t.defaultValue);
  let swappedAt = 0;

  // --- the queue -----------------------------------------------------------------------------------------
  function mark() {
    for (const row of $$("li[data-ticket]", queue)) {
      const line = $("a", row);
      const is = row.dataset.ticket === openedId();
      line.classList.toggle("is-current", is);
      if (is) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
    }
  }
  function step(by) {
    const rows = $$("li[data-ticket]", queue);
    const at = rows.findIndex((row) => row.dataset.ticket === openedId());
    const next = rows[at < 0 ? 0 : at + by];
    if (!next) return;
    if (rows.length - (at + by) < 5) $(".queue-more button", queue)?.click();
    next.scrollIntoView({ block: "nearest" });
    $("a", next).click();
  }
  let poll = null;
  async function renew(force = false) {
    if (document.hidden && !force) return;
    poll?.abort();
    const mine = (poll = new AbortController());
    const rows = $("#queue-rows", queue);
    const query = new URLSearchParams({ rows: $$("li[data-ticket]", queue).length, have: force ? "" : rows?.dataset.mark || "" });
    try {
      const answer = await fetch(`${queue.dataset.url}?${query}`, { headers: { "HX-Request": "true" }, signal: mine.signal });
      if (answer.status !== 200) return;
      const html = await answer.text();
      if (mine.signal.aborted) return;
      const focused = queue.contains(document.activeElement) ? document.activeElement.closest("li")?.id : "";
      htmx.swap(queue, html, { swapStyle: "innerHTML" });
      mark();
      if (focused) $(`#${focused} a`)?.focus({ preventScroll: true });
      // Nothing in hand and something there: take it.
      if (!opened()) $("li[data-ticket]:not(.is-held) a", queue)?.click();
    } catch (why) {
      if (why.name !== "AbortError" && !(why instanceof TypeError)) throw why;
    }
  }
  setInterval(renew, POLL);

  // --- the ticket in hand --------------------------------------------------------------------------------
  async function beat() {
    const open = opened();
    if (!open?.dataset.beat || document.hidden) return;
    const body = new URLSearchParams({ have: open.dataset.mark });
    if (busy()) body.set("busy", "1");
    try {
      const answer = await fetch(open.dataset.beat, { method: "POST", body, headers: { "X-CSRFToken": csrf, "HX-Request": "true" } });
      if (answer.status !== 200) return;
      const html = await answer.text();
      if (opened() !== open || busy() || $(".htmx-request", desk)) return;
      const chosen = $("input[name=rank]:checked", desk)?.value;
      htmx.swap(desk, html, { swapStyle: "innerHTML" });
      if (chosen > 1) $(`input[name=rank][value="${chosen}"]`, desk)?.click();
    } catch (why) {
      if (!(why instanceof TypeError)) throw why;
    }
  }
  setInterval(beat, BEAT);
  window.addEventListener("pagehide", () => {
    const address = opened()?.dataset.letGo;
    if (address) navigator.sendBeacon(address, new URLSearchParams({ csrfmiddlewaretoken: csrf }));
  });
  // Whoever is told that a colleague was faster sees the new state in place of the old.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 409 && event.detail.xhr.getResponseHeader("X-Draw")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig.verb === "post" && event.detail.target === desk) poll?.abort();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== desk) return;
    swappedAt = Date.now();
    mark();
    $("li a.is-current", queue)?.scrollIntoView({ block: "nearest" });
    desk.focus({ preventScroll: true });
    if (innerWidth < 1100 && event.detail.requestConfig?.triggeringEvent?.type === "click") desk.scrollIntoView();
  });
  document.addEventListener("triage:queue", () => renew(true));
  document.addEventListener("fenzhen:moved", () => { renew(true); beat(); });
  // A key that was meant for the ticket before must not dispatch the one that has just come.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !typing() && Date.now() - swappedAt < 350) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  // --- choosing ------------------------------------------------------------------------------------------
  function choose(radio) {
    $$(".advised", desk).forEach((one) => one.classList.toggle("is-chosen", one.contains(radio)));
    const spot = $("[data-chosen]", desk);
    if (spot) spot.textContent = radio.dataset.name;
  }
  desk.addEventListener("change", (event) => { if (event.target.name === "rank") choose(event.target); });

  const list = () => $("#unit-list");
  const options = () => $$("[role=option]", list());
  // The list holds the units for these letters; Enter takes nothing from a list for other letters.
  const isFresh = () => list()?.dataset.for === $("#unit-words").value;
  let wanted = false; // Enter came before the units did
  let moved = false; // chosen with the arrows, so that no letters are needed
  function close() {
    list()?.classList.add("is-closed");
    $("#unit-words")?.setAttribute("aria-expanded", "false");
  }
  function point(at) {
    const all = options();
    all.forEach((one, i) => one.setAttribute("aria-selected", String(i === at)));
    all[at]?.scrollIntoView({ block: "nearest" });
    if (all[at]) $("#unit-words").setAttribute("aria-activedescendant", all[at].id);
    moved = true;
  }
  function take(option) {
    if (!option) return;
    const box = $("#other-unit");
    const radio = $("input", box);
    $("input[name=lead]", desk).value = option.dataset.code;
    radio.dataset.name = option.dataset.name;
    $("[data-other]", box).textContent = option.dataset.name;
    box.hidden = false;
    radio.checked = true;
    choose(radio);
    close();
    const words = $("#unit-words");
    words.value = "";
    words.blur();
    wanted = moved = false;
  }
  desk.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== list()) return;
    list().dataset.for = event.detail.requestConfig.parameters.unit_words ?? "";
    list().classList.remove("is-closed");
    moved = false;
    $("#unit-words").setAttribute("aria-expanded", String(options().length > 0));
    if (wanted && isFresh() && options().length) take(options()[0]);
    else if (document.activeElement !== $("#unit-words")) close();
  });
  desk.addEventListener("keydown", (event) => {
    if (event.target.id !== "unit-words" || event.isComposing) return;
    const all = options();
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (all.length) point((at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      if (!isFresh()) wanted = true;
      else if (event.target.value.trim() || moved) take(all[Math.max(at, 0)]);
    } else if (event.key === "Escape") {
      close();
    }
  });
  desk.addEventListener("input", (event) => { if (event.target.id === "unit-words") wanted = false; });
  desk.addEventListener("mousedown", (event) => {
    const option = event.target.closest("#unit-list [role=option]");
    if (!option) return;
    event.preventDefault();
    take(option);
  });
  desk.addEventListener("focusout", (event) => {
    if (event.target.id === "unit-words") setTimeout(() => { if (document.activeElement !== $("#unit-words")) close(); }, 150);
  });

  // --- small acts ------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const by = event.target.closest("[data-step]")?.dataset.step;
    if (by) { step(Number(by)); return; }
    const name = event.target.closest("[data-open]")?.dataset.open;
    if (name) {
      const dialog = $(`#${name}`);
      dialog.showModal();
      $("textarea, select", dialog)?.focus();
      return;
    }
    const fill = event.target.closest("[data-fill]");
    if (fill) {
      const field = $("textarea", fill.closest("form"));
      field.value = field.value ? `${field.value}\n${fill.dataset.fill}` : fill.dataset.fill;
      field.focus();
    }
  });
  mark();
})();
