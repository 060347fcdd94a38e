// The unit desk: signing many at once, and a reply form that asks only what follows from the answers.
(() => {
  "use strict";
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  const many = document.getElementById("sign-many");
  if (many) {
    const boxes = $$('input[name="share"][form="sign-many"]');
    const all = document.querySelector("[data-sign-all]");
    const count = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      many.hidden = !chosen;
      many.querySelector("[data-sign-count]").textContent = chosen || "";
      if (all) {
        all.checked = chosen === boxes.length;
        all.indeterminate = chosen > 0 && chosen < boxes.length;
      }
    };
    boxes.forEach((box) => box.addEventListener("change", count));
    all?.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); count(); });
    window.addEventListener("pageshow", count);
  }

  const form = document.querySelector(".reply-form");
  if (form) {
    const value = (name) => form.querySelector(`[name="${name}"]:checked`)?.value || "";
    const follow = () => {
      form.querySelector(".when-contacted").hidden = value("contacted") !== "yes";
      const solved = value("solved_claim");
      form.querySelector(".why-unsolved").hidden = !(value("contacted") === "no" || (solved && solved !== "yes"));
    };
    form.addEventListener("change", follow);
    form.addEventListener("fenzhen:filled", follow);
    // What is needed is shown before it is said to be missing.
    form.addEventListener("fenzhen:refused", (event) => {
      for (const name of Object.keys(event.detail.fields || {})) {
        const block = form.querySelector(`[name="${name}"]`)?.closest(".when-contacted, .why-unsolved");
        if (block) block.hidden = false;
      }
    });
    $$("[data-how]", form).forEach((button) => button.addEventListener("click", () => {
      form.elements.contact_how.value = button.dataset.how;
      form.elements.contact_how.dispatchEvent(new Event("input", { bubbles: true }));
    }));
    follow();
  }
})();
