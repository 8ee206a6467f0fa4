"""How it runs: deployments, schedules, work pools, and how they get into Prefect."""
