"""What an attacker, or bad luck, may put into a log: nothing of it crashes, hangs or costs much."""
