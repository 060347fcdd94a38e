// Before anything is drawn: light or dark, as chosen here or as the machine is set.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = () => {
    const chosen = localStorage.getItem("fenzhen.theme");
    root.dataset.bsTheme = chosen || (dark.matches ? "dark" : "light");
  };
  set();
  dark.addEventListener("change", set);
  window.addEventListener("storage", set);
})();
