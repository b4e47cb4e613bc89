// The words under the pointer, built as elements: the policy of the page allows no inline styles.

const row = (each, index) => {
  const line = document.createElement("div");
  line.className = "tip-row";
  const name = document.createElement("span");
  name.className = `tip-name key-${each.tone}`;
  name.textContent = each.name;
  const amount = document.createElement("span");
  amount.className = "tip-amount";
  amount.textContent = each.text[index];
  line.append(name, amount);
  return line;
};

const words = (data) => (points) => {
  const index = points[0].dataIndex;
  const tip = document.createElement("div");
  const heading = document.createElement("div");
  heading.className = "tip-heading";
  heading.textContent = data.long_labels[index];
  tip.append(heading, ...data.series.map((each) => row(each, index)));
  return tip;
};

export const tooltip = (data, style) => ({
  trigger: "axis",
  className: "tip",
  confine: true,
  transitionDuration: 0,
  padding: 0,
  borderWidth: 0,
  backgroundColor: "transparent",
  extraCssText: "box-shadow: none",
  axisPointer: {
    type: "line",
    lineStyle: { color: style.getPropertyValue("--line-strong").trim(), type: "solid" },
  },
  formatter: words(data),
});
