// The call-back desk: the digits answer the question that is open, and what follows from an answer shows at once.
(() => {
  "use strict";
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.querySelector('[data-open="miss"]')?.addEventListener("click", () => {
    const dialog = document.getElementById("miss");
    dialog.showModal();
    dialog.querySelector("input:checked")?.focus();
  });
  const own = document.getElementById("own");
  own?.addEventListener("input", () => {
    // A time that was agreed is an appointment, and no offered one.
    if (!own.value) return;
    $$('#miss [name="next_try"]').forEach((radio) => { radio.checked = false; });
    const agreed = document.querySelector('#miss [name="outcome"][value="appointment"]');
    if (agreed) agreed.checked = true;
  });

  const form = document.getElementById("call");
  if (!form) return;
  const value = (name) => form.querySelector(`[name="${name}"]:checked`)?.value;
  const questions = $$("[data-question]", form);
  const shown = (node) => node.getClientRects().length > 0;
  const isOpen = (question) => shown(question) && !question.querySelector("input:checked");
  let current = null;
  // Part of the draft: a level that somebody chose stays, one that was only proposed may change.
  const levelChosen = form.elements.level_chosen;

  // Numbers stand on the answers of the open question only.
  questions.forEach((question) => $$(".choice", question).forEach((choice, n) => {
    const key = document.createElement("kbd");
    key.textContent = n + 1;
    choice.querySelector("span").append(" ", key);
  }));

  function follow() {
    const solved = value("solved");
    const satisfied = value("satisfied");
    const isNo = solved === "no" || solved === "partly";
    form.querySelector(".on-no").hidden = !isNo;
    form.querySelector(".contradiction").hidden = !(isNo || value("contacted") === "no" || value("is_true") === "no");
    const risk = value("risk");
    $$(".distress").forEach((box) => { box.hidden = box.dataset.risk !== risk; });
    const mayRest = solved === "yes" || ["very", "satisfied", "basic", "understands"].includes(satisfied) || value("reason_code") === "policy";
    const [close, again] = ["close", "rehandle"].map((act) => form.querySelector(`[name=act][value=${act}]`));
    const first = isNo && !(mayRest && satisfied) ? again : close;
    [close, again].forEach((button) => button.classList.toggle("btn-primary", Boolean(solved) && button === first));
    close.disabled = isNo && Boolean(satisfied) && !mayRest;
    form.querySelector('[data-say="promise"]').hidden = !(solved && first === again);
    form.querySelector('[data-say="thanks"]').hidden = !(solved && first === close);
    current = questions.find(isOpen) || null;
    questions.forEach((question) => question.classList.toggle("is-current", question === current));
  }

  let timer = 0;
  const listen = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => form.dispatchEvent(new CustomEvent("fenzhen:listen")), wait);
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === "level") levelChosen.value = "1";
    follow();
    if (["vulnerable", "risk", "place_now", "solved"].includes(event.target.name)) listen(0);
  });
  form.addEventListener("input", (event) => { if (event.target.matches("#words, #place-now")) listen(400); });
  form.addEventListener("fenzhen:filled", () => { follow(); listen(0); });
  document.addEventListener("htmx:afterSwap", () => {
    const level = document.getElementById("urgency")?.dataset.level;
    const radio = form.querySelector(`[name="level"][value="${level}"]`);
    if (!radio || levelChosen.value || radio.checked) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select")) return;
    const choice = current && /^[1-9]$/.test(event.key) && $$(".choice input", current)[Number(event.key) - 1];
    if (!choice) return;
    event.preventDefault();
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    (current || form.querySelector(".call-acts")).scrollIntoView({ block: "nearest" });
  });
  follow();
})();
