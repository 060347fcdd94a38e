// A town on the map is pressed: its row's form looks for its tickets, so that the address carries nothing.
document.querySelectorAll("[data-submit]").forEach((node) => {
  node.addEventListener("click", (event) => {
    const form = document.getElementById(node.dataset.submit);
    if (form) { event.preventDefault(); form.requestSubmit(); }
  });
});
