"""An invented Stripe account that knows its own truth, and a server that speaks for it."""
