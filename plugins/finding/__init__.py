"""What everything that looks for values shares: spans, and the sight behind disguises."""
