// Runs before the first paint, so that a page in the dark never flashes white. A file, because the policy forbids inline scripts.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("onevoice.theme");
  } catch {
    // Storage may be closed to us; the system's choice stands.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.scheme = dark ? "dark" : "light";
})();
