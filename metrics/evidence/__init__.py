"""What stands behind a number: customers, segments, their arithmetic and the objects of Stripe."""
