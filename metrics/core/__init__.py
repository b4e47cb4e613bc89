"""The arithmetic of recurring revenue: pure functions over immutable facts, standard library only.

To be read in this order: `facts` are what Stripe said; `record` puts those of a subscription in order;
`terms`, `payments`, `standing` and `redemptions` tell from them what held from when on, as `marks`;
`history` cuts time at the marks; `ledger` values what is between two cuts under a `definition`, with
`pricing`; `movements` names how the values changed, in windows of `intervals`; `rates` compares them.
"""
