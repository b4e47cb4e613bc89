// The page works without this file; it adds charts and remembers nothing.

const drawCharts = async (root) => {
  const places = root.querySelectorAll("[data-chart]");
  if (places.length === 0) return;
  const { draw } = await import("./charts.js");
  places.forEach(draw);
};

const arrive = () => drawCharts(document);

// Present when the page has loaded, after every fragment, and after Back.
arrive();
document.addEventListener("htmx:afterSettle", arrive);
document.addEventListener("htmx:historyRestore", arrive);

// What was chosen is gone with its fragment: the focus goes on from the control that offered it.
document.addEventListener("htmx:afterSettle", (event) => {
  const chosen = event.detail.requestConfig?.triggeringEvent?.type === "click";
  if (!chosen || document.activeElement !== document.body) return;
  document.querySelector("[data-focus-after-swap]")?.focus({ preventScroll: true });
});

// A fragment that cannot be had (signed out, gone, refused) becomes an ordinary visit, whose page explains itself.
document.addEventListener("htmx:responseError", (event) => {
  const { xhr, requestConfig } = event.detail;
  const polled = requestConfig.triggeringEvent === undefined;
  if (polled && xhr.status >= 500) return;
  window.location.assign(requestConfig.path);
});
