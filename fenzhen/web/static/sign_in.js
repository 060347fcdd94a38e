// Pressing a demo account puts its name into the form.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-username]");
  if (!button) return;
  document.getElementById("username").value = button.dataset.username;
  document.getElementById("password").focus();
});
