"""Stand-ins for other people's systems; nothing outside may behave differently because of them."""
