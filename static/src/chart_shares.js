// Charts of parts of a whole, in percent: one line for each group, or one bar of all of them.

import { color, frame } from "./chart_options.js";

const tone = (style, each) => color(style, `--${each.tone}`);

const percent = () => {
  const format = new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: 0 });
  return (value) => format.format(value / 100);
};

const base = (data, style, width) => {
  const drawn = frame(data, style, width);
  return { ...drawn, yAxis: { ...drawn.yAxis, min: 0, axisLabel: { ...drawn.yAxis.axisLabel, formatter: percent() } } };
};

export const curvesOption = (data, style, width) => ({
  ...base(data, style, width),
  series: data.series.map((each, index) => ({
    type: "line",
    name: each.name,
    data: each.values,
    symbol: "circle",
    symbolSize: 5,
    lineStyle: { color: tone(style, each), width: index ? 1.5 : 2.5 },
    itemStyle: { color: tone(style, each) },
    emphasis: { disabled: true },
  })),
});

export const sharesOption = (data, style, width) => {
  const drawn = base(data, style, width);
  return {
    ...drawn,
    yAxis: { ...drawn.yAxis, max: 100, interval: 25 },
    series: data.series.map((each) => ({
      type: "bar",
      name: each.name,
      stack: "shares",
      barMaxWidth: 30,
      data: each.values.map(Number),
      itemStyle: { color: tone(style, each) },
      emphasis: { disabled: true },
    })),
  };
};
