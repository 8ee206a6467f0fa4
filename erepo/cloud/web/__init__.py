"""HTTP: who asks, what for, and the answers."""
