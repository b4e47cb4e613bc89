"""What winning customers cost, channel by channel, and in how many months they pay it back."""
