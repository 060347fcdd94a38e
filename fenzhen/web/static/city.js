// The city's platform: copy a field to the clipboard (or select it where the browser does not let us), and fetch
// a file that was just made.
(() => {
  "use strict";
  const selected = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };
  const copied = async (node) => {
    if (navigator.clipboard && window.isSecureContext) {
      try {
        await navigator.clipboard.writeText(node.textContent);
        return true;
      } catch { /* not allowed: select it instead */ }
    }
    selected(node);
    try { return document.execCommand("copy"); } catch { return false; }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const node = document.getElementById(button.dataset.copy);
    if (!node) return;
    const words = document.getElementById("city-words").dataset;
    const done = await copied(node);
    button.classList.toggle("is-copied", done);
    if (done) button.textContent = words.copied;
    else window.fenzhen?.say({ text: words.selected, tone: "plain" });
  });
  const fresh = document.querySelector("[data-fetch]");
  if (fresh) {
    // Once: going back to this address must not fetch it again.
    const key = `fetched:${fresh.dataset.fetch}`;
    if (!sessionStorage.getItem(key)) {
      sessionStorage.setItem(key, "1");
      fresh.click();
    }
  }
})();
