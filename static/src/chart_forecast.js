// MRR as it was and as it is carried on, with the range about it.

import { color, frame } from "./chart_options.js";

// The range is an area laid on the low line; what was is drawn through, what is ahead in dashes.
export const forecastOption = (data, style, width) => {
  const tones = { mrr: "--series-mrr", net: "--series-net", low: "--ink-faint", high: "--ink-faint" };
  const lines = data.series.map((each) => ({
    type: "line",
    name: each.name,
    data: each.values,
    showSymbol: each.tone === "mrr",
    symbolSize: 5,
    lineStyle: {
      color: color(style, tones[each.tone]),
      width: each.tone === "mrr" ? 2.25 : each.tone === "net" ? 2 : 1,
      type: each.tone === "mrr" ? "solid" : each.tone === "net" ? "dashed" : "dotted",
    },
    itemStyle: { color: color(style, tones[each.tone]) },
    emphasis: { disabled: true },
  }));
  const low = data.series.find((each) => each.tone === "low");
  const band = { type: "line", stack: "range", symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const areas = [
    { ...band, data: low.values },
    { ...band, data: data.range, areaStyle: { color: `${color(style, "--series-mrr")}22` } },
  ];
  return { ...frame(data, style, width), series: [...areas, ...lines] };
};
