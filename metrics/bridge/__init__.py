"""Why another number differs: common mistakes, the rules of other tools, and uploaded figures."""
