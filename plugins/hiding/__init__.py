"""What everything that hides values shares: placeholders, their policy, and restoring them."""
