"""What runs: one module per flow that users see; orchestration only, no logic of its own."""
