// MRR, ARR and the rates from typed figures. Amounts are whole numbers of 1/100,000,000 (a millionth of
// a cent), rates are fractions [part, whole]: nothing is rounded before it is shown.

const PLACES = 8;
export const UNIT = 10n ** BigInt(PLACES);
// A year has 12 months, 52 weeks and 365 days, whatever the calendar says.
export const INTERVALS_A_YEAR = { month: 12n, quarter: 4n, year: 1n, week: 52n, day: 365n };
export const KINDS = ["starting", "new", "expansion", "reactivation", "contraction", "churn"];

export class FigureError extends Error {
  constructor(code, text = "", line = 0) {
    super(code);
    Object.assign(this, { code, text, line });
  }
}

// A mark followed by three digits groups them (1,500 and 1.500); any other begins the decimals.
export const amount = (text) => {
  const plain = text.replace(/[\s'’\p{Sc}]/gu, "").replace("−", "-");
  if (!/^\d[\d.,]*$/.test(plain)) throw new FigureError(plain.startsWith("-") ? "negative" : "amount", text);
  const marks = plain.replace(/\d/g, "");
  const last = Math.max(plain.lastIndexOf("."), plain.lastIndexOf(","));
  const tail = plain.slice(last + 1);
  const alike = marks.length > 1 && new Set(marks).size === 1;
  const groups = marks !== "" && (alike || (marks.length === 1 && tail.length === 3 && plain[0] !== "0"));
  const whole = marks === "" || groups ? plain : plain.slice(0, last);
  const decimals = marks === "" || groups ? "" : tail;
  const grouped = whole.split(/[.,]/);
  const even = grouped.slice(1).every((part, at, all) => part.length === 3 || (part.length === 2 && at < all.length - 1));
  if (!even || new Set(whole.replace(/\d/g, "")).size > 1) throw new FigureError("amount", text);
  if (decimals.length > PLACES) throw new FigureError("decimals", text);
  const digits = grouped.join("") + decimals.padEnd(PLACES, "0");
  if (digits.length > 30) throw new FigureError("large", text);
  return BigInt(digits);
};

export const count = (text) => {
  const found = amount(text);
  if (found % UNIT !== 0n) throw new FigureError("count", text);
  return found / UNIT;
};

// Halves go to the even one.
export const divided = (part, whole) => {
  const [above, below] = whole < 0n ? [-part, -whole] : [part, whole];
  let result = above / below;
  let rest = above % below;
  if (rest < 0n) [result, rest] = [result - 1n, rest + below];
  return rest * 2n > below || (rest * 2n === below && result % 2n !== 0n) ? result + 1n : result;
};

export const ratio = (part, whole) => (whole === 0n ? null : [part, whole]);

export const monthly = (price, interval, every, quantity) =>
  divided(price * quantity * INTERVALS_A_YEAR[interval], 12n * every);

export const waterfall = (told) => {
  const flow = Object.fromEntries(KINDS.map((kind) => [kind, told[kind] ?? 0n]));
  const won = flow.new + flow.expansion + flow.reactivation;
  const lost = flow.contraction + flow.churn;
  const ending = flow.starting + won - lost;
  if (flow.starting < lost - flow.expansion - flow.new - flow.reactivation) throw new FigureError("below");
  const people = { start: told.customers_start ?? 0n, churned: told.customers_churned ?? 0n };
  if (people.churned > people.start) throw new FigureError("customers");
  return {
    ...flow,
    ending,
    arr: 12n * ending,
    net_new: won - lost,
    mrr_growth_rate: ratio(won - lost, flow.starting),
    revenue_churn_rate: ratio(flow.churn, flow.starting),
    gross_mrr_churn_rate: ratio(lost, flow.starting),
    net_revenue_retention: ratio(flow.starting + flow.expansion - lost, flow.starting),
    gross_revenue_retention: ratio(flow.starting - lost, flow.starting),
    customer_churn_rate: ratio(people.churned, people.start),
    quick_ratio: ratio(won, lost),
    customers_start: people.start,
    customers_churned: people.churned,
  };
};

const kindOf = (before, after, known) => {
  if (before === 0n) return known ? "reactivation" : "new";
  if (after === 0n) return "churn";
  return after > before ? "expansion" : "contraction";
};

// Each row is a customer's MRR before and after, and whether it had any at an earlier time.
export const compared = (rows) => {
  const told = Object.fromEntries([...KINDS, "customers_start", "customers_churned"].map((name) => [name, 0n]));
  for (const { before, after, known } of rows) {
    told.starting += before;
    if (before > 0n) told.customers_start += 1n;
    if (before > 0n && after === 0n) told.customers_churned += 1n;
    if (before !== after) told[kindOf(before, after, known)] += after > before ? after - before : before - after;
  }
  return waterfall(told);
};

export const bandOf = ([part, whole]) => {
  const bands = { exceptional: 10n, strong: 5n, solid: 3n, fair: 2n };
  return Object.keys(bands).find((name) => part * 100n >= bands[name] * whole) ?? "needs_attention";
};
