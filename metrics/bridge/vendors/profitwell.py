"""MRR as ProfitWell Metrics, now of Paddle, makes it of a Stripe account."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from metrics.bridge.rules import FOR_EVER, Rule, RuleSet, Source

HELP = "https://www.paddle.com/help/profitwell-metrics/measure/"
LEARN = "https://learn.profitwell.com/"
MRR = Source("MRR", f"{HELP}subscription-metrics/mrr")
DISCOUNTS = Source("Discounts and Credits", f"{HELP}subscription-metrics/discounts")
CANCELLED = Source("Cancelled Users", f"{HELP}subscription-retention/cancelled-users")
CHURN = Source("Churn", "https://paddle.com/help/profitwell-metrics/measure/subscription-retention/churn")
PADDLE = Source(
    "Why is my MRR in ProfitWell different than Paddle?",
    f"{LEARN}article/ldosvdtpmm-why-is-my-mrr-in-profit-well-different-than-paddle",
)
STRIPE = Source(
    "Why is my ProfitWell MRR different from my Stripe MRR?",
    f"{LEARN}l/en/article/gf9qqkyplu-why-is-my-profit-well-mrr-different-from-my-stripe-mrr",
)
REFUNDS = Source("Refunds", f"{LEARN}article/ecb3zzxewx-refunds")
MAXIO = Source(
    "ProfitWell vs. Maxio",
    "https://paddle.com/help/profitwell-metrics/measure/compare/profitwell-vs-chargify",
)
RECURLY = Source("ProfitWell vs. Recurly", f"{HELP}compare/profitwell-vs-recurly")

PROFITWELL = RuleSet(
    vendor="profitwell",
    name="ProfitWell",
    read_on=date(2026, 11, 22),
    trials=Rule(
        "excluded", _("Free trials and paid trials count neither as customers nor in MRR."), (PADDLE, MRR)
    ),
    past_due=Rule(
        FOR_EVER,
        _("Delinquent charges are not deducted; the days until it is churn are not documented."),
        (MRR, CHURN),
    ),
    unpaid=Rule(
        None,
        _("Who cannot be billed churns as delinquent; whether Stripe's status unpaid is that is not told."),
        (CHURN,),
    ),
    first_payment=Rule(True, _("Whoever has not paid yet is not counted."), (MRR,)),
    discounts=Rule(
        "all",
        _("Every discount and credit is taken off, for however short a time. Credits are not in this walk."),
        (DISCOUNTS, STRIPE),
    ),
    tax=Rule(
        None, _("Looked for in the help pages of Paddle and ProfitWell: none of theirs speaks of tax in MRR.")
    ),
    usage=Rule(
        "trailing_3_invoices",
        _(
            "Recurring metered billing is in MRR. How an amount is made of it is not documented: here it is "
            "the mean of the last three metered invoices."
        ),
        (STRIPE, MAXIO),
    ),
    paused=Rule(
        False, _("On hold counts 0 once the billing period that was paid for has ended."), (RECURLY, MAXIO)
    ),
    cancellation=Rule(
        "end_of_paid_term", _("Who cancels counts until the end of the billing period."), (CANCELLED, CHURN)
    ),
    refunds=Rule(
        False,
        _("Refunds change nothing; an annual plan that is ended early with one counts until it ends."),
        (REFUNDS,),
    ),
    free=Rule("excluded", _("Free plans are kept with the trials, outside MRR."), (STRIPE, PADDLE)),
    intervals=Rule(
        None,
        _(
            "Two months, quarters, halves and years are brought to a month. How weeks and days are is not "
            "documented."
        ),
        (MRR,),
    ),
    currency=Rule(
        "converted",
        _("Converted at the rate of the day of purchase; here each currency stands alone."),
        (PADDLE,),
    ),
)
