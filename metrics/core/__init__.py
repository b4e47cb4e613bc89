"""The arithmetic of recurring revenue: pure functions over immutable facts, standard library only."""
