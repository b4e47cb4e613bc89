"""What is already decided: dated changes of MRR that subscriptions hold, and dates that put MRR at risk."""
