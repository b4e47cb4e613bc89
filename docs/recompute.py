# Compute a headline again from its evidence: python3 recompute.py < evidence.json
import json
from fractions import Fraction as F  # noqa: N817

told, mrr = json.load(open(0)), 0  # noqa: SIM115
for subscription in told["subscriptions"]:
    left = []
    for item in subscription["items"]:
        amount, units, below, tiers = F(item["usage"] or 0), item["units"], 0, item["price"]["tiers"]
        reached = [tier for n, tier in enumerate(tiers) if n == 0 or units > tiers[n - 1]["up_to"]]
        for tier in reached[-1:] if item["price"]["mode"] == "volume" else reached:
            amount += F(tier["flat"]) + F(tier["each"]) * (min(units, tier["up_to"] or units) - below)
            below = tier["up_to"]
        left.append(amount)
    for off in subscription["discounts"]:
        part = F(off["percent"] or 0) / 100 or F(off["amount"]) / (sum(left[n] for n in off["items"]) or 1)
        left = [amount * (1 - min(1, part) * (n in off["items"])) for n, amount in enumerate(left)]
    for item, amount in zip(subscription["items"], left, strict=True):
        mrr += 0 if item["excluded"] else round(amount * (1 - F(item["tax"])) * F(item["a_month"]) * 10**6)
print(json.dumps({"computed_micro": mrr, "as_told": mrr == told["headline"]["ending_mrr_micro"]}))  # noqa: T201
