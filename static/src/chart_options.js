// What each kind of chart looks like. Amounts arrive as decimal text beside the words to show for them:
// nothing is computed here but the place on the screen.

import { tooltip } from "./chart_tooltip.js";

const FONT = { fontSize: 12 };

export const color = (style, name) => style.getPropertyValue(name).trim();

const axisAmount = (data) => {
  if (!data.currency) return String;
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    style: "currency",
    currency: data.currency,
    currencyDisplay: "narrowSymbol",
    notation: "compact",
    maximumFractionDigits: 1,
    minimumFractionDigits: 0,
  });
  return (value) => format.format(value);
};

export const frame = (data, style, width) => ({
  aria: { enabled: true, label: { description: data.summary } },
  textStyle: { fontFamily: style.fontFamily },
  grid: { top: 14, right: 8, bottom: 8, left: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
  tooltip: tooltip(data, style),
  xAxis: {
    type: "category",
    data: width < 420 ? data.short_labels : data.labels,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: color(style, "--line-strong") } },
    axisLabel: { ...FONT, color: color(style, "--ink-faint"), margin: 10, hideOverlap: true },
  },
  yAxis: {
    type: "value",
    splitNumber: 4,
    axisLabel: { ...FONT, color: color(style, "--ink-faint"), formatter: axisAmount(data) },
    splitLine: { lineStyle: { color: color(style, "--line") } },
  },
});

const emphasised = (data, style, tone) =>
  data.series[0].values.map((value, index) => {
    const chosen = data.months[index] === data.selected;
    return {
      value,
      symbol: "circle",
      symbolSize: chosen ? 9 : 5,
      itemStyle: {
        color: chosen ? color(style, tone) : color(style, "--surface"),
        borderColor: color(style, tone),
        borderWidth: 2,
      },
    };
  });

export const lineOption = (data, style, width) => {
  const base = frame(data, style, width);
  const tone = "--series-mrr";
  const fill = (alpha, offset) => ({ offset, color: `${color(style, tone)}${alpha}` });
  return {
    ...base,
    xAxis: { ...base.xAxis, boundaryGap: true },
    series: [
      {
        type: "line",
        name: data.series[0].name,
        data: emphasised(data, style, tone),
        showSymbol: true,
        lineStyle: { color: color(style, tone), width: 2.25 },
        areaStyle: { color: { type: "linear", x: 0, y: 0, x2: 0, y2: 1, colorStops: [fill("38", 0), fill("05", 1)] } },
      },
    ],
  };
};

export const waterfallOption = (data, style, width) => {
  const bars = data.series
    .filter((each) => each.tone !== "net")
    .map((each) => ({
      type: "bar",
      name: each.name,
      stack: "movements",
      barMaxWidth: 30,
      barCategoryGap: "42%",
      data: each.values.map((value) => (each.below ? -value : Number(value))),
      itemStyle: { color: color(style, `--series-${each.tone}`) },
      emphasis: { disabled: true },
    }));
  const net = data.series.find((each) => each.tone === "net");
  const line = {
    type: "line",
    name: net.name,
    data: net.values,
    symbol: "circle",
    symbolSize: 6,
    lineStyle: { width: 1.25, color: color(style, "--series-net"), opacity: 0.55 },
    itemStyle: { color: color(style, "--series-net"), borderColor: color(style, "--surface"), borderWidth: 1.5 },
    emphasis: { disabled: true },
    z: 4,
  };
  return { ...frame(data, style, width), series: [...bars, line] };
};
