// Draws the charts of a page from the JSON beside them; the tables beside the charts say the same in text.

import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

import { forecastOption } from "./chart_forecast.js";
import { lineOption, waterfallOption } from "./chart_options.js";
import { curvesOption, sharesOption } from "./chart_shares.js";

use([LineChart, BarChart, GridComponent, TooltipComponent, AriaComponent, SVGRenderer]);

const OPTIONS = { forecast: forecastOption, curves: curvesOption, line: lineOption, shares: sharesOption, waterfall: waterfallOption };
const drawn = new Map();
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

const forgetDeparted = () => {
  for (const [place, { chart, watcher }] of drawn) {
    if (place.isConnected) continue;
    watcher.disconnect();
    chart.dispose();
    drawn.delete(place);
  }
};

const paint = (place) => {
  const { chart, data } = drawn.get(place);
  const option = OPTIONS[place.dataset.chart](data, getComputedStyle(place), place.clientWidth);
  chart.setOption({ ...option, animation: !still.matches, animationDuration: 350 }, { notMerge: true });
};

// A column of the chart is the same month as a link of the table beside it.
const follow = (place, data) => (event) => {
  const month = data.months[event.dataIndex];
  const panel = place.closest("[data-chart-panel]");
  panel?.querySelector(`a[data-month="${CSS.escape(month)}"]`)?.click();
};

export const draw = (place) => {
  forgetDeparted();
  if (drawn.has(place)) return;
  const data = JSON.parse(document.getElementById(place.dataset.source).textContent);
  const chart = init(place, null, { renderer: "svg" });
  const watcher = new ResizeObserver(() => {
    chart.resize();
    paint(place);
  });
  drawn.set(place, { chart, data, watcher });
  paint(place);
  chart.on("click", follow(place, data));
  watcher.observe(place);
};

const repaint = () => drawn.forEach((_, place) => paint(place));
dark.addEventListener("change", repaint);
still.addEventListener("change", repaint);
