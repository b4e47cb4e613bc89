// The public calculator: figures are read, computed and shown here; nothing leaves the page.

import { FigureError, KINDS, amount, bandOf, count, divided, waterfall } from "./calculation.js";
import { pasted, subscriptions } from "./pasted.js";

const PEOPLE = ["customers_start", "customers_churned"];
const language = document.documentElement.lang || "en";
const format = new Intl.NumberFormat(language);
const point = new Intl.NumberFormat(language, { minimumFractionDigits: 1 })
  .formatToParts(0.5)
  .find((part) => part.type === "decimal").value;

const percents = new Intl.NumberFormat(language, { style: "percent" }).formatToParts(1);

const written = (tail, places) => {
  const [sign, size] = tail < 0n ? ["−", -tail] : ["", tail];
  const scale = 10n ** BigInt(places);
  return `${sign}${format.format(size / scale)}${places ? point + String(size % scale).padStart(places, "0") : ""}`;
};
const money = (value) => written(divided(value, 1_000_000n), 2);
const fraction = (rate, scale, places) => (rate === null ? "–" : written(divided(rate[0] * scale, rate[1]), places));
const RATES = {
  mrr_growth_rate: "%", revenue_churn_rate: "%", gross_mrr_churn_rate: "%", net_revenue_retention: "%",
  gross_revenue_retention: "%", customer_churn_rate: "%", quick_ratio: "",
};

const shown = (name, value) => {
  if (name.startsWith("customers")) return format.format(value);
  if (!(name in RATES)) return money(value);
  if (RATES[name] === "") return fraction(value, 10n, 1);
  if (value === null) return "–";
  const around = (part) => (part.type === "integer" ? fraction(value, 1000n, 1) : part.value);
  return percents.map(around).join("");
};

const words = JSON.parse(document.getElementById("calculator-words").textContent);
const tables = JSON.parse(document.getElementById("calculator-tables").textContent);

const complaint = ({ code, text, line }) => {
  const told = (words[code] ?? words.amount).replace("{text}", text.slice(0, 40));
  return line ? `${words.line.replace("{line}", format.format(line))} ${told}` : told;
};

const show = (part, result) => {
  for (const place of part.querySelectorAll("[data-figure]")) {
    const value = result[place.dataset.figure];
    place.textContent = value === undefined ? "–" : shown(place.dataset.figure, value);
  }
  const band = part.querySelector("[data-band]");
  if (band) band.textContent = result.mrr_growth_rate ? words[`band_${bandOf(result.mrr_growth_rate)}`] : "";
};

const typed = (part) => {
  const told = {};
  for (const name of [...KINDS, ...PEOPLE]) {
    const field = part.querySelector(`[data-input="${name}"]`);
    if (field.value.trim() === "") continue;
    field.removeAttribute("aria-invalid");
    try {
      told[name] = (PEOPLE.includes(name) ? count : amount)(field.value);
    } catch (error) {
      field.setAttribute("aria-invalid", "true");
      throw error;
    }
  }
  return waterfall(told);
};

const READERS = {
  typed,
  pasted: (part) => pasted(part.querySelector("textarea").value, tables),
  subscriptions: (part) => subscriptions(part.querySelector("textarea").value, tables),
};

const compute = (part) => {
  const said = part.querySelector("[data-complaint]");
  try {
    show(part, READERS[part.dataset.calculation](part));
    said.textContent = "";
  } catch (error) {
    if (!(error instanceof FigureError)) throw error;
    show(part, {});
    said.textContent = complaint(error);
  }
};

for (const part of document.querySelectorAll("[data-calculation]")) {
  part.hidden = false;
  part.addEventListener("input", () => compute(part));
  compute(part);
}
document.querySelector("[data-without-script]").hidden = true;
