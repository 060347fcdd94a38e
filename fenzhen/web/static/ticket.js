// The ticket page: an act that is opened takes the focus; an address that names an act opens it.
(() => {
  "use strict";
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.act[open], details.reveal[open]")) event.target.querySelector("textarea, select, input:not([type=hidden])")?.focus();
  }, true);
  const named = location.hash.startsWith("#act-") && document.getElementById(location.hash.slice(1));
  if (named) named.open = true;
})();
