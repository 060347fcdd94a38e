// Intake: thinking while one types, choosing a place by keys, an emergency by one key, resending after a lost line.
(() => {
  "use strict";
  const form = document.getElementById("intake");
  if (!form) return;
  const thoughts = document.getElementById("thoughts");

  // --- what the desk thinks: after a pause of the keys, at once after a sentence has ended ------------------
  let timer = 0;
  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-think], [name=phone]")) return;
    clearTimeout(timer);
    const ended = event.target.name === "body" && /[。!!??\n]$/.test(event.target.value);
    timer = setTimeout(() => htmx.trigger(thoughts, "fenzhen:think"), ended ? 60 : 350);
  });

  // --- the place: a list under the field, arrows and Enter --------------------------------------------------
  const place = form.elements.place_text;
  const code = form.elements.place_code;
  const list = document.getElementById("place-list");
  const field = place.closest(".place-field");
  const options = () => [...list.children];
  let at = -1;
  function show(is) {
    list.hidden = !is;
    place.setAttribute("aria-expanded", String(is));
    if (!is) { at = -1; place.removeAttribute("aria-activedescendant"); }
  }
  function mark(next) {
    const all = options();
    if (!all.length) return;
    at = (next + all.length) % all.length;
    all.forEach((one, i) => one.setAttribute("aria-selected", String(i === at)));
    all[at].scrollIntoView({ block: "nearest" });
    place.setAttribute("aria-activedescendant", all[at].id);
  }
  function choose(option) {
    if (!("within" in option.dataset)) place.value = option.dataset.name;
    code.value = option.dataset.code;
    field.classList.add("is-chosen");
    show(false);
    form.dispatchEvent(new Event("change", { bubbles: true }));
    htmx.trigger(thoughts, "fenzhen:think");
  }
  list.addEventListener("htmx:afterSwap", () => show(options().length > 0 && document.activeElement === place));
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) { event.preventDefault(); choose(option); }
  });
  place.addEventListener("input", () => { code.value = ""; field.classList.remove("is-chosen"); });
  place.addEventListener("blur", () => show(false));
  place.addEventListener("focus", () => { if (options().length && !code.value) show(true); });
  place.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden || event.ctrlKey) return;
    if (event.key === "ArrowDown") mark(at + 1);
    else if (event.key === "ArrowUp") mark(at - 1);
    else if (event.key === "Enter" && at >= 0) choose(options()[at]);
    else if (event.key === "Tab" && at >= 0) { choose(options()[at]); return; }
    else if (event.key === "Escape") show(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // Enter in a one-line field never sends the form half-way.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("input:not([type=radio]):not([type=checkbox])")) event.preventDefault();
  });
  if (code.value) field.classList.add("is-chosen");

  // --- a way to end that is opened comes into sight, with its first field under the keys -----------------------
  form.addEventListener("toggle", (event) => {
    if (!event.target.matches("details.ending") || !event.target.open) return;
    event.target.scrollIntoView({ block: "center" });
    event.target.querySelector("textarea, input")?.focus({ preventScroll: true });
  }, true);

  // --- one key for an emergency, one for a known event, also while typing ----------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    if (!["F8", "F9"].includes(event.key) || event.defaultPrevented || event.repeat) return;
    const button = document.querySelector(event.key === "F8" ? "[data-emergency]" : "[data-event]");
    if (button) { event.preventDefault(); button.click(); }
  });

  // --- a lost line: what was to be saved is sent again as soon as the server answers --------------------------
  // The form's own token makes sure that it acts once, even if the first sending did arrive.
  let pressed = null;
  let again = 0;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name]");
    if (button) pressed = button;
  });
  function resend() {
    clearTimeout(again);
    if (!pressed) return;
    if (!again) window.fenzhen.say({ text: form.dataset.resend, tone: "bad" });
    again = setTimeout(() => form.requestSubmit(pressed.isConnected ? pressed : undefined), 4000);
  }
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    form.addEventListener(name, (event) => { if (event.detail.elt === form) resend(); });
  }
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt === form && event.detail.xhr?.status) { clearTimeout(again); again = 0; }
  });
  form.addEventListener("input", () => { clearTimeout(again); again = 0; });

  // --- a draft that was thrown away leaves the list -----------------------------------------------------------
  document.addEventListener("htmx:afterRequest", (event) => {
    const button = event.detail.elt;
    if (!button.matches?.("[data-drop]") || !event.detail.successful) return;
    const list = button.closest("ul");
    button.closest("li").remove();
    if (!list.children.length) list.closest("details").remove();
  });
})();
