// The task slip's words for a message: one press copies them.
(() => {
  "use strict";
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(field.value ?? field.textContent);
    } catch {
      // Without https a browser gives no clipboard: the old way still works.
      if (field.select) field.select();
      else getSelection().selectAllChildren(field);
      document.execCommand("copy");
    }
    fenzhen.say({ text: button.dataset.copied });
  });
})();
